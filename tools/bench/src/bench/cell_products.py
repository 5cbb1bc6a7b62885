"""The products of a cell: what is sent to the gateway, and what the shop has to show afterwards. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bench.fault_cells import Cell

BRANDS, FEATURES = 40, 40
PRODUCTS_PER_PICTURED = 4  # each picture is a request of its own, so that only some products have them
REDUCTION = Decimal("0.05")  # 5 per cent, as a share
SIZES = ("L", "M", "S")


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
    variants: tuple[tuple[str, str, int], ...] = ()  # reference, value of the one option, stock


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
    before = _batch(cell, pictures, price="10", quantity=3)
    after = _batch(cell, pictures, price=price, quantity=quantity)
    if cell.kind.name == "variant_stock":
        after.items = [_stock_of_variants(wanted) for wanted in after.wanted]
    return [before, after]


def _stock_of_variants(wanted: Wanted) -> dict[str, Any]:
    """The item of a feed that tells stocks and nothing else."""
    stocks = {reference: stock for reference, _, stock in wanted.variants}
    return {"reference": wanted.reference, "variant_quantities": stocks}


def _batch(cell: Cell, pictures: Sequence[dict[str, str]], *, price: str, quantity: int) -> Batch:
    batch = Batch()
    for number in range(cell.kind.products):
        reference, name = f"{cell.prefix}{number}", f"{cell.prefix} product {number}"
        item: dict[str, Any] = {"reference": reference, "en": {"name": name}, "price": price}
        if not cell.kind.name.startswith("variant"):
            item["quantity"] = quantity
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
            case "variants" | "variant_stock":
                item["variants"] = _variants(cell, reference, quantity)
                expected["variants"] = tuple(
                    (one["reference"], one["options"][f"{cell.prefix} size"], one["quantity"])
                    for one in item["variants"]
                )
            case "pictures" if number % PRODUCTS_PER_PICTURED == 0:
                item["images"] = list(pictures)
                expected["pictures"] = len(pictures)
        batch.items.append(item)
        batch.wanted.append(Wanted(reference, name, Decimal(price), quantity, **expected))
    return batch


def _variants(cell: Cell, reference: str, quantity: int) -> list[dict[str, Any]]:
    """Three variants, by reference; the first two have a piece each, the last one the rest."""
    return [
        {
            "reference": f"{reference}-{size}",
            "options": {f"{cell.prefix} size": f"{cell.prefix} {size}"},
            "quantity": quantity - 2 if size == SIZES[-1] else 1,
        }
        for size in SIZES
    ]
