"""Which entity of the shop is the one that was sent. Pure.

Nothing is unique in PrestaShop, and an answer may be lost: an identity is the fields by which the caller
keeps its entities apart, ``("reference",)`` for products, ``("value", "id_feature")`` for feature values. The
shop is asked for the first field, the others are compared on this side.
"""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Final

from prestashop.nodes import Node, Value, as_text, id_of, language_texts
from prestashop.xml import legal

_COMPUTED: Final = frozenset({"id", "associations", "date_add", "date_upd"})
"""Fields that cannot be compared by text: links, and times that the shop sets itself."""


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
    sent: Mapping[str, Value], stored: Mapping[str, Value], fields: Iterable[str], *, as_numbers: bool = False
) -> bool:
    """Tell whether all these fields of an entity are stored as they were sent.

    Texts are compared letter by letter, numbers by value: 12.5 is stored as 12.500000, nothing as 0. With
    ``as_numbers`` a text that is a number counts as one too; references 0123 and 123 are then the same.
    """
    return all(_same_value(sent.get(field), stored.get(field), as_numbers) for field in fields)


def oldest(candidates: Iterable[Node]) -> Node | None:
    """Choose among entities of one identity: the first created, so that everybody chooses the same."""
    return min(candidates, key=id_of, default=None)


def comparable_fields(node: Mapping[str, Value]) -> set[str]:
    """Name the fields of a sent entity that are stored as sent: not links, times, or HTML (purified)."""
    return {name for name, value in node.items() if name not in _COMPUTED and not _holds_markup(value)}


def _same_value(sent: Value, stored: Value, as_numbers: bool) -> bool:
    if isinstance(sent, Mapping):
        languages = language_texts(stored)
        return all(languages.get(at) == legal(text) for at, text in language_texts(sent).items())
    if isinstance(stored, Mapping):  # one text without languages is stored in each of them
        return all(text == legal(as_text(sent)) for text in stored.values())
    text = legal(as_text(sent))
    if text == stored:
        return True
    return (as_numbers or isinstance(sent, int | Decimal)) and _same_number(text, as_text(stored))


def _same_number(sent: str, stored: str) -> bool:
    try:
        return Decimal(sent or "0") == Decimal(stored or "0")
    except InvalidOperation:
        return False


def _holds_markup(value: Value) -> bool:
    texts = value.values() if isinstance(value, Mapping) else [value]
    return any(isinstance(text, str) and ("<" in text or "&" in text) for text in texts)
