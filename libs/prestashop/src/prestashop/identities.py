"""Which entity of the shop is the one that was sent. Pure.

Nothing is unique in PrestaShop, and an answer may be lost: an identity is the fields by which the caller
keeps its entities apart, ``("reference",)`` for products, ``("value", "id_feature")`` for feature values. The
shop is asked for the first field, the others are compared on this side.
"""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from prestashop.nodes import Node, Value, as_text, id_of, language_texts
from prestashop.xml import legal

_COMPUTED: Final = frozenset({"id", "associations", "date_add", "date_upd"})
"""Fields that cannot be compared by text: links, and times that the shop sets itself."""

_NOTHING: Final = frozenset({"", "0", "0.000000", "0000-00-00", "0000-00-00 00:00:00"})
"""What the shop stores for a field that is empty or not sent, by the field's type."""

_DATE: Final = re.compile(r"\d{4}-\d\d-\d\d")
_TAG: Final = re.compile(r"<[^>]*>")

IDENTITIES: Final[Mapping[str, tuple[str, ...]]] = {
    "categories": ("name", "id_parent"),
    "combinations": ("reference", "id_product"),
    "manufacturers": ("name",),
    "product_feature_values": ("value", "id_feature"),
    "product_features": ("name",),
    "product_option_values": ("name", "id_attribute_group"),
    "product_options": ("name",),
    "product_suppliers": ("id_product", "id_product_attribute", "id_supplier"),
    "products": ("reference",),
    # The one key that is unique in the shop: the same again is an empty 500 (8.2.1) or code 46 (1.7.8.11).
    "specific_prices": (
        "id_product",
        "id_product_attribute",
        "id_shop",
        "id_shop_group",
        "id_cart",
        "id_currency",
        "id_country",
        "id_group",
        "id_customer",
        "id_specific_price_rule",
        "from_quantity",
        "from",
        "to",
    ),
    "suppliers": ("name",),
    "tags": ("name", "id_lang"),
}
"""What usually tells the entities of a resource apart."""


def key_of(node: Mapping[str, Value], identity: Sequence[str]) -> str:
    """Return the text to look an entity up by: that of the first field, in its first language with a text."""
    value = node.get(identity[0])
    if isinstance(value, Mapping):
        return next((legal(text) for text in value.values() if isinstance(text, str) and legal(text)), "")
    return legal(as_text(value))


def problem_with(node: Mapping[str, Value], identity: Sequence[str]) -> str | None:
    """Tell why an entity could not be found again once it is written; None when it can."""
    key = key_of(node, identity)
    if not key:
        return f"{identity[0]} is empty"
    # MariaDB's equality ignores blanks at the end, so that such a value has no identity of its own.
    return f"{identity[0]} begins or ends with a blank" if key != key.strip() else None


def identity_of(node: Mapping[str, Value], identity: Sequence[str]) -> tuple[object, ...]:
    """Return what tells an entity from the others of a call: its identity, hashable."""
    return tuple(
        tuple(sorted(language_texts(value).items())) if isinstance(value, Mapping) else as_text(value)
        for value in (node.get(field) for field in identity)
    )


def same(
    sent: Mapping[str, Value], stored: Mapping[str, Value], fields: Iterable[str], *, loosely: bool = False
) -> bool:
    """Tell whether all these fields of an entity are stored as they were sent.

    Texts are compared letter by letter, numbers by value (12.5 is stored as 12.500000), dates with their
    times (2026-01-31 is stored as 2026-01-31 00:00:00), and nothing equals 0.

    ``loosely``: texts that are numbers count as numbers, so that the references 0123 and 123 are the same,
    and texts with markup count by what a visitor reads of them, because the shop rewrites their markup.
    """
    return all(_same_value(sent.get(field), stored.get(field), loosely) for field in fields)


def oldest(candidates: Iterable[Node]) -> Node | None:
    """Choose among entities of one identity: the first created, so that everybody chooses the same."""
    return min(candidates, key=id_of, default=None)


def comparable_fields(node: Mapping[str, Value]) -> set[str]:
    """Name the fields of a sent entity that can be compared with what is stored: not links, not times."""
    return node.keys() - _COMPUTED


def _same_value(sent: Value, stored: Value, loosely: bool) -> bool:
    if isinstance(sent, Mapping):
        languages = language_texts(stored)
        return all(
            _same_text(text, languages.get(at, ""), loosely) for at, text in language_texts(sent).items()
        )
    if isinstance(stored, Mapping):  # one text without languages is stored in each of them
        return all(_same_text(as_text(sent), text, loosely) for text in language_texts(stored).values())
    text, stored_text = as_text(sent), as_text(stored)
    if _same_text(text, stored_text, loosely):
        return True
    if not text:
        return stored_text in _NOTHING
    if _DATE.fullmatch(text):
        return stored_text == f"{text} 00:00:00"
    return (loosely or isinstance(sent, int | Decimal)) and _same_number(text, stored_text)


def _same_text(sent: str, stored: str, loosely: bool) -> bool:
    sent = legal(sent)
    return sent == stored or (loosely and _holds_markup(sent) and _as_read(sent) == _as_read(stored))


def _same_number(sent: str, stored: str) -> bool:
    try:
        return Decimal(sent or "0") == Decimal(stored or "0")
    except InvalidOperation:
        return False


def _holds_markup(text: str) -> bool:
    return "<" in text or "&" in text


def _as_read(markup: str) -> str:
    return " ".join(html.unescape(_TAG.sub(" ", markup)).split())
