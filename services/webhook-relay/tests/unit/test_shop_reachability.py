"""A shop is unreachable while at least one service says so; the public hears of it once."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.messages import Reachability, ShopReachability
from common.public.events import PublicEvent, ShopRecovered, ShopUnreachable
from webhook_relay.reachability import UNKNOWN, ShopView, hear

START = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def told(service: str, reachability: str, minute: int = 0) -> ShopReachability:
    return ShopReachability(
        tenant="acme",
        shop="milano",
        service=service,
        reachability=Reachability(reachability),
        at=START + timedelta(minutes=minute),
    )


def heard(*reports: ShopReachability) -> tuple[ShopView, list[PublicEvent]]:
    view, events = UNKNOWN, list[PublicEvent]()
    for report in reports:
        view, event = hear(view, report)
        events += [event] if event else []
    return view, events


def test_the_first_report_and_the_last_recovery_are_told() -> None:
    _, events = heard(
        told("writer", "unreachable", 1),
        told("images", "unreachable", 2),
        told("writer", "recovered", 3),
        told("images", "recovered", 4),
    )
    assert [type(event) for event in events] == [ShopUnreachable, ShopRecovered]
    assert isinstance(events[1], ShopRecovered)
    assert events[1].unreachable_since == START + timedelta(minutes=1)


def test_repeats_tell_nothing_new() -> None:
    down = told("writer", "unreachable", 1)
    assert len(heard(down, down, told("writer", "unreachable", 2))[1]) == 1


def test_a_late_report_does_not_bring_an_outage_back() -> None:
    _, events = heard(
        told("writer", "unreachable", 1), told("writer", "recovered", 3), told("writer", "unreachable", 2)
    )
    assert [type(event) for event in events] == [ShopUnreachable, ShopRecovered]


reports = st.builds(
    told,
    st.sampled_from(["writer", "images", "other"]),
    st.sampled_from(["unreachable", "recovered"]),
    st.integers(min_value=0, max_value=5),
)


@given(st.lists(reports, max_size=12), st.randoms())
def test_any_order_ends_in_the_same_state(told_reports: list[ShopReachability], chance: object) -> None:
    shuffled = list(told_reports)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis' Random has no public type
    one, other = heard(*told_reports)[0], heard(*shuffled)[0]
    assert one.reports == other.reports
    assert (one.unreachable_since is None) == (other.unreachable_since is None)


@given(st.lists(reports, max_size=12))
def test_outage_and_recovery_alternate(told_reports: list[ShopReachability]) -> None:
    view, events = heard(*told_reports)
    kinds = [type(event) for event in events]
    assert kinds == [ShopUnreachable, ShopRecovered] * (len(kinds) // 2) + [ShopUnreachable] * (
        len(kinds) % 2
    )
    assert (view.unreachable_since is not None) == bool(len(kinds) % 2)
