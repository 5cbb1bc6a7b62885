"""Entities as plain data: what a node holds, and how to read one with its types known."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import TypeAlias

LanguageTexts: TypeAlias = dict[int, str]
"""A text in every language of the shop, by language id.

Always give all languages: PrestaShop blanks those left out of a field that is sent, in PATCH too.
"""

Associations: TypeAlias = dict[str, list["Node"]]
"""Entities linked to a node. An empty list removes all links; an association left out is not touched."""

Value: TypeAlias = (
    str | int | Decimal | bool | Mapping[int, str] | Mapping[str, Sequence[Mapping[str, "Value"]]] | None
)
"""A field: read, it is text, LanguageTexts or Associations; written, also a number, bool or None (empty)."""

Node: TypeAlias = dict[str, Value]
"""One entity: its fields by name, and its links under ``associations``."""

NodesToWrite: TypeAlias = Sequence[Mapping[str, Value]]
"""Entities as they are taken: any mappings will do."""


def text_of(node: Mapping[str, Value], field: str) -> str:
    """Return a field that is text, '' when it is not there; ValueError when it has languages or links."""
    value = node.get(field)
    if isinstance(value, Mapping):
        raise ValueError(f"{field} is not a plain field")  # noqa: TRY004 - the shop's data is at fault, not the type
    return as_text(value)


def texts_of(node: Mapping[str, Value], field: str) -> LanguageTexts:
    """Return the texts of a field by language id, {} when it is not there or has no languages."""
    return language_texts(node.get(field))


def language_texts(value: Value) -> LanguageTexts:
    """Return the texts of a value by language id, {} when it has no languages."""
    if not isinstance(value, Mapping):
        return {}
    return {key: str(text) for key, text in value.items() if isinstance(key, int)}


def links_of(node: Mapping[str, Value], association: str) -> list[Node]:
    """Return the entries of one association, [] when there are none."""
    links = node.get("associations")
    if not isinstance(links, Mapping):
        return []
    for name, entries in links.items():
        if name == association and not isinstance(entries, str):
            return [dict(entry) for entry in entries]
    return []


def id_of(node: Mapping[str, Value]) -> int:
    """Return the id of an entity; ValueError when it has none."""
    number = int(text_of(node, "id") or 0)
    if number < 1:
        raise ValueError("an entity without id")
    return number


def as_text(value: str | int | Decimal | bool | None) -> str:
    """Write a plain value as the webservice reads it: a decimal point, no exponent, 1 and 0, '' for None."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, Decimal):
        if not value.is_finite():
            raise ValueError("not a finite number")
        return format(value, "f")
    return str(value)
