"""The shop's field validators, by the names that its schema shows.

Source: PrestaShop 8.2.1's public `Validate` rules, checked against its answers to single wrong values.
"""

import re
from collections.abc import Callable
from datetime import date

PRICE = re.compile(r"[0-9]{1,10}(\.[0-9]{1,9})?")
NEGATIVE_PRICE = re.compile(r"-?[0-9]{1,10}(\.[0-9]{1,9})?")
DATE_FORMAT = re.compile(r"[0-9]{4}-(0?[0-9]|1[0-2])-(0?[0-9]|[12][0-9]|3[01])( [0-9]{2}:[0-9]{2}:[0-9]{2})?")
HANDLER = re.compile(
    r"on(mouse(down|move|up|over|out|enter|leave|wheel)|click|dblclick|load|unload|error|key(down|up|press)|"
    r"submit|reset|select|focus|blur|change|abort|resize|scroll|drag\w*|drop|copy|cut|paste|toggle|input|"
    r"context\w*|before\w+|after\w+|hashchange|message|offline|online|page\w+|popstate|storage|wheel|"
    r"animation\w+|transition\w+|touch\w+|pointer\w+|play|pause|search|invalid)\s*=",
    re.IGNORECASE,
)
SCRIPT = re.compile(r"<\s*script|script:", re.IGNORECASE)
EMBEDDED = re.compile(r"<\s*(i?frame|form|input|embed|object)", re.IGNORECASE)


def matches(pattern: str) -> Callable[[str], bool]:
    """A check that the whole value matches a pattern."""
    compiled = re.compile(pattern)
    return lambda value: compiled.fullmatch(value) is not None


def is_number(value: str) -> bool:
    """Whether PHP reads the whole value as a decimal number."""
    return re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value) is not None


def is_unsigned(value: str) -> bool:
    """A whole number that fits in 32 bits without sign."""
    return value.isascii() and value.isdigit() and int(value) < 2**32


def is_integer(value: str) -> bool:
    """A whole number written the way PHP writes it."""
    return re.fullmatch(r"0|-?[1-9][0-9]*", value) is not None


def is_calendar_date(value: str) -> bool:
    """A day that exists; the shop's zero date counts."""
    found = re.match(r"([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})", value)
    if not found:
        return False
    year, month, day = map(int, found.groups())
    if (year, month, day) == (0, 0, 0):
        return True
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True


def is_clean_html(value: str) -> bool:
    """No script, event handler, frame, form or object."""
    return not (SCRIPT.search(value) or HANDLER.search(value) or EMBEDDED.search(value))


VALIDATORS: dict[str, Callable[[str], bool]] = {
    "isUnsignedId": is_unsigned,
    "isUnsignedInt": is_unsigned,
    "isPositiveInt": is_unsigned,
    "isInt": is_integer,
    "isBool": matches(r"[01]"),
    "isPrice": lambda value: PRICE.fullmatch(value) is not None,
    "isNegativePrice": lambda value: NEGATIVE_PRICE.fullmatch(value) is not None,
    "isFloat": is_number,
    "isUnsignedFloat": lambda value: is_number(value) and not value.startswith("-"),
    "isReference": matches(r"[^<>;={}]*"),
    "isGenericName": matches(r"[^<>={}]*"),
    "IsGenericName": matches(r"[^<>={}]*"),
    "isCatalogName": matches(r"[^<>;=#{}]*"),
    "isEan13": matches(r"[0-9]{0,13}"),
    "isUpc": matches(r"[0-9]{0,12}"),
    "isIsbn": matches(r"[0-9-]{0,32}"),
    "isMpn": lambda value: len(value) <= 40,
    "isLinkRewrite": matches(r"[_a-zA-Z0-9-]+"),
    "isDateFormat": lambda value: DATE_FORMAT.fullmatch(value) is not None,
    "isDate": is_calendar_date,
    "isCleanHtml": is_clean_html,
    "isProductVisibility": matches(r"both|catalog|search|none"),
    "isReductionType": matches(r"amount|percentage"),
    "isColor": matches(r"(#[0-9a-fA-F]{6}|[a-zA-Z0-9-]*)"),
    "isConfigName": matches(r"[a-zA-Z_0-9-]+"),
    "isLanguageIsoCode": matches(r"[a-zA-Z]{2,3}"),
}


def is_valid(check: str, value: str) -> bool:
    """Whether a non-empty value passes the named check; an unknown name passes everything."""
    validator = VALIDATORS.get(check)
    return validator is None or validator(value)
