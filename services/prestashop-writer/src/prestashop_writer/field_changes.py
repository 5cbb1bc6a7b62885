"""What a product's content before and after says has changed, in the words of the sender. Pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

from pydantic import JsonValue

from common.messages import FieldChange, ItemOutcome, Result
from prestashop import drafts
from prestashop_writer.discounts import DISCOUNTS
from prestashop_writer.merge import DesiredState
from prestashop_writer.owners import OWNED_WITH
from prestashop_writer.plan import QUANTITY
from prestashop_writer.target import SHOP_DECIMALS, SHOP_FLAGS, SHOP_TEXTS, SHOP_VALUES, Content

Read = Callable[[Any], JsonValue]
"""A value as the writer remembers it → as the sender would write it."""


def field_changes(before: Content, after: Content) -> list[FieldChange]:
    """The fields of which the shop holds something else afterwards; None where it holds nothing."""
    held, holds = dict(_fields(before)), dict(_fields(after))
    return [
        FieldChange(field=name, before=held.get(name), after=holds.get(name))
        for name in dict.fromkeys([*holds, *held])
        if held.get(name) != holds.get(name)
    ]


def of_items(
    changes: Sequence[FieldChange], outcomes: Sequence[ItemOutcome], desired: DesiredState
) -> dict[int, tuple[FieldChange, ...]]:
    """By position: the changes of a product, each with the item of a chunk that set the field.

    What none of them has set (the defaults of a new product, what older changes have left to do) is told with
    the first that was not refused.
    """
    items = sorted((o for o in outcomes if o.result is not Result.REFUSED), key=lambda o: o.sequence)
    told: dict[int, tuple[FieldChange, ...]] = {}
    for change in changes if items else ():
        set_by = _sequences(change.field, desired)
        item = next((item for item in reversed(items) if item.sequence in set_by), items[0])
        told[item.position] = (*told.get(item.position, ()), change)
    return told


def _sequences(path: str, desired: DesiredState) -> set[int]:
    return {stamped.sequence for name, stamped in desired.items() if _field(name) == _field(path)}


def _field(name: str) -> str:
    field = name.partition(".")[0]
    return OWNED_WITH.get(field, field)


def _fields(content: Content) -> Iterator[tuple[str, JsonValue]]:
    """The content under the sender's names, without what is empty."""
    for ours, theirs in SHOP_TEXTS.items():
        yield from ((f"{ours}.{iso}", text) for iso, text in content.get(theirs, {}).items() if text)
    for ours, (theirs, read) in _PLAIN.items():
        if content.get(theirs) not in (None, "", [], {}):
            yield ours, read(content[theirs])
    for variant in content.get("variants") or ():
        yield from _variant_fields(variant)


def _variant_fields(variant: Mapping[str, Any]) -> Iterator[tuple[str, JsonValue]]:
    for ours, (theirs, read) in _PLAIN_OF_VARIANTS.items():
        if variant.get(theirs) not in (None, "", {}):
            yield f"variants.{variant['reference']}.{ours}", read(variant[theirs])


def _as_it_is(value: Any) -> JsonValue:
    known: JsonValue = value
    return known


def _number(text: str) -> JsonValue:
    number = Decimal(text)
    return int(number) if number == int(number) else float(number)


def _flag(text: str) -> JsonValue:
    return text == "1"


def _technical_data(pairs: Sequence[Sequence[str]]) -> JsonValue:
    return [{"name": name, "value": value} for name, value in pairs]


def _discounts(rows: Sequence[Mapping[str, Any]]) -> JsonValue:
    return [_discount(row) for row in rows]


def _discount(row: Mapping[str, Any]) -> dict[str, JsonValue]:
    reduction = Decimal(row["reduction"])
    is_share = row["reduction_type"] == "percentage"
    dates = {"starts": row["from"], "ends": row["to"]}
    return {
        "from_quantity": int(row["from_quantity"]),
        **(
            {"percentage": _number(str(reduction * 100))} if is_share else {"amount": _number(str(reduction))}
        ),
        **({"tax_included": True} if "reduction_tax" in row else {}),
        **({"price": _number(row["price"])} if "price" in row else {}),
        **{name: date.partition(" ")[0] for name, date in dates.items() if date != drafts.NO_DATE},
    }


def _supplier(row: Mapping[str, Any]) -> JsonValue:
    return {
        name: row[key] for name, key in (("name", "supplier"), ("reference", "reference")) if row.get(key)
    }


_PLAIN: Mapping[str, tuple[str, Read]] = {
    **{ours: (theirs, _number) for ours, theirs in SHOP_DECIMALS.items()},
    QUANTITY: (QUANTITY, _as_it_is),
    **{name: (name, _flag) for name in SHOP_FLAGS},
    **{ours: (theirs, _as_it_is) for ours, (theirs, _) in SHOP_VALUES.items()},
    "minimal_quantity": ("minimal_quantity", _number),
    "tax_rules_group": ("id_tax_rules_group", _number),
    "categories": ("categories", _as_it_is),
    "default_category": ("id_category_default", _number),
    "brand": ("brand", _as_it_is),
    "technical_data": ("features", _technical_data),
    DISCOUNTS: (DISCOUNTS, _discounts),
    "supplier": ("supplier_row", _supplier),
}
"""Our name → that of the content, and how a value is read."""

_PLAIN_OF_VARIANTS: Mapping[str, tuple[str, Read]] = {
    "options": ("options", _as_it_is),
    "ean13": ("ean13", _as_it_is),
    "price_impact": ("price", _number),
    "weight_impact": ("weight", _number),
    "minimal_quantity": ("minimal_quantity", _number),
    "quantity": ("quantity", _as_it_is),
    "is_default": ("default", _as_it_is),
}
