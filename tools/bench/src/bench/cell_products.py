"""The products of a cell: what is sent to the gateway, and what the shop has to show afterwards. Pure."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from bench.fault_cells import Cell

BRANDS, FEATURES, SUPPLIERS, OPTIONS = 40, 40, 40, 20
FEATURES_OF_VALUES = 5
PRODUCTS_PER_PICTURED = 4  # each picture is a request of its own, so that only some products have them
SIZES = ("L", "M", "S")


@dataclass(frozen=True)
class Wanted:
    """A product as the shop has to show it, or that it must not show it any more."""

    reference: str
    name: str
    price: Decimal = Decimal(10)
    quantity: int = 3
    brand: str | None = None
    brand_text: str | None = None
    features: frozenset[tuple[str, str]] = frozenset()
    supplier: str | None = None
    supplier_rows: tuple[tuple[str, str], ...] = ()  # supplier, what it calls the product
    reductions: tuple[tuple[int, Decimal], ...] = ()  # from so many pieces on, as a share
    pictures: int = 0
    variants: tuple[tuple[str, str, int, Decimal], ...] = ()  # reference, option value, stock, price impact
    is_gone: bool = False


@dataclass
class Batch:
    """One sending: the items in the gateway's bulk dialect and what they have to come to."""

    items: list[dict[str, Any]] = field(default_factory=list)
    wanted: list[Wanted] = field(default_factory=list)


@dataclass(frozen=True)
class Product:
    """One of a cell's products, as it comes first or `changed`."""

    cell: Cell
    number: int
    pictures: Sequence[dict[str, str]]
    changed: bool

    @property
    def reference(self) -> str:
        return f"{self.cell.prefix}{self.number}"

    @property
    def name(self) -> str:
        return self.named("product", self.number)

    def named(self, kind: str, number: int | str) -> str:
        """A name that no other cell has."""
        return f"{self.cell.prefix} {kind} {number}"


@dataclass(frozen=True)
class Part:
    """What a kind of write says of a product, and what the shop has to show of it.

    Where it speaks `alone`, nothing else is said of the product; nothing at all where it says nothing.
    """

    says: Mapping[str, Any] = field(default_factory=dict)
    shows: Mapping[str, Any] = field(default_factory=dict)
    alone: bool = False


def sendings(cell: Cell, pictures: Sequence[dict[str, str]] = ()) -> list[Batch]:
    """What is sent, the last of it under the fault. `pictures`: two that were sent ahead."""
    first = _batch(cell, pictures, changed=False)
    return [first, _batch(cell, pictures, changed=True)] if cell.kind.changes else [first]


def _batch(cell: Cell, pictures: Sequence[dict[str, str]], *, changed: bool) -> Batch:
    batch = Batch()
    for number in range(cell.kind.products):
        product = Product(cell, number, pictures, changed)
        part = PARTS[cell.kind.name](product)
        batch.items.extend(_items(product, part))
        batch.wanted.append(Wanted(product.reference, product.name, **part.shows))
    return batch


def _items(product: Product, part: Part) -> list[dict[str, Any]]:
    if part.alone:
        return [{"reference": product.reference, **part.says}] if part.says else []
    base = {"reference": product.reference, "en": {"name": product.name}, "price": "10", "quantity": 3}
    if "variants" in part.says:
        del base["quantity"]  # it is the sum of theirs
    return [{**base, **part.says}]


# ── what each kind says ──


def _creates(_: Product) -> Part:
    return Part()


def _changes(product: Product) -> Part:
    return Part({"price": "12.5"}, {"price": Decimal("12.5")}) if product.changed else Part()


def _stock(product: Product) -> Part:
    return Part({"quantity": 8}, {"quantity": 8}) if product.changed else Part()


def _deletes(product: Product) -> Part:
    """Every other product goes; nothing is said of those that stay."""
    if not product.changed:
        return Part()
    if product.number % 2:
        return Part(alone=True)
    return Part({"operation": "delete"}, {"is_gone": True}, alone=True)


def _brands(product: Product) -> Part:
    name = product.named("brand", product.number % BRANDS)
    return Part({"brand": {"name": name}}, {"brand": name})


def _brand_texts(product: Product) -> Part:
    """Products of one brand stand together, so that each lot has brands of its own to describe."""
    name = product.named("brand", product.number * BRANDS // product.cell.kind.products)
    text = "described anew" if product.changed else "described"
    return Part({"brand": {"name": name, "description": text}}, {"brand": name, "brand_text": text})


def _features(product: Product, features: int = FEATURES) -> Part:
    feature = product.named("feature", product.number % features)
    value = product.named("value", product.number)
    row = {"Gruppo": "Data", "Descrizione": feature, "Valore": value}
    return Part({"technical_data": [row]}, {"features": frozenset({(f"Data: {feature}", value)})})


def _values(product: Product) -> Part:
    return _features(product, FEATURES_OF_VALUES)


def _suppliers(product: Product) -> Part:
    return _supplied(product, product.number, product.reference)


def _supplier_changes(product: Product) -> Part:
    """A third gets another reference, a third another supplier, a third none."""
    if not product.changed:
        return _suppliers(product)
    match product.number % 3:
        case 0:
            return _supplied(product, product.number, f"{product.reference}.anew")
        case 1:
            return _supplied(product, product.number + 1, product.reference)
        case _:
            return Part({"supplier": None})


def _supplied(product: Product, number: int, reference: str) -> Part:
    name = product.named("supplier", number % SUPPLIERS)
    return Part(
        {"supplier": {"name": name, "reference": reference}},
        {"supplier": name, "supplier_rows": ((name, reference),)},
    )


def _discounts(_: Product) -> Part:
    return _reduced({5: 5})


def _discount_changes(product: Product) -> Part:
    """One of two changes and the other goes, or both go."""
    if not product.changed:
        return _reduced({5: 5, 10: 8})
    return _reduced({5: 7} if product.number % 2 else {})


def _reduced(percentages: Mapping[int, int]) -> Part:
    discounts = [{"quantity": pieces, "discount": share} for pieces, share in percentages.items()]
    reductions = tuple((pieces, Decimal(share) / 100) for pieces, share in percentages.items())
    return Part({"discounts": discounts}, {"reductions": reductions})


def _variants(product: Product) -> Part:
    return _varied(product, product.named("size", "of all"), {"L": 1, "M": 1, "S": 1})


def _options(product: Product) -> Part:
    return _varied(product, product.named("size", product.number % OPTIONS), {"L": 1, "M": 1, "S": 1})


def _variant_stock(product: Product) -> Part:
    """A feed that tells stocks and nothing else."""
    if not product.changed:
        return _variants(product)
    shown = _varied(product, product.named("size", "of all"), {"L": 1, "M": 1, "S": 6}).shows
    stocks = {reference: stock for reference, _, stock, _ in shown["variants"]}
    return Part({"variant_quantities": stocks}, shown, alone=True)


def _variant_changes(product: Product) -> Part:
    """The first one's price changes, the last one goes, which has no stock: sums are the shop's affair."""
    option = product.named("size", "of all")
    if not product.changed:
        return _varied(product, option, {"L": 1, "M": 2, "S": 0})
    return _varied(product, option, {"L": 1, "M": 2}, impact="2.5")


def _varied(product: Product, option: str, stocks: Mapping[str, int], impact: str = "0") -> Part:
    """A variant for each size; the first one's price differs by the impact."""
    says, shows = [], []
    for size, stock in stocks.items():
        reference, value = f"{product.reference}-{size}", f"{product.cell.prefix} {size}"
        of_price = impact if size == SIZES[0] else "0"
        options = {option: value}
        says.append({"reference": reference, "options": options, "quantity": stock, "price_impact": of_price})
        shows.append((reference, value, stock, Decimal(of_price)))
    return Part({"variants": says}, {"variants": tuple(shows), "quantity": sum(stocks.values())})


def _pictures(product: Product) -> Part:
    if product.number % PRODUCTS_PER_PICTURED:
        return Part()
    return Part({"images": list(product.pictures)}, {"pictures": len(product.pictures)})


def _picture_deletes(product: Product) -> Part:
    """The first one goes, which is the cover."""
    part = _pictures(product)
    if not product.changed or not part.says:
        return part
    return Part({"images": part.says["images"][1:]}, {"pictures": part.shows["pictures"] - 1})


PARTS: Mapping[str, Callable[[Product], Part]] = {
    "brands": _brands,
    "brand_texts": _brand_texts,
    "features": _features,
    "values": _values,
    "creates": _creates,
    "changes": _changes,
    "deletes": _deletes,
    "stock": _stock,
    "options": _options,
    "variants": _variants,
    "variant_stock": _variant_stock,
    "variant_changes": _variant_changes,
    "suppliers": _suppliers,
    "supplier_changes": _supplier_changes,
    "discounts": _discounts,
    "discount_changes": _discount_changes,
    "pictures": _pictures,
    "picture_deletes": _picture_deletes,
}
