"""What an answer means for a delivery."""

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from jsonschema import Draft7Validator

from common.public.asyncapi import asyncapi_document
from webhook_relay.delivery import (
    Answer,
    Answered,
    Delivered,
    EndpointGone,
    Exhausted,
    Failed,
    Pending,
    RetryAt,
    judge,
    prepare,
)
from webhook_relay.signing import Secret

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def pending(attempts_made: int = 0) -> Pending:
    return Pending(
        id=UUID(int=1),
        epoch=1,
        endpoint_id=UUID(int=2),
        generation=0,
        webhook_id="msg_1",
        event_type="bulk.chunk.completed",
        tenant="acme",
        shop="milano",
        body=b"{}",
        attempts_made=attempts_made,
        traceparent=None,
        url="https://erp.example.com/?token=hidden",
        secrets=(Secret(b"k" * 32),),
    )


def judged(answer: Answer, attempts_made: int = 0) -> object:
    return judge(pending(attempts_made), answer, NOW, chance=0.5)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_2xx_is_delivered(status: int) -> None:
    assert judged(Answered(status, 0.1)) == Delivered()


@pytest.mark.parametrize("status", [199, 301, 302, 307, 400, 401, 404, 429, 500, 502, 503])
def test_anything_else_is_tried_again(status: int) -> None:
    assert judged(Answered(status, 0.1)) == RetryAt(NOW + timedelta(seconds=5))


def test_the_410_of_an_endpoint_that_was_changed_since_is_a_failure_like_any_other() -> None:
    outcome = judge(pending(), Answered(410, 0.1), NOW, chance=0.5, same_endpoint=False)
    assert outcome == RetryAt(NOW + timedelta(seconds=5))


def test_no_answer_is_tried_again() -> None:
    assert judged(Failed("timed_out", 15), attempts_made=1) == RetryAt(NOW + timedelta(seconds=30))


def test_a_receiver_may_ask_for_more_time() -> None:
    assert judged(Answered(503, 0.1, retry_after="8")) == RetryAt(NOW + timedelta(seconds=8))
    assert judged(Answered(503, 0.1, retry_after="3600")) == RetryAt(NOW + timedelta(seconds=10))


def test_410_says_farewell_at_any_attempt() -> None:
    assert judged(Answered(410, 0.1)) == EndpointGone()
    assert judged(Answered(410, 0.1), attempts_made=10) == EndpointGone()


def test_the_eleventh_failure_is_the_last() -> None:
    assert isinstance(judged(Answered(500, 0.1), attempts_made=9), RetryAt)
    assert judged(Answered(500, 0.1), attempts_made=10) == Exhausted()


def test_every_attempt_has_the_same_id_and_body_and_its_own_time() -> None:
    first, second = prepare(pending(), NOW), prepare(pending(1), NOW + timedelta(hours=1))
    assert first.body == second.body
    assert first.headers["webhook-id"] == second.headers["webhook-id"]
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 3600
    assert first.headers["webhook-type"] == "bulk.chunk.completed"


def test_no_secret_and_no_address_shows_in_a_repr() -> None:
    assert "hidden" not in repr(pending()) + repr(prepare(pending(), NOW))
    assert "kkkk" not in repr(pending())


def test_the_headers_are_those_that_are_documented() -> None:
    documented = asyncapi_document()["components"]["messages"]["webhook.bulk.chunk.completed"]["headers"]
    attempt = prepare(pending(), NOW, traceparent="00-1-1-01")
    of_http = {"content-type", "user-agent"}

    assert list(Draft7Validator(documented).iter_errors(attempt.headers)) == []
    assert attempt.headers.keys() - of_http == documented["properties"].keys()
