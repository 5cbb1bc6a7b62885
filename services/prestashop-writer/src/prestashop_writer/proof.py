"""The proof after a write: what the shop should hold then, and where it holds something else. Pure."""

from collections.abc import Mapping, Set
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation

from common.messages import ItemOutcome, Reason, Result
from prestashop import Node, links_of, text_of
from prestashop_writer.merge import VARIANTS
from prestashop_writer.owners import OWNED_WITH
from prestashop_writer.plan import BESIDE_THE_CONTENT, QUANTITY, Product
from prestashop_writer.target import Content, ShopProfile, target_content

PLAIN_FIELDS = {  # the shop's → ours
    "state": "state",
    "active": "active",
    "price": "price",
    "id_category_default": "default_category",
}
CATEGORIES = "categories"
GAP, UNREAD = "not_verified", "not_readable"
"""Codes of what the sender is warned of."""

WRITTEN = frozenset({Result.CREATED, Result.UPDATED})


@dataclass(frozen=True)
class Stock:
    """A stock that was written, of the product or of a variant; `field` is its path as senders know it."""

    id: int
    field: str
    quantity: int


@dataclass(frozen=True)
class Expected:
    """What the shop should hold of a product; `content` is empty where the product itself was not written.

    `stated` are the fields of the content that the sender has spoken of: they can be sent again.
    """

    presta_id: int
    content: Content
    stated: frozenset[str]
    stocks: tuple[Stock, ...]


@dataclass(frozen=True)
class Found:
    """What the shop holds: products by id, quantities by the id of their stock row."""

    products: Mapping[str, Node] = field(default_factory=dict)
    quantities: Mapping[str, str] = field(default_factory=dict)
    shows_categories: bool = True


@dataclass(frozen=True)
class Proof:
    """What the shop was found to hold of a product that was written.

    A warning for each gap, and for each field that the shop does not show. `doubtful` are the fields that the
    next change of the product sends again; a stock is not among them, because customers buy.
    """

    gaps: tuple[Reason, ...] = ()
    unread: tuple[Reason, ...] = ()
    doubtful: frozenset[str] = frozenset()


def expected_after(before: Product, now: Product, profile: ShopProfile) -> Expected | None:
    """What the writes between two states of a product should have brought about; None where there were none.

    A product that was written is to stand in all that is proved of it, as far as that is ours to write; a
    stock only where it was written itself.
    """
    written = _written_between(before, now)
    if now.presta_id is None or not written:
        return None
    stocks = tuple(_stocks(before, now, written))
    content: Content = {}
    if written - BESIDE_THE_CONTENT:
        owners = {} if before.presta_id != now.presta_id else profile.owners
        content = {
            name: value
            for name, value in now.written.items()
            if name in (*PLAIN_FIELDS, CATEGORIES)
            and now.holds(name, value)
            and owners.get(_owned_as(name), "erp") == "erp"
        }
    if not content and not stocks:
        return None
    stated = target_content(now.living, profile, now.written).keys() & content.keys()
    return Expected(now.presta_id, content, frozenset(stated), stocks)


def prove(expected: Expected, found: Found) -> Proof:
    """Compare what the shop holds with what it should."""
    gaps = [
        _not_verified(stock.field, held, stock.quantity)
        for stock in expected.stocks
        if not _same_number(held := found.quantities.get(str(stock.id)), stock.quantity)
    ]
    if not expected.content:
        return Proof(tuple(gaps))
    node = found.products.get(str(expected.presta_id))
    if node is None:
        return Proof((_gone(expected.presta_id), *gaps), doubtful=expected.stated)
    of_product = _gaps_of_product(expected.content, node, shows_categories=found.shows_categories)
    return Proof(
        gaps=(*of_product.values(), *gaps),
        unread=() if found.shows_categories or CATEGORIES not in expected.content else (_not_shown(),),
        doubtful=expected.stated & of_product.keys(),
    )


def with_proof(outcome: ItemOutcome, proof: Proof | None) -> ItemOutcome:
    """An item's outcome with what the proof of its product says; one that changed nothing stays as it is."""
    if proof is None or outcome.result not in WRITTEN:
        return outcome
    warnings = (*outcome.warnings, *proof.gaps, *proof.unread)
    return outcome.model_copy(update={"verified": not proof.gaps, "warnings": warnings})


def _written_between(before: Product, now: Product) -> set[str]:
    """The fields that are known to have been written since."""
    return {
        name
        for name, value in now.written.items()
        if now.holds(name, value) and (before.presta_id != now.presta_id or not before.holds(name, value))
    }


def _owned_as(name: str) -> str:
    ours = PLAIN_FIELDS.get(name, name)
    return OWNED_WITH.get(ours, ours)


def _stocks(before: Product, now: Product, written: Set[str]) -> list[Stock]:
    """The stocks that were written. That of a product with variants is the shop's own sum of theirs."""
    if now.variants:
        return _stocks_of_variants(before, now) if VARIANTS in written else []
    if QUANTITY not in written or now.stock_id is None:
        return []
    return [Stock(now.stock_id, QUANTITY, now.written[QUANTITY])]


def _stocks_of_variants(before: Product, now: Product) -> list[Stock]:
    held = {row["reference"]: row.get("quantity") for row in before.variants or ()}
    return [
        Stock(row["stock_id"], f"{VARIANTS}.{row['reference']}.{QUANTITY}", row["quantity"])
        for row in now.variants or ()
        if {"stock_id", "quantity"} <= row.keys() and row["quantity"] != held.get(row["reference"])
    ]


def _gaps_of_product(content: Content, node: Node, *, shows_categories: bool) -> dict[str, Reason]:
    """By the name of the field in the shop."""
    gaps = {
        name: _not_verified(ours, text_of(node, name), content[name])
        for name, ours in PLAIN_FIELDS.items()
        if name in content and not _same_number(text_of(node, name), content[name])
    }
    if CATEGORIES in content and shows_categories:
        held = {text_of(link, "id") for link in links_of(node, CATEGORIES)}
        wanted = {str(category) for category in content[CATEGORIES]}
        if held != wanted:
            gaps[CATEGORIES] = _not_verified(CATEGORIES, _listed(held), _listed(wanted))
    return gaps


def _same_number(held: str | None, wanted: str | int) -> bool:
    try:
        return held is not None and Decimal(held or 0) == Decimal(wanted)
    except InvalidOperation:
        return held == str(wanted)


def _listed(ids: Set[str]) -> str:
    return ", ".join(sorted(ids, key=lambda text: (len(text), text)))


def _not_verified(name: str, held: str | None, wanted: str | int) -> Reason:
    message = f"The shop holds {held or 'nothing'}; {wanted} was written."
    return Reason(code=GAP, field=name, message=message)


def _gone(presta_id: int) -> Reason:
    message = f"The shop does not show product {presta_id} any more, which was written."
    return Reason(code=GAP, field="reference", message=message)


def _not_shown() -> Reason:
    message = "The shop shows them in no list while its PHP notices are on; they were not compared."
    return Reason(code=UNREAD, field=CATEGORIES, message=message)
