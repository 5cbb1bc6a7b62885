"""When an endpoint is left in peace, and when for good."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from webhook_relay.breaker import (
    BETWEEN_PROBES,
    FAILURES_THAT_OPEN,
    LONGEST_FAILING,
    WELL,
    after_failure,
    has_failed_too_long,
)

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def test_ten_failures_in_a_row_open_the_breaker_and_each_further_one_puts_off_the_next_probe() -> None:
    health = WELL
    for number in range(1, 13):
        at = NOW + timedelta(minutes=number)
        health = after_failure(health, at)
        assert health.probe_at == (at + BETWEEN_PROBES if number >= FAILURES_THAT_OPEN else None)
    assert health.failing_since == NOW + timedelta(minutes=1)


@given(st.lists(st.timedeltas(timedelta(0), timedelta(days=2)), min_size=1, max_size=40))
def test_only_five_days_of_failures_are_too_long(distances: list[timedelta]) -> None:
    health, now = WELL, NOW
    first = None
    for distance in distances:
        now += distance
        first = first or now
        health = after_failure(health, now)
        assert has_failed_too_long(health, now) == (now - first >= LONGEST_FAILING)


def test_an_endpoint_that_is_well_has_not_failed_too_long() -> None:
    assert not has_failed_too_long(WELL, NOW)
