"""Variants as the shop keeps them: combinations of a product, a whole desired list as a difference. Pure.

Nothing is unique about a combination, not even its option values, but for one thing: at most one of a product
is its default (a unique key of the shop's own table: a second one is an empty 500). The default is therefore
moved through the product, which takes it from the old one first; only where a product has no combination at
all is one created with it.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from prestashop import Node, Value, drafts, id_of, links_of, text_of
from prestashop_writer.merge import VARIANT_QUANTITY, VARIANTS, DesiredState, Stamped, said_of_variants
from prestashop_writer.target import QUANTITY_TOLD, clean, plain_decimal

RESOURCE = "combinations"
IDENTITY = ("reference", "id_product")
STOCK = frozenset({"quantity", QUANTITY_TOLD})
LOOKED_FOR = "variants_looked_for"  # kept with the content: the newest change for which they were read

Row = Mapping[str, Any]
"""A variant in JSON's types: `reference`, `options` by name, and in the shop's terms `ean13`, `price`,
`weight`, `minimal_quantity`, `quantity`; where stocks are repeated, `quantity_told`, the change that told it.
One that the shop holds has an `id` too, and where they are known `values` (the ids of its option values),
`stock_id` and `default`. What is not there was not said, or is not known."""

Options = Mapping[str, str]
ValueIds = Callable[[Options], list[int]]
"""The shop's ids of option values, in their order."""

Spell = Callable[[Any], str]
FIELDS: Mapping[str, tuple[str, Spell]] = {  # ours → the shop's, and how a value is spelled there
    "ean13": ("ean13", lambda value: str(value or "")),
    "price_impact": ("price", plain_decimal),
    "weight_impact": ("weight", plain_decimal),
    "minimal_quantity": ("minimal_quantity", lambda value: str(value or 1)),
}
SHOP_FIELDS = tuple(theirs for theirs, _ in FIELDS.values())
NEW: Row = {"ean13": "", "price": "0", "weight": "0", "minimal_quantity": "1", "quantity": 0}
"""What a combination holds of which nothing was said."""


@dataclass(frozen=True)
class VariantTarget:
    """What a product's variants should be.

    `whole`: the rows are all that there should be; else they are stocks of variants that the shop may have,
    and `said_at` are the changes that told them. `defaults` are the wishes to be the default, by reference.
    """

    rows: Sequence[Row]
    whole: bool = True
    defaults: Mapping[str, Stamped] = field(default_factory=dict)
    said_at: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class VariantPlan:
    """What leads from the variants that the shop holds to the desired ones.

    `kept` are those that stay, as they are held, with the references that they are to have. `changes` name
    the id and what differs, `quantities` stocks by reference; `default` is the variant to which the default
    has to be moved.
    """

    kept: tuple[Row, ...] = ()
    creates: tuple[Row, ...] = ()
    changes: tuple[Row, ...] = ()
    default: str | None = None
    deletes: tuple[int, ...] = ()
    quantities: Mapping[str, int] = field(default_factory=dict)

    @property
    def moves_values(self) -> bool:
        return any("values" in change for change in self.changes)

    @property
    def is_nothing(self) -> bool:
        return not (self.creates or self.changes or self.default or self.deletes or self.quantities)


@dataclass(frozen=True)
class Twins:
    """Combinations of one product with one reference: which is meant nobody can tell."""

    reference: str
    ids: tuple[int, ...]


def target_variants(state: DesiredState, *, repeat_stocks: bool = False) -> VariantTarget | None:
    """The desired variants; None where nothing was said about them.

    Fields of a variant that is not in the newest list wait until it is. With `repeat_stocks` a stock is
    another one when it was told again.
    """
    said: defaultdict[str, dict[str, Stamped]] = defaultdict(dict)
    for name, reference, stamped in said_of_variants(state):
        said[reference][name] = stamped
    if VARIANTS not in state:
        told = {reference: fields for reference, fields in said.items() if _stock(fields, repeat_stocks)}
        rows = [
            {"reference": reference, **_stock(fields, repeat_stocks)} for reference, fields in told.items()
        ]
        said_at = {reference: fields[VARIANT_QUANTITY].sequence for reference, fields in told.items()}
        return VariantTarget(rows, whole=False, said_at=said_at) if rows else None
    listed = {entry["reference"]: entry["options"] for entry in reversed(state[VARIANTS].value or ())}
    return VariantTarget(
        rows=[
            _row(reference, listed[reference], said[reference], repeat_stocks)
            for reference in reversed(listed)
        ],
        defaults={
            reference: said[reference]["is_default"]
            for reference in listed
            if said[reference].get("is_default", Stamped(None, 0)).value is not None
        },
    )


def default_of(target: VariantTarget, held: Sequence[Row]) -> str | None:
    """The variant that should be the default: that which was said last, else the one that is, else the first.

    A product with variants and no default would show none of their prices.
    """
    references: list[str] = [row["reference"] for row in target.rows]
    wanted = [reference for reference in references if _wishes(target, reference) is True]
    if wanted:
        return max(wanted, key=lambda reference: target.defaults[reference].sequence)
    held_ones = [row["reference"] for row in held if row.get("default")]
    candidates = [reference for reference in [*held_ones, *references] if reference in references]
    willing = [reference for reference in candidates if _wishes(target, reference) is None]
    return next(iter([*willing, *references]), None)


def is_held(target: VariantTarget, held: Sequence[Row]) -> bool:
    """Whether the shop's variants are as desired, by what is known of them."""
    there = {row["reference"]: row for row in held}
    if not target.whole:
        stocks = [row for row in target.rows if row["reference"] in there]
        return all(_holds(there[row["reference"]], row) for row in stocks)
    if len(held) != len(target.rows) or there.keys() != {row["reference"] for row in target.rows}:
        return False
    default = default_of(target, held)
    return all(_holds(there[row["reference"]], row) for row in target.rows) and (
        default is None or there[default].get("default") is True
    )


def unknown_since(target: VariantTarget, held: Sequence[Row]) -> int:
    """The newest change that told the stock of a variant that the product is not known to have; 0 for none.

    Where the ERP tells stocks alone, people make the variants, at any time.
    """
    there = {row["reference"] for row in held}
    return max((at for reference, at in target.said_at.items() if reference not in there), default=0)


def options_to_name(target: VariantTarget, held: Sequence[Row]) -> list[Options]:
    """The options whose ids are needed: those of variants that are not held with them."""
    known = {row["reference"]: row.get("options") for row in held}
    rows = target.rows if target.whole else ()
    return [row["options"] for row in rows if known.get(row["reference"]) != row["options"]]


def plan_variants(target: VariantTarget, held: Sequence[Row], value_ids: ValueIds) -> VariantPlan | Twins:
    """What is to be done to the variants that a product of the shop has.

    A desired variant is the held one with its reference, else one that nobody else is and that has the same
    option values, which gets the reference. `value_ids` is asked about `options_to_name` alone.
    """
    by_reference: defaultdict[str, list[Row]] = defaultdict(list)
    for row in held:
        by_reference[row["reference"]].append(row)
    for row in target.rows:
        same = by_reference[row["reference"]]
        if len(same) > 1:
            return Twins(row["reference"], tuple(sorted(one["id"] for one in same)))
    matched = {
        row["reference"]: by_reference[row["reference"]][0]
        for row in target.rows
        if by_reference[row["reference"]]
    }
    if not target.whole:
        there = [row for row in target.rows if row["reference"] in matched]
        return VariantPlan(tuple(held), quantities=_stocks_to_write(there, matched))
    _adopt_by_values(target, held, matched, value_ids)
    return _plan_whole(target, held, matched, value_ids)


def after(
    plan: VariantPlan, target: VariantTarget | None, created: Mapping[str, int], stock_ids: Mapping[int, int]
) -> list[dict[str, Any]]:
    """What the shop holds once a plan has been carried out.

    `created` are ids by reference, `stock_ids` those of stock rows by the ids of combinations.
    """
    changed = {change["id"]: change for change in plan.changes}
    wanted = {row["reference"]: row for row in target.rows} if target is not None else {}
    rows: list[dict[str, Any]] = [{**row, **changed.get(row["id"], {})} for row in plan.kept]
    rows += [{**NEW, **row, "id": created[row["reference"]]} for row in plan.creates]
    for row in rows:
        row.pop("images", None)
        reference = row["reference"]
        of_target = wanted.get(reference, {})
        row |= {name: of_target[name] for name in ("options", *STOCK) if name in of_target}
        if row["id"] in stock_ids:
            row["stock_id"] = stock_ids[row["id"]]
        if plan.default is not None:
            row["default"] = reference == plan.default
    return rows


def read_row(node: Node, known: Row, *, in_doubt: bool) -> Row:
    """A combination that was read, with what is `known` of it beside.

    `in_doubt`: an older change of it may not be over, so that its fields are to be written again.
    """
    values = sorted(id_of(link) for link in links_of(node, "product_option_values"))
    lasting = ["stock_id"] if in_doubt else ["stock_id", *STOCK]
    lasting += ["options"] if not in_doubt and known.get("values") == values else []
    row = {name: known[name] for name in lasting if name in known} | {
        "id": id_of(node),
        "reference": text_of(node, "reference"),
        "values": values,
        "images": [id_of(link) for link in links_of(node, "images")],
        "default": text_of(node, "default_on") == "1",
    }
    return row if in_doubt else row | {name: spell(text_of(node, name)) for name, spell in FIELDS.values()}


def create_node(presta_id: int, row: Row) -> Node:
    """The combination that is sent for a variant that is new."""
    fields: dict[str, Value] = {name: row[name] for name in SHOP_FIELDS if name in row}
    if row.get("default"):
        fields["default_on"] = True
    return drafts.combination(presta_id, row["reference"], row["values"], **fields)


def change_node(change: Row) -> Node:
    """The change of a combination.

    With other option values the shop takes its pictures away (its own code says so), so that they go along.
    """
    node: Node = {name: change[name] for name in change if name not in ("values", "images")}
    if "values" in change:
        names = {"product_option_values": change["values"], "images": change.get("images", ())}
        node["associations"] = {name: [{"id": one} for one in ids] for name, ids in names.items()}
    return node


def _row(reference: str, options: Options, said: Mapping[str, Stamped], repeat_stocks: bool) -> Row:
    spelled = {theirs: spell(said[ours].value) for ours, (theirs, spell) in FIELDS.items() if ours in said}
    named = {clean(option): clean(value) for option, value in options.items()}
    return {"reference": reference, "options": named, **spelled, **_stock(said, repeat_stocks)}


def _stock(said: Mapping[str, Stamped], repeat_stocks: bool) -> dict[str, int]:
    stamped = said.get(VARIANT_QUANTITY, Stamped(None, 0))
    if stamped.value is None:
        return {}
    return {"quantity": stamped.value} | ({QUANTITY_TOLD: stamped.sequence} if repeat_stocks else {})


def _wishes(target: VariantTarget, reference: str) -> bool | None:
    stamped = target.defaults.get(reference)
    return None if stamped is None else bool(stamped.value)


def _holds(held: Row, wanted: Row) -> bool:
    return all(held.get(name) == value for name, value in wanted.items())


def _adopt_by_values(
    target: VariantTarget, held: Sequence[Row], matched: dict[str, Row], value_ids: ValueIds
) -> None:
    taken = {row["id"] for row in matched.values()}
    free = sorted((row for row in held if row["id"] not in taken), key=lambda row: row["id"])
    for row in target.rows:
        if row["reference"] in matched or not row["options"]:
            continue
        values = value_ids(row["options"])
        found = next((one for one in free if one.get("values") == values), None)
        if found is not None:
            matched[row["reference"]] = found
            free.remove(found)


def _plan_whole(
    target: VariantTarget, held: Sequence[Row], matched: Mapping[str, Row], value_ids: ValueIds
) -> VariantPlan:
    held_ones = [{**row, "reference": reference} for reference, row in matched.items()]
    default = default_of(target, held_ones)
    creates = [
        {**row, "values": value_ids(row["options"])} for row in target.rows if row["reference"] not in matched
    ]
    if not held:
        creates = [{**row, "default": row["reference"] == default} for row in creates]
    changes = [
        _change(matched[row["reference"]], row, value_ids)
        for row in target.rows
        if row["reference"] in matched
    ]
    staying = {row["id"] for row in matched.values()}
    has_default = default is None or not held or matched.get(default, NEW).get("default") is True
    return VariantPlan(
        kept=tuple({**row, "reference": reference} for reference, row in matched.items()),
        creates=tuple({name: row[name] for name in row if name not in STOCK} for row in creates),
        changes=tuple(change for change in changes if len(change) > 1),
        default=None if has_default else default,
        deletes=tuple(sorted(row["id"] for row in held if row["id"] not in staying)),
        quantities=_stocks_to_write(target.rows, matched),
    )


def _stocks_to_write(rows: Iterable[Row], matched: Mapping[str, Row]) -> dict[str, int]:
    """Stocks by reference that differ from what is held, or were told again."""
    stocks = {row["reference"]: {name: row[name] for name in STOCK & row.keys()} for row in rows}
    return {
        reference: stock["quantity"]
        for reference, stock in stocks.items()
        if stock and not _holds(matched.get(reference, NEW), stock)
    }


def _change(held: Row, wanted: Row, value_ids: ValueIds) -> Row:
    """The id, and what differs."""
    change = {"id": held["id"]}
    names = [name for name in ("reference", *SHOP_FIELDS) if name in wanted]
    change |= {name: wanted[name] for name in names if held.get(name) != wanted[name]}
    if held.get("options") != wanted["options"]:
        values = value_ids(wanted["options"])
        if values != held.get("values"):
            change |= {"values": values, "images": held.get("images", [])}
    return change
