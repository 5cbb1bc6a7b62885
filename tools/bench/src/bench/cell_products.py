"""The products of a cell: what is sent to the gateway, and what the shop has to show afterwards. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bench.fault_cells import Cell

BRANDS, FEATURES = 40, 40
REDUCTION = Decimal("0.05")  # 5 per cent, as a share


@dataclass(frozen=True)
class Wanted:
    """A product as the shop has to show it."""

    reference: str
    name: str
    price: Decimal
    quantity: int
    brand: str | None = None
    features: frozenset[tuple[str, str]] = frozenset()
    reductions: tuple[tuple[int, Decimal], ...] = ()  # from so many pieces on, as a share
    pictures: int = 0


@dataclass
class Batch:
    """One sending: the items in the gateway's bulk dialect and what they have to come to."""

    items: list[dict[str, Any]] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)


def sendings(cell: Cell, pictures: Sequence[dict[str, str]] = ()) -> list[Batch]:
    """What is sent, the last of it under the fault. `pictures`: two that were sent ahead."""
    if not cell.kind.changes:
        return [_batch(cell, pictures, price="10", quantity=3)]
    price, quantity = ("12.5", 3) if cell.kind.name == "changes" else ("10", 8)
    return [
        _batch(cell, pictures, price="10", quantity=3),
        _batch(cell, pictures, price=price, quantity=quantity),
    ]


def _batch(cell: Cell, pictures: Sequence[dict[str, str]], *, price: str, quantity: int) -> Batch:
    batch = Batch()
    for number in range(cell.kind.products):
        reference, name = f"{cell.prefix}{number}", f"{cell.prefix} product {number}"
        item: dict[str, Any] = {
            "reference": reference,
            "en": {"name": name},
            "price": price,
            "quantity": quantity,
        }
        expected: dict[str, Any] = {}
        match cell.kind.name:
            case "brands":
                expected["brand"] = f"{cell.prefix} brand {number % BRANDS}"
                item["brand"] = {"name": expected["brand"]}
            case "features" | "values":
                feature = (
                    f"{cell.prefix} feature {number % (FEATURES if cell.kind.name == 'features' else 5)}"
                )
                value = f"{cell.prefix} value {number}"
                item["technical_data"] = [{"Gruppo": "Data", "Descrizione": feature, "Valore": value}]
                expected["features"] = frozenset({(f"Data: {feature}", value)})
            case "discounts":
                item["discounts"] = [{"quantity": 5, "discount": 5}]
                expected["reductions"] = ((5, REDUCTION),)
            case "pictures":
                item["images"] = list(pictures)
                expected["pictures"] = len(pictures)
        batch.items.append(item)
        batch.wanted.append(Wanted(reference, name, Decimal(price), quantity, **expected))
    return batch
