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


@given(st.sampled_from(list(Turn)), st.integers(0, 10**9))
def test_every_turn_of_a_client_ends(turn: Turn, received: int) -> None:
    is_endless = LIMITS.seconds(turn, received) == float("inf")
    assert is_endless == (turn is Turn.SERVER)
