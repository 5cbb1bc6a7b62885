"""What an idempotency key decides, before anything is done."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.errors import Refusal
from gateway.idempotency import (
    GivenAnswer,
    KeyedRequest,
    KnownKey,
    answer_of,
    content_digest,
    fingerprint,
    key_of,
)
from gateway.strict_json import parse_json

ANSWER = GivenAnswer(200, {}, b"{}")
REQUEST = KeyedRequest("acme", "POST", "/api/products/sync", "key", b"same")

VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.decimals(-1000, 1000, places=3)
    | st.text('aè"\\€ ', max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text("abc", max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)
BODIES = st.dictionaries(st.text("abc", max_size=3), VALUES, max_size=4)


def with_keys_turned_round(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: with_keys_turned_round(value[key]) for key in reversed(value)}
    return [with_keys_turned_round(inner) for inner in value] if isinstance(value, list) else value


@given(BODIES)
def test_neither_spaces_nor_the_order_of_keys_change_the_digest(body: dict[str, Any]) -> None:
    text = json.dumps(with_keys_turned_round(body), indent=3, default=float)
    again = parse_json(text.encode())
    plain = parse_json(json.dumps(body, default=float).encode())
    assert content_digest(again, {}) == content_digest(plain, {})


@given(BODIES, BODIES)
def test_bodies_with_the_same_digest_say_the_same(one: dict[str, Any], other: dict[str, Any]) -> None:
    same = content_digest(one, {}) == content_digest(other, {})
    assert same == (repr(_typed(one)) == repr(_typed(other)))


def _typed(value: Any) -> Any:
    """The value in one order of keys, where 1, True and 1.0 are three things."""
    if isinstance(value, dict):
        return {key: _typed(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_typed(inner) for inner in value]
    return value.normalize() if isinstance(value, Decimal) else value


def test_another_picture_is_another_body() -> None:
    name = "picture 0123456789abcdef/1"
    body = {"images": [{"fileName": "a.png", "base64": name}]}
    same = {"images": [{"fileName": "a.png", "base64": "picture fedcba9876543210/1"}]}
    assert content_digest(body, {name: "aa"}) == content_digest(same, {"picture fedcba9876543210/1": "aa"})
    assert content_digest(body, {name: "aa"}) != content_digest(body, {name: "bb"})


def test_the_shop_and_the_address_belong_to_the_fingerprint() -> None:
    found = {
        fingerprint(shop, query, b"body") for shop in ("milano", "roma") for query in ("", "mode=delete")
    }
    assert len(found) == 4


@pytest.mark.parametrize(
    ("sent", "key"),
    [
        ([], None),
        (["8e03978e-40d5"], "8e03978e-40d5"),
        (['"8e03978e-40d5"'], "8e03978e-40d5"),
        (['"with \\"quotes\\""'], 'with "quotes"'),
        (["x" * 255], "x" * 255),
    ],
)
def test_a_key_is_read_with_quotes_and_without(sent: list[str], key: str | None) -> None:
    assert key_of(sent) == key


@pytest.mark.parametrize("sent", [[""], ['""'], ["x" * 256], ["é"], ["a", "a"], ["tab\there"]])
def test_what_is_no_key_is_refused(sent: list[str]) -> None:
    with pytest.raises(Refusal) as refusal:
        key_of(sent)
    assert (refusal.value.status, refusal.value.details[0].field) == (400, "Idempotency-Key")


@pytest.mark.parametrize(
    ("known", "status"),
    [
        (KnownKey(b"other", "sync_1", False, ANSWER), 422),
        (KnownKey(b"other", "sync_1", True, None), 422),
        (KnownKey(b"same", "sync_1", True, None), 409),
    ],
)
def test_a_key_that_cannot_be_answered_is_refused(known: KnownKey, status: int) -> None:
    with pytest.raises(Refusal) as refusal:
        answer_of(known, REQUEST)
    assert refusal.value.status == status


def test_a_key_that_was_answered_is_answered_so_again() -> None:
    assert answer_of(KnownKey(b"same", "sync_1", False, ANSWER), REQUEST) == ANSWER
    assert answer_of(KnownKey(b"same", "sync_1", True, ANSWER), REQUEST) == ANSWER


def test_a_key_that_nobody_answers_any_more_is_for_the_next_to_answer() -> None:
    assert answer_of(KnownKey(b"same", "sync_1", False, None), REQUEST) is None
