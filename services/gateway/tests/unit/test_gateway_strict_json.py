import json
from contextlib import suppress
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.strict_json import MAX_DEPTH, Unreadable, parse_json

HOSTILE = {
    "nothing": (b"", "not JSON"),
    "not JSON": (b"{reference: 1}", "line 1, column 2"),
    "comments, as seed 004 shows them": (b'{"a": 1} // no', "not JSON"),
    "a trailing comma": (b'{"a": 1,}', "not JSON"),
    "two values": (b"{} {}", "not JSON"),
    "100,000 lists": (b"[" * 100_000, "32 levels"),
    "100,000 objects": (b'{"a":' * 100_000, "32 levels"),
    "33 levels": (b"[" * 33 + b"]" * 33, "32 levels"),
    "a key twice": (b'{"price": 1, "price": 2}', '"price" stands twice'),
    "a key twice, written otherwise": (b'{"a": 1, "\\u0061": 2}', "stands twice"),
    "NaN": (b'{"price": NaN}', "NaN"),
    "Infinity": (b'{"price": -Infinity}', "-Infinity"),
    "1e400": (b'{"price": 1e400}', "out of range"),
    "1e-400": (b'{"price": 1e-400}', "out of range"),
    "a huge exponent": (b'{"price": 1e999999999999999999999}', "out of range"),
    "5,000 digits": (b"9" * 5000, "5000 characters"),
    "5,000 decimals": (b"0." + b"1" * 5000, "characters"),
    "a lone surrogate": (
        b'{"items": [{"name": "\\ud800"}]}',
        "items[0].name contains the lone surrogate U+D800",
    ),
    "surrogates in the wrong order": (b'["\\udc00\\ud800"]', "lone surrogate"),
    "a lone surrogate as a key": (b'{"\\udfff": 1}', "A key contains the lone surrogate"),
    "NUL": (b'{"name": "a\\u0000b"}', "name contains the control character U+0000"),
    "a vertical tab": (b'{"name": "a\\u000Bb"}', "U+000B"),
    "a form feed, written short": (b'{"name": "a\\fb"}', "U+000C"),
    "a control character as it is": (b'{"name": "a\x01b"}', "not JSON"),
    "an object of 10,001 keys": (
        b"{" + b", ".join(b'"%d": 1' % number for number in range(10_001)) + b"}",
        "10001 keys",
    ),
    "an absurdly long key": (b'{"' + b"k" * 257 + b'": 1}', "257 characters"),
    "a byte order mark": (b'\xef\xbb\xbf{"a": 1}', "byte order mark"),
    "UTF-16": ('{"a": 1}'.encode("utf-16"), "byte order mark"),
    "UTF-16 without a mark": ('{"a": 1}'.encode("utf-16-le"), "not JSON"),
    "Latin-1": ('{"a": "è"}'.encode("latin-1"), "not UTF-8"),
    "an overlong encoding": (b'{"a": "\xc0\x80"}', "not UTF-8"),
    "a surrogate in UTF-8": (b'{"a": "\xed\xa0\x80"}', "not UTF-8"),
}


@pytest.mark.parametrize(("raw", "reason"), HOSTILE.values(), ids=HOSTILE.keys())
def test_a_body_that_readers_may_take_differently_is_refused_with_the_reason(raw: bytes, reason: str) -> None:
    with pytest.raises(Unreadable) as refused:
        parse_json(raw)
    assert reason in str(refused.value)
    str(refused.value).encode()  # the reason itself can be sent


def test_a_fraction_is_exact_and_minus_zero_is_zero() -> None:
    assert parse_json(b"[1299.99, -0.0, 1e2, 20000]") == [Decimal("1299.99"), 0, 100, 20000]
    assert str(parse_json(b"-0.0")) == "0"


def test_line_breaks_tabs_pairs_and_escaped_backslashes_are_read() -> None:
    assert parse_json(b'["a\\tb\\r\\n", "\\ud83d\\ude00", "\\\\u0000", "\\\\b", "\\/"]') == [
        "a\tb\r\n", "😀", "\\u0000", "\\b", "/",
    ]  # fmt: skip


def test_32_levels_are_read() -> None:
    assert parse_json(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


@given(st.binary(max_size=200))
def test_any_bytes_are_read_or_refused(raw: bytes) -> None:
    with suppress(Unreadable):
        parse_json(raw)


texts = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**18), 10**18) | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=20,
)


@given(values, st.booleans())
def test_what_others_wrote_well_is_read_as_they_meant_it(value: object, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only).encode()) == value
