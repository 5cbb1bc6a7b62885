"""The laws of quotas: nobody gets more than the policy says, nobody waits longer than he has to."""

from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.quota import ITEMS, Policy, Standing, limit_field, policy_field, take
from gateway.limits.quotas import Quota

POLICY = Policy("requests", 100, 60)


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_the_whole_quota_may_be_used_at_once_and_is_there_again_after_the_window() -> None:
    clock = Clock()
    quota = Quota(POLICY, clock)
    assert quota.take("erp", 100) == Standing(POLICY, remaining=0, seconds=60)
    assert quota.take("erp", 1).is_exceeded
    assert quota.take("another", 1).remaining == 99
    clock.now += 60
    assert quota.take("erp", 100).remaining == 0


def test_who_has_used_all_waits_for_as_much_as_is_asked_and_no_longer() -> None:
    clock = Clock()
    quota = Quota(POLICY, clock)
    quota.take("erp", 100)
    refused = quota.take("erp", 50)
    assert (refused.is_exceeded, refused.seconds) == (True, 30)
    clock.now += refused.seconds
    assert not quota.take("erp", 50).is_exceeded


steps = st.lists(st.tuples(st.floats(0, 30), st.integers(0, 120)), max_size=60)


@given(steps)
def test_in_no_window_more_than_twice_the_quota_gets_through(steps: list[tuple[float, int]]) -> None:
    whole_at, now, taken = 0.0, 0.0, list[tuple[float, int]]()
    for pause, units in steps:
        now += pause
        whole_at, standing = take(POLICY, whole_at, units, now)
        if not standing.is_exceeded:
            taken.append((now, units))
    for start, _ in taken:
        within = sum(units for at, units in taken if start <= at < start + POLICY.window_seconds)
        assert within <= 2 * POLICY.quota


@given(steps, st.integers(1, 100))
def test_who_waits_as_long_as_he_was_told_gets_through(steps: list[tuple[float, int]], units: int) -> None:
    whole_at, now = 0.0, 0.0
    for pause, used in steps:
        now += pause
        whole_at, _ = take(POLICY, whole_at, used, now)
    _, standing = take(POLICY, whole_at, units, now)
    if standing.is_exceeded:
        _, standing = take(POLICY, whole_at, units, now + standing.seconds)
    assert not standing.is_exceeded


def test_callers_beyond_the_bound_are_forgotten_the_longest_unseen_first() -> None:
    quota = Quota(Policy("address", 1, 60), Clock(), max_callers=2)
    quota.take("a", 1)
    quota.take("b", 1)
    assert quota.take("a", 1).is_exceeded
    quota.take("c", 1)
    assert quota.take("a", 1).is_exceeded
    assert not quota.take("b", 1).is_exceeded


def test_standings_are_told_as_structured_fields() -> None:
    standings = [Standing(POLICY, 41, 12), Standing(Policy("items", 5, 1, ITEMS), 0, 1)]
    assert policy_field(standings) == '"requests";q=100;w=60, "items";q=5;w=1;qu="items"'
    assert limit_field(standings) == '"requests";r=41;t=12, "items";r=0;t=1'
