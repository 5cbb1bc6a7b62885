"""Which characters a shop takes where: PrestaShop's own validators, measured on 8.2.1 and 1.7.8."""

import re
import unicodedata
from collections.abc import Iterable

# XML 1.0, production 2: what it cannot carry is refused everywhere, for the shop would never see it.
_NO_XML = r"\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff"

ANY_TEXT = re.compile(f"[{_NO_XML}]")
CATALOGUE_NAME = re.compile(f"[<>;=#{{}}{_NO_XML}]")  # isCatalogName: products and brands
GENERIC_NAME = re.compile(f"[<>={{}}{_NO_XML}]")  # isGenericName: features, their values, meta texts
SLUG = re.compile(r"[^a-zA-Z0-9_-]")  # isLinkRewrite, without accented addresses

_REFERENCE = frozenset("<>;={}")  # isReference
_INVISIBLE = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})  # Unicode: controls, formats, surrogates, separators

SHOWN = 5


def found_in(text: str, forbidden: re.Pattern[str]) -> str | None:
    """The forbidden characters that a text contains, ready for a sentence; none is fine."""
    return _list(forbidden.findall(text)) if forbidden.search(text) else None


def found_in_reference(text: str) -> str | None:
    """What spoils a reference: forbidden and invisible characters, and spaces at its ends.

    Zero-width and direction marks make two references look the same; MySQL ignores spaces at the end.
    """
    if text != text.strip():
        return "a space at its beginning or end"
    return _list(c for c in text if c in _REFERENCE or unicodedata.category(c) in _INVISIBLE)


def twin_key(reference: str) -> str:
    """Two references with the same key look alike to the shop's filter, which ignores case."""
    return unicodedata.normalize("NFC", reference).casefold()


def _list(characters: Iterable[str]) -> str | None:
    distinct = list(dict.fromkeys(characters))
    if not distinct:
        return None
    names = [c if c.isprintable() and c != " " else f"U+{ord(c):04X}" for c in distinct[:SHOWN]]
    return " ".join(names) + (" …" if len(distinct) > SHOWN else "")
