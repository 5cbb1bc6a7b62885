"""Dead letters are read from whatever a stranger may have sent."""

import json
from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.messaging.dead_letter import DeadLetter
from common.messaging.dead_letters import json_safe, read_dead_letter

amqp_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters())
    | st.binary()
    | st.datetimes()
    | st.decimals(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters()), inner, max_size=4),
)


@given(value=amqp_values)
def test_any_header_becomes_json_that_postgres_takes(value: Any) -> None:
    safe = json_safe(value)

    text = json.dumps(safe, allow_nan=False, ensure_ascii=False)
    assert "\\u0000" not in text.replace("\\\\", "")
    assert text.encode()  # no lone surrogate
    assert json_safe(safe) == safe


class Delivery:
    """What is read of a delivery."""

    def __init__(self, headers: dict[str, Any], routing_key: str = "validator") -> None:
        self.headers, self.routing_key = headers, routing_key
        self.message_id, self.type, self.body = "1", "chunk.submitted.v1", b"{}"


def letter(headers: dict[str, Any]) -> DeadLetter:
    return read_dead_letter(Delivery(headers))  # type: ignore[arg-type]  # all that is read of a delivery


def test_our_own_reason_counts_before_that_of_the_broker() -> None:
    read = letter(
        {"reason": "ValueError: no", "traceback": "…", "attempt": 5, "x-death": [{"reason": "expired"}]}
    )

    assert (read.service, read.reason, read.traceback, read.attempt) == (
        "validator",
        "ValueError: no",
        "…",
        5,
    )
    assert read.headers == {"attempt": 5}


def test_the_newest_death_tells_the_broker_s_reason() -> None:
    deaths = [
        {"reason": "delivery_limit", "queue": "skuwire.validator", "time": datetime.now(UTC)},
        {"reason": "expired", "queue": "skuwire.retry.5s"},
    ]
    read = letter({"x-death": deaths, "x-first-death-reason": "expired", "tenant": "acme"})

    assert read.reason == "delivery_limit"
    assert read.headers == {"tenant": "acme"}
    assert read.deserves_another_life


def test_another_life_is_given_once() -> None:
    assert not letter({"x-death": [{"reason": "delivery_limit"}], "redriven": 1}).deserves_another_life
    assert not letter({"x-death": [{"reason": "rejected"}]}).deserves_another_life


@given(headers=st.dictionaries(st.sampled_from(["x-death", "reason", "attempt", "redriven"]), amqp_values))
def test_anything_is_read(headers: dict[str, Any]) -> None:
    assert letter(headers).reason
