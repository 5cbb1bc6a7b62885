"""JSON as we read it from outside: what one reader takes for one thing, every reader does.

Refused, with the reason: anything but UTF-8 without a byte order mark, duplicate keys, NaN and Infinity,
numbers of absurd length or size, lone surrogates, control characters, very long keys, very many of
them, more than 32 levels.
Fractions become `Decimal`, so that a price is never rounded.
"""

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any, NoReturn

MAX_DEPTH = 32
MAX_KEY_CHARACTERS = 256  # beyond every field, language, option and reference
MAX_KEYS = 10_000  # of one object
MAX_NUMBER_CHARACTERS = 40
MAX_NUMBER_MAGNITUDE = 30  # powers of ten: beyond every price, weight and id

Json = Any  # what json.loads gives: nested dicts, lists, strings, ints, Decimals, booleans, None

_SUSPICIOUS_ESCAPE = re.compile(r"\\(?:u00[01]|ud[89a-f]|[bf])", re.IGNORECASE)
_CONTROL_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")
_BYTE_ORDER_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")


class Unreadable(Exception):
    """The body is not JSON as we read it; the text says why."""


def parse_json(raw: bytes | bytearray) -> Json:
    """The value behind a body. Raises `Unreadable`."""
    text = _decode(raw)
    try:
        value = json.loads(
            text,
            object_pairs_hook=_object,
            parse_constant=_refuse_constant,
            parse_float=_fraction,
            parse_int=_integer,
        )
    except RecursionError:
        raise Unreadable(_TOO_DEEP) from None
    except json.JSONDecodeError as error:
        raise Unreadable(
            f"The body is not JSON: {error.msg} at line {error.lineno}, column {error.colno}."
        ) from None
    _check_depth(value)
    if _SUSPICIOUS_ESCAPE.search(text):
        _check_characters(value, "")
    return value


def control_character(text: str) -> str | None:
    """The first character that no text of ours may contain, a lone surrogate included."""
    found = _CONTROL_CHARACTER.search(text) or _LONE_SURROGATE.search(text)
    return found[0] if found else None


_TOO_DEEP = f"The body is nested more than {MAX_DEPTH} levels deep."


def _decode(raw: bytes | bytearray) -> str:
    if raw.startswith(_BYTE_ORDER_MARKS):
        raise Unreadable("The body begins with a byte order mark; send UTF-8 without one.")
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise Unreadable(f"The body is not UTF-8: byte {error.start} cannot be read.") from None


def _object(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    if len(pairs) > MAX_KEYS:
        raise Unreadable(f"An object has {len(pairs)} keys; at most {MAX_KEYS} are read.")
    found: dict[str, Json] = {}
    for key, value in pairs:
        if key in found:
            raise Unreadable(f"The key {json.dumps(key[:64])} stands twice in one object.")
        if len(key) > MAX_KEY_CHARACTERS:
            raise Unreadable(f"A key has {len(key)} characters; at most {MAX_KEY_CHARACTERS} are read.")
        found[key] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise Unreadable(f"{name} is not a number in JSON.")


def _integer(text: str) -> int:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise Unreadable(f"A number has {len(text)} characters; at most {MAX_NUMBER_CHARACTERS} are read.")
    return int(text)


def _fraction(text: str) -> Decimal:
    if len(text) > MAX_NUMBER_CHARACTERS:
        raise Unreadable(f"A number has {len(text)} characters; at most {MAX_NUMBER_CHARACTERS} are read.")
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond what decimals can hold
        raise Unreadable(f"The number {text} is out of range.") from None
    if number.is_zero():
        return Decimal(0)  # also for -0.0 and 0e999
    if abs(number.adjusted()) > MAX_NUMBER_MAGNITUDE:
        raise Unreadable(f"The number {text} is out of range.")
    return number


def _check_depth(value: Json) -> None:
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            if isinstance(outer, dict | list)
            for inner in (outer.values() if isinstance(outer, dict) else outer)
            if isinstance(inner, dict | list)
        ]
        if not level:
            return
    raise Unreadable(_TOO_DEEP)


def _check_characters(value: Json, path: str) -> None:
    if isinstance(value, str):
        if control := _CONTROL_CHARACTER.search(value):
            raise Unreadable(f"{path or 'The body'} contains the control character U+{ord(control[0]):04X}.")
        if surrogate := _LONE_SURROGATE.search(value):
            raise Unreadable(f"{path or 'The body'} contains the lone surrogate U+{ord(surrogate[0]):04X}.")
    elif isinstance(value, dict):
        for key, inner in value.items():
            _check_characters(key, f"A key in {path}" if path else "A key")
            _check_characters(inner, f"{path}.{key}" if path else key)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            _check_characters(inner, f"{path}[{index}]")
