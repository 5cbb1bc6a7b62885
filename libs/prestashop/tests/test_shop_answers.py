"""Answers: what their statuses and headers ask of the caller."""

from datetime import UTC, datetime

import pytest

from prestashop import ShopBlocked, ShopCrashed, ShopRefusal, ShopThrottled
from prestashop.answers import Answer, error_of, retry_after_seconds

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("", None),
        ("soon", None),
        ("30", 30.0),
        ("999999", 3600.0),
        ("Sun, 01 Mar 2026 12:02:00 GMT", 120.0),
        ("Sun, 01 Mar 2026 11:00:00 GMT", 0.0),
    ],
)
def test_a_shop_names_its_wait_in_seconds_or_as_a_date(header, seconds):
    assert retry_after_seconds(header, now=NOON) == seconds


def test_of_several_errors_the_shop_s_own_counts_before_php_s():
    body = (
        b"<?xml version='1.0'?><prestashop><errors>"
        b"<error><code>3</code><message>[PHP Warning #2] offset</message></error>"
        b"<error><code>34</code><message>The field is dynamic</message></error></errors></prestashop>"
    )
    error = error_of(Answer(500, "8.2.1", body))
    assert isinstance(error, ShopRefusal)
    assert (error.code, error.from_php, len(error.complaints)) == (34, False, 2)


def test_who_signs_an_answer_tells_who_refused():
    assert isinstance(error_of(Answer(404, "8.2.1", b"")), ShopRefusal)
    assert isinstance(error_of(Answer(404, None, b"<html>")), ShopBlocked)
    assert isinstance(error_of(Answer(500, None, b"")), ShopCrashed)
    assert isinstance(error_of(Answer(503, None, b"")), ShopThrottled)
    assert error_of(Answer(201, None, b"")) is None
