"""What the validator knows of a shop, in the form that the rules ask for."""

from dataclasses import dataclass
from datetime import datetime

from common.messages import ShopLimits, ShopSnapshot


@dataclass(frozen=True)
class Knowledge:
    """One snapshot of a shop. With `check_digits` a wrong check digit of an EAN-13 is refused.

    `tax_rules_groups` is None where they are not known: any is taken then, as the shop itself does.
    """

    shop: str
    taken_at: datetime
    languages: tuple[str, ...]
    categories: frozenset[int]
    limits: ShopLimits
    check_digits: bool = True
    tax_rules_groups: frozenset[int] | None = None

    @classmethod
    def of(cls, snapshot: ShopSnapshot, *, check_digits: bool = True) -> "Knowledge":
        return cls(
            shop=snapshot.shop,
            taken_at=snapshot.taken_at,
            languages=tuple(language.iso_code for language in snapshot.languages),
            categories=frozenset(snapshot.categories),
            limits=snapshot.limits,
            check_digits=check_digits,
            tax_rules_groups=_ids(snapshot.tax_rules_groups),
        )


def _ids(ids: tuple[int, ...] | None) -> frozenset[int] | None:
    return None if ids is None else frozenset(ids)
