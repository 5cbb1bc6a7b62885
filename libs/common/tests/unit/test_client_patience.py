import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.patience import ClientLimits, Patience, Turn

LIMITS = ClientLimits(headers_seconds=10, body_seconds=30, body_bytes_per_second=1000, answer_seconds=30)


def test_half_a_head_is_waited_for_as_long_as_it_says() -> None:
    patience = Patience(LIMITS)
    looks = [patience.is_over(Turn.HEADERS, 1, 0, received) for received in range(12)]
    assert looks == [False] * 10 + [True] * 2


def test_a_body_that_keeps_coming_may_take_longer_and_a_dripping_one_may_not() -> None:
    steady, dripping = Patience(LIMITS), Patience(LIMITS)
    assert not any(steady.is_over(Turn.BODY, 1, 1, 1000 * second) for second in range(1000))
    looks = [dripping.is_over(Turn.BODY, 1, 1, second) for second in range(32)]
    assert looks.index(True) == 30


def test_the_next_request_begins_anew() -> None:
    patience = Patience(LIMITS)
    assert not patience.is_over(Turn.HEADERS, 9, 1, 5)
    assert not patience.is_over(Turn.HEADERS, 9, 2, 5)
    assert patience.is_over(Turn.HEADERS, 2, 2, 6)


def test_an_answer_that_is_read_on_begins_anew() -> None:
    patience = Patience(LIMITS)
    for _ in range(10):
        assert not patience.is_over(Turn.ANSWER, 20, 1, 0)
        assert not patience.is_over(Turn.SERVER, 1, 1, 0)


@given(st.lists(st.tuples(st.sampled_from([Turn.BODY, Turn.SERVER]), st.floats(0, 5)), max_size=60))
def test_only_the_clients_own_time_counts_and_all_of_it(looks: list[tuple[Turn, float]]) -> None:
    patience, own = Patience(LIMITS), 0.0
    patience.is_over(Turn.BODY, 0, 1, 0)
    for turn, seconds in looks:
        own += seconds if turn is Turn.BODY else 0
        assert patience.is_over(turn, seconds, 1, 0) == (turn is Turn.BODY and own > 30)


def _waited(turn: Turn, seconds: float, received: int = 0) -> Patience:
    patience = Patience(LIMITS)
    patience.is_over(turn, seconds, 1, received)
    return patience


def test_who_says_nothing_gives_way_first_then_the_body_that_is_furthest_behind() -> None:
    late = Patience(LIMITS)
    readiness = [
        _waited(Turn.IDLE, 3).gives_way(Turn.IDLE, 1, 0),
        _waited(Turn.HEADERS, 2).gives_way(Turn.HEADERS, 1, 0),
        _waited(Turn.BODY, 20).gives_way(Turn.BODY, 1, 0),
        _waited(Turn.BODY, 29).gives_way(Turn.BODY, 1, 10_000),
        late.gives_way(Turn.HEADERS, 0, 0),  # it has only just come
        late.gives_way(Turn.BODY, 1, 0),
    ]
    assert None not in readiness
    assert readiness == sorted(readiness, key=lambda order: order or (), reverse=True)


def test_a_body_that_comes_does_not_give_way() -> None:
    assert _waited(Turn.BODY, 20).gives_way(Turn.BODY, 1, 20_001) is None


@pytest.mark.parametrize("turn", [Turn.SERVER, Turn.ANSWER, Turn.END])
def test_who_is_being_answered_does_not_give_way(turn: Turn) -> None:
    assert _waited(turn, 20).gives_way(turn, 1, 0) is None


def test_what_was_waited_for_an_earlier_request_does_not_count() -> None:
    patience = _waited(Turn.IDLE, 60)
    assert patience.gives_way(Turn.IDLE, 2, 0) == (False, 0.0, True)
    assert patience.gives_way(Turn.BODY, 2, 0) == (False, 0.0, False)


@given(st.sampled_from(list(Turn)), st.integers(0, 10**9))
def test_every_turn_of_a_client_ends(turn: Turn, received: int) -> None:
    is_endless = LIMITS.seconds(turn, received) == float("inf")
    assert is_endless == (turn is Turn.SERVER)
