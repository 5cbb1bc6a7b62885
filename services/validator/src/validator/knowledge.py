"""What the validator knows of a shop, in the form that the rules ask for."""

from dataclasses import dataclass
from datetime import datetime

from common.messages import ShopLimits, ShopSnapshot


@dataclass(frozen=True)
class Knowledge:
    """One snapshot of a shop. With `check_digits` a wrong check digit of an EAN-13 is refused."""

    shop: str
    taken_at: datetime
    languages: tuple[str, ...]
    categories: frozenset[int]
    limits: ShopLimits
    check_digits: bool = True

    @classmethod
    def of(cls, snapshot: ShopSnapshot, *, check_digits: bool = True) -> "Knowledge":
        return cls(
            shop=snapshot.shop,
            taken_at=snapshot.taken_at,
            languages=tuple(language.iso_code for language in snapshot.languages),
            categories=frozenset(snapshot.categories),
            limits=snapshot.limits,
            check_digits=check_digits,
        )
