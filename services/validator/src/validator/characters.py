"""Which characters a shop takes where: PrestaShop's own validators, measured on 8.2.1 and 1.7.8."""

import unicodedata
from collections.abc import Iterable

REFERENCE = frozenset("<>;={}")  # isReference
CATALOGUE_NAME = frozenset("<>;=#{}")  # isCatalogName: products and brands
GENERIC_NAME = frozenset("<>={}")  # isGenericName: features, their values, meta texts
SLUG = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-")  # isLinkRewrite

SHOWN = 5


def found_in(text: str, forbidden: frozenset[str]) -> str | None:
    """The forbidden characters that a text contains, ready for a sentence; none is fine.

    Characters that XML 1.0 cannot carry are forbidden everywhere: the shop would never see them.
    """
    return _list(c for c in text if c in forbidden or not _fits_xml(c))


def found_outside(text: str, allowed: frozenset[str]) -> str | None:
    """The characters of a text that are not among the allowed ones."""
    return _list(c for c in text if c not in allowed)


def found_in_reference(text: str) -> str | None:
    """What spoils a reference: forbidden and invisible characters, and spaces at its ends.

    Zero-width and direction marks make two references look the same; MySQL ignores spaces at the end.
    """
    if text != text.strip():
        return "a space at its beginning or end"
    return _list(
        c for c in text if c in REFERENCE or unicodedata.category(c) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    )


def twin_key(reference: str) -> str:
    """Two references with the same key look alike to the shop's filter, which ignores case."""
    return unicodedata.normalize("NFC", reference).casefold()


def _fits_xml(character: str) -> bool:
    """XML 1.0, production 2."""
    code = ord(character)
    return code in {0x9, 0xA, 0xD} or 0x20 <= code <= 0xD7FF or 0xE000 <= code <= 0xFFFD or code >= 0x10000


def _list(characters: Iterable[str]) -> str | None:
    distinct = list(dict.fromkeys(characters))
    if not distinct:
        return None
    names = [c if c.isprintable() and c != " " else f"U+{ord(c):04X}" for c in distinct[:SHOWN]]
    return " ".join(names) + (" …" if len(distinct) > SHOWN else "")
