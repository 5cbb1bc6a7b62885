"""The pace: as fast as the shop bears, never faster than allowed, and back again after trouble."""

import heapq
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prestashop import (
    Complaint,
    ShopAnswerLost,
    ShopCrashed,
    ShopRefusal,
    ShopThrottled,
    ShopTimeout,
    ShopUnavailable,
    ShopUnreachable,
)
from prestashop.pacing import Pace, PaceSettings, kind_of

PATCH = kind_of("PATCH", "products", 20_000)
GET = kind_of("GET", "products/7", 20_000)
OVERLOAD = [
    ShopThrottled(2.0),
    ShopUnavailable(),
    ShopCrashed(),
    ShopTimeout(),
    ShopAnswerLost(),
    ShopUnreachable(),
]


class Run:
    """A shop and callers without end, on a clock of their own. ``answer`` gives seconds and an error."""

    def __init__(self, **settings):
        self.now = 0.0
        self.pace = Pace(PaceSettings(**settings), clock=lambda: self.now)
        self.running: list[tuple[float, int, float, object, object]] = []
        self.started: list[float] = []
        self.most_at_once = 0

    def requests(self, count, answer):
        for number in range(count):
            while (wait := self.pace.wait_seconds()) > 0:
                self.one_ends() if math.isinf(wait) or self.ends_within(wait) else self.pass_time(wait)
            started = self.pace.start()
            self.started.append(self.now)
            self.most_at_once = max(self.most_at_once, self.pace.in_flight)
            seconds, error, *kind = answer(number, self.pace.in_flight)
            heapq.heappush(
                self.running,
                (self.now + seconds, len(self.started), started, error, kind[0] if kind else PATCH),
            )

    def ends_within(self, wait):
        return bool(self.running) and self.running[0][0] <= self.now + wait

    def pass_time(self, seconds):
        self.now = max(math.nextafter(self.now, math.inf), self.now + seconds)

    def all_end(self):
        while self.running:
            self.one_ends()

    def one_ends(self):
        self.now, _, started, error, kind = heapq.heappop(self.running)
        if error == "cancelled":
            self.pace.drop()
        else:
            self.pace.finish(kind, started, error)


def fast(_number, _at_once):
    return 0.1, None


histories = st.lists(
    st.tuples(
        st.floats(0, 30),
        st.sampled_from([None, None, *OVERLOAD, ShopRefusal(400, [Complaint(85, "no")]), "cancelled"]),
        st.sampled_from([PATCH, GET]),
    ),
    max_size=60,
)


@given(histories, st.integers(1, 16), st.none() | st.integers(1, 600))
def test_the_caps_hold_whatever_the_shop_does(history, most, per_minute):
    run = Run(max_concurrency=most, max_requests_per_minute=per_minute)

    def answer(number, _):
        assert 1 <= run.pace.current_limit <= most
        return history[number]

    run.requests(len(history), answer)
    while run.running:
        run.one_ends()
        assert 1 <= run.pace.current_limit <= most
    assert run.most_at_once <= most
    assert run.pace.in_flight == 0
    if per_minute is not None:
        for at, first in enumerate(run.started):
            assert sum(time < first + 59.999 for time in run.started[at:]) <= per_minute


@given(histories, st.integers(1, 16))
def test_after_any_trouble_the_pace_comes_back(history, most):
    run = Run(max_concurrency=most)
    run.requests(len(history), lambda number, _: history[number])
    run.all_end()
    run.requests(200 + most * most, fast)
    assert run.pace.current_limit == most


@given(histories, st.floats(0, 3600))
def test_nothing_starts_while_the_shop_asks_to_be_left_alone(history, seconds):
    run = Run(max_concurrency=8)
    run.requests(len(history), lambda number, _: history[number])
    run.all_end()
    started = run.pace.start()
    run.pace.finish(PATCH, started, ShopThrottled(seconds))
    until = run.now + seconds
    run.requests(20, fast)
    assert all(time >= until - 1e-6 for time in run.started[len(history) :])


def test_a_shop_that_has_four_workers_is_asked_about_four_things_at_once():
    run = Run(max_concurrency=32)

    def four_workers(_number, at_once):
        return 0.5 * max(1.0, at_once / 4), None

    run.requests(500, four_workers)
    limits = []
    for _ in range(200):
        run.requests(1, four_workers)
        limits.append(run.pace.current_limit)
    assert 4 <= sum(limits) / len(limits) <= 12


def test_the_first_request_goes_alone_and_a_good_shop_is_at_full_pace_soon():
    run = Run(max_concurrency=4)
    assert run.pace.current_limit == 1
    run.requests(12, fast)
    assert run.pace.current_limit == 4


def test_a_shop_that_becomes_slow_for_good_is_not_asked_less_for_ever():
    run = Run(max_concurrency=4)
    limits = []

    def slow(*_):
        limits.append(run.pace.current_limit)
        return 0.6, None

    run.requests(50, fast)
    run.requests(400, slow)
    assert (limits[0], min(limits), limits[-1]) == (4, 1, 4)


@pytest.mark.parametrize("error", OVERLOAD, ids=lambda error: type(error).__name__)
def test_a_shop_that_fails_is_asked_half_as_much_once_per_round(error):
    run = Run(max_concurrency=8)
    run.requests(200, fast)
    assert run.pace.current_limit == 8
    run.all_end()
    together = [run.pace.start() for _ in range(8)]
    run.now += 1
    for started in together:
        run.pace.finish(PATCH, started, error)
    assert run.pace.current_limit == 4


def test_long_requests_are_compared_with_their_like():
    run = Run(max_concurrency=4)
    upload = kind_of("POST", "images/products/7", 900_000)
    run.requests(200, lambda number, _: (2.0, None, upload) if number % 5 == 0 else (0.02, None, GET))
    assert run.pace.current_limit == 4
    assert kind_of("GET", "products/7", 100) == kind_of("GET", "products/8", 200)


def test_one_slow_answer_among_many_changes_nothing():
    run = Run(max_concurrency=4)
    run.requests(200, lambda number, _: (9.0 if number == 100 else 0.1, None))
    run.all_end()
    assert run.pace.current_limit == 4


def test_callers_that_ask_one_thing_at_a_time_teach_nothing_about_many():
    run = Run(max_concurrency=8)
    for _ in range(100):
        started = run.pace.start()
        run.now += 0.1
        run.pace.finish(PATCH, started, None)
    assert run.pace.current_limit == 2


def test_the_requests_of_a_minute_shrink_with_the_limit():
    run = Run(max_concurrency=4, max_requests_per_minute=120)
    assert run.pace.current_requests_per_minute == 30
    run.requests(50, fast)
    assert run.pace.current_requests_per_minute <= 120


def test_a_pace_of_nothing_is_a_mistake():
    with pytest.raises(ValueError, match="at least one"):
        Pace(PaceSettings(max_concurrency=0))
    with pytest.raises(ValueError, match="more than none"):
        Pace(PaceSettings(max_requests_per_minute=0))
