from hypothesis import given
from hypothesis import strategies as st

from gateway.limits.backlog import (
    LONGEST_SECONDS,
    SHORTEST_SECONDS,
    Bounds,
    Full,
    ShopWork,
    Work,
    is_full,
)

BOUNDS = Bounds(shop_items=1000, items=1500, messages=10)


def test_a_shop_that_has_enough_before_it_gets_no_more_and_others_do() -> None:
    work = Work({"milano": ShopWork(open_items=990, done_items=300, seconds=60)})
    assert is_full(work, BOUNDS, "milano", 10, {}) is None
    full = is_full(work, BOUNDS, "milano", 60, {})
    assert full == Full("The shop milano has too much work before it", 10)  # 50 too many, 5 a second
    assert is_full(work, BOUNDS, "roma", 60, {}) is None


def test_what_was_taken_in_since_the_measure_counts() -> None:
    work = Work({"milano": ShopWork(900)})
    assert is_full(work, BOUNDS, "milano", 50, {"milano": 50}) is None
    assert is_full(work, BOUNDS, "milano", 50, {"milano": 51})
    assert is_full(work, BOUNDS, "roma", 50, {"napoli": 560})


def test_all_shops_together_and_the_broker_have_their_bounds() -> None:
    shops = {"milano": ShopWork(800, 60, 60), "roma": ShopWork(690, 540, 60)}
    full = is_full(Work(shops), BOUNDS, "roma", 110, {})
    assert full == Full("There is too much work for all shops", 10)
    stuck = is_full(Work(shops, waiting_messages=11), BOUNDS, "roma", 1, {})
    assert stuck == Full("Too many messages wait for the broker", 5)


def test_where_nothing_moves_the_longest_wait_is_told() -> None:
    full = is_full(Work({"milano": ShopWork(1000)}), BOUNDS, "milano", 1, {})
    assert full is not None
    assert full.seconds == LONGEST_SECONDS


@given(st.integers(0, 10**7), st.integers(0, 10**7), st.floats(0, 300), st.integers(1, 20_000))
def test_the_wait_is_that_of_the_pace_within_its_bounds(
    open_items: int, done: int, seconds: float, items: int
) -> None:
    work = ShopWork(open_items, done, seconds)
    full = is_full(Work({"milano": work}), BOUNDS, "milano", items, {})
    surplus = open_items + items - BOUNDS.shop_items
    assert (full is not None) == (surplus > 0)
    if full is not None:
        assert SHORTEST_SECONDS <= full.seconds <= LONGEST_SECONDS
        if full.seconds < LONGEST_SECONDS:
            assert work.per_second * full.seconds >= surplus
