"""The schedule: eleven attempts over 75.6 hours, spread, and not at the receiver's mercy."""

from datetime import UTC, datetime, timedelta
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from webhook_relay.schedule import WAITS_SECONDS, next_wait, parse_retry_after, spread

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
attempts = st.integers(min_value=0, max_value=len(WAITS_SECONDS) - 1)
chances = st.floats(min_value=0, max_value=1, exclude_max=True)


def test_eleven_attempts_cover_more_than_three_days() -> None:
    assert len(WAITS_SECONDS) == 11
    assert timedelta(seconds=sum(WAITS_SECONDS)) == timedelta(hours=75, minutes=35, seconds=35)


@given(made=attempts, chance=chances)
def test_a_wait_is_its_step_give_or_take_a_fifth(made: int, chance: float) -> None:
    wait = next_wait(made, chance=chance)
    assert wait is not None
    assert 0.8 * WAITS_SECONDS[made] <= wait.total_seconds() + 1e-6
    assert wait.total_seconds() <= 1.2 * WAITS_SECONDS[made] + 1e-6


@given(st.uuids())
def test_however_a_delivery_is_spread_it_is_tried_for_more_than_72_hours(delivery_id: UUID) -> None:
    waits = [next_wait(made, chance=spread(delivery_id, made)) for made in range(len(WAITS_SECONDS))]
    assert sum((wait for wait in waits if wait is not None), timedelta(0)) > timedelta(hours=73)
    for wait, step in zip(waits, WAITS_SECONDS, strict=True):
        assert wait is not None
        assert 0.8 * step <= wait.total_seconds() + 1e-6
        assert wait.total_seconds() <= 1.2 * step + 1e-6


def test_deliveries_that_failed_together_do_not_come_back_together() -> None:
    ids = [uuid5(NAMESPACE_URL, str(number)) for number in range(1000)]
    for made in range(1, len(WAITS_SECONDS)):
        chances = sorted(spread(delivery_id, made) for delivery_id in ids)
        assert all(abs(chance - place / 1000) < 0.1 for place, chance in enumerate(chances))


@given(made=attempts, chance=chances, asked=st.timedeltas(min_value=timedelta(0)))
def test_retry_after_is_honoured_between_once_and_twice_the_step(
    made: int, chance: float, asked: timedelta
) -> None:
    wait = next_wait(made, chance=chance, retry_after=asked)
    step = timedelta(seconds=WAITS_SECONDS[made])
    assert wait is not None
    assert step <= wait <= 2 * step
    if step <= asked <= 2 * step:
        assert wait == asked


@given(made=st.integers(min_value=len(WAITS_SECONDS)), chance=chances)
def test_after_the_last_attempt_there_is_no_other(made: int, chance: float) -> None:
    assert next_wait(made, chance=chance, retry_after=timedelta(seconds=1)) is None


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("1000000000", 10**9),
        ("9" * 5000, 10**9),
        ("Fri, 20 Nov 2026 12:01:40 GMT", 100),
        ("Fri, 20 Nov 2026 11:00:00 GMT", 0),
        ("Fri, 20 Nov 2026 13:01:40 +0100", 100),
    ],
)
def test_retry_after_is_seconds_or_a_date(value: str, seconds: int) -> None:
    assert parse_retry_after(value, NOW) == timedelta(seconds=seconds)


@pytest.mark.parametrize("value", [None, "", "abc", "-1", "1.5", "1e9", "Wed,", "٣", "2026-11-20T12:00:00Z"])
def test_an_unreadable_retry_after_counts_as_absent(value: str | None) -> None:
    assert parse_retry_after(value, NOW) is None


@given(st.text(max_size=60))
def test_no_retry_after_breaks_the_relay(value: str) -> None:
    parse_retry_after(value, NOW)
