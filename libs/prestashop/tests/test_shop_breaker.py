"""The breaker: a shop that is down is left alone, and found again."""

from hypothesis import given
from hypothesis import strategies as st

from prestashop import Breaker, BreakerSettings, BreakerState, Transition


class Clock:
    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


def breaker(clock, **settings):
    return Breaker(BreakerSettings(**settings), clock=clock, dice=lambda: 0.5)


def opened(clock, **settings):
    it = breaker(clock, **settings)
    assert [it.record_failure() for _ in range(5)] == [None] * 4 + [Transition.OPENED]
    return it


def test_five_failures_in_a_row_open_it_once():
    it = opened(Clock())
    assert not it.allow()
    assert it.record_failure() is None


def test_a_success_in_between_starts_the_count_again():
    it = breaker(Clock())
    for _ in range(4):
        it.record_failure()
    it.record_success()
    assert [it.record_failure() for _ in range(4)] == [None] * 4


def test_half_of_twenty_calls_open_it():
    clock, seen = Clock(), []
    it = breaker(clock)
    for _ in range(10):
        seen += [it.record_success(), it.record_failure()]
    assert seen == [None] * 19 + [Transition.OPENED]


def test_failures_of_long_ago_do_not_count():
    clock = Clock()
    it = breaker(clock)
    for _ in range(30):
        clock.now += 4
        it.record_success()
        assert it.record_failure() is None


def test_one_probe_at_a_time_and_its_success_closes():
    clock = Clock()
    it = opened(clock)
    clock.now += it.wait_seconds()
    assert [it.allow(), it.allow()] == [True, False]
    assert it.record_success() is Transition.CLOSED
    assert it.allow()


def test_probes_grow_apart_up_to_five_minutes():
    clock = Clock()
    it = opened(clock)
    waits = []
    for _ in range(9):
        waits.append(it.wait_seconds())
        clock.now += it.wait_seconds()
        assert it.allow()
        assert it.record_failure() is None
    assert waits == [5, 10, 20, 40, 80, 160, 300, 300, 300]


def test_a_probe_whose_caller_died_is_followed_by_another():
    clock = Clock()
    it = opened(clock)
    clock.now += it.wait_seconds()
    assert it.allow()
    clock.now += it.wait_seconds()
    assert it.allow()


def test_a_late_answer_from_before_the_opening_changes_nothing():
    it = opened(Clock())
    assert it.record_success() is None
    assert it.state is BreakerState.OPEN


@given(
    st.lists(st.sampled_from(["call", "success", "failure"]) | st.floats(0, 400), max_size=200),
    st.floats(0, 1),
)
def test_openings_and_closings_alternate_and_nobody_waits_forever(steps, dice):
    clock, heard = Clock(), []
    it = Breaker(clock=clock, dice=lambda: dice)
    for step in steps:
        match step:
            case "call":
                due = it.wait_seconds() == 0
                assert it.allow() == due
            case "success":
                heard.append(it.record_success())
            case "failure":
                heard.append(it.record_failure())
            case seconds:
                clock.now += seconds
        assert 0 <= it.wait_seconds() <= 300 * 1.2
        assert (it.state is BreakerState.CLOSED) == ([t for t in heard if t][-1:] != [Transition.OPENED])
    transitions = [t for t in heard if t]
    assert transitions[::2] == [Transition.OPENED] * len(transitions[::2])
    assert transitions[1::2] == [Transition.CLOSED] * len(transitions[1::2])
