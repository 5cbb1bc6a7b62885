from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.access.guessing import (
    KNOWN,
    LIMITS,
    WINDOW,
    Count,
    Guesses,
    failures_now,
    wait_before_login,
    wait_seconds,
)

NOW = datetime(2026, 11, 21, tzinfo=UTC)
COUNTS = st.sampled_from(Count)


def found(pair: int = 0, address: int = 0, account: int = 0, known: bool = False) -> dict[Count, Guesses]:
    return {
        Count.PAIR: Guesses(Count.PAIR, pair, NOW, NOW - timedelta(days=1) if known else None),
        Count.ADDRESS: Guesses(Count.ADDRESS, address, NOW),
        Count.ACCOUNT: Guesses(Count.ACCOUNT, account, NOW),
    }


@given(COUNTS)
def test_the_first_failures_are_free_and_the_next_waits_a_second(count: Count) -> None:
    free = LIMITS[count].free
    assert wait_seconds(Guesses(count, free - 1, NOW), NOW) == 0
    assert wait_seconds(Guesses(count, free, NOW), NOW) == 1
    assert wait_seconds(Guesses(count, free + 3, NOW), NOW) == 8


@given(COUNTS, st.integers(0, 10**9), st.integers(0, 10**9))
def test_more_failures_never_wait_less_and_never_longer_than_the_longest(
    count: Count, one: int, other: int
) -> None:
    fewer, more = sorted((one, other))
    waits = [wait_seconds(Guesses(count, failures, NOW), NOW) for failures in (fewer, more)]
    assert 0 <= waits[0] <= waits[1] <= LIMITS[count].longest_seconds


@given(COUNTS, st.integers(0, 10**6))
def test_whoever_waits_as_told_may_try_again(count: Count, failures: int) -> None:
    guesses = Guesses(count, failures, NOW)
    assert wait_seconds(guesses, NOW + timedelta(seconds=wait_seconds(guesses, NOW))) == 0


@given(COUNTS)
def test_old_failures_are_forgotten_only_after_the_longest_wait(count: Count) -> None:
    guesses = Guesses(count, 1000, NOW)
    assert failures_now(guesses, NOW + WINDOW) == 0
    assert timedelta(seconds=LIMITS[count].longest_seconds) < WINDOW


def test_guesses_from_elsewhere_keep_no_owner_out_of_a_known_address() -> None:
    assert wait_before_login(found(account=10_000, address=10_000, known=True), NOW) == 0
    assert wait_before_login(found(account=10_000), NOW) == 60
    assert wait_before_login(found(address=10_000), NOW) == 900


def test_a_known_address_may_not_guess_for_ever_either() -> None:
    assert wait_before_login(found(pair=1000, known=True), NOW) == 900


def test_an_address_is_known_for_a_month() -> None:
    guesses = found(account=10_000) | {Count.PAIR: Guesses(Count.PAIR, 0, NOW, NOW - KNOWN)}
    assert wait_before_login(guesses, NOW) == 60


@pytest.mark.parametrize("count", Count)
def test_there_is_a_limit_for_each_count(count: Count) -> None:
    assert LIMITS[count].free >= 10
