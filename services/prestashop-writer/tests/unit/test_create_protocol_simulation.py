"""The create protocol under kills, freezes, outages, lost answers and late writes: one seed is one schedule.

`make simulate` plays ten times as many; `python -m bench simulate --seed N` draws one, line by line.
"""

import pytest

from bench.create_simulation import play
from bench.naive_protocols import NAIVE, PROTOCOLS
from bench.simulate import play_some

SEEDS = range(20_000)


def test_no_schedule_makes_a_second_product_and_each_comes_to_its_end() -> None:
    figures = play_some(SEEDS, "skuwire")

    assert figures.problems == {}
    assert figures.products == len(SEEDS)


def test_the_schedules_hold_everything_that_the_protocol_is_for() -> None:
    met = play_some(range(2_000), "skuwire").met

    assert min(met.values()) > 5
    assert met.keys() == {
        "writer killed",
        "writer frozen",
        "answer lost",
        "late commit",
        "outage",
        "outage noticed",
        "create sent after its lease",
    }


@pytest.mark.parametrize(
    ("protocol", "at_least"),
    [
        ("never-looks", 600),
        ("believes-at-once", 200),
        ("waits-from-the-intent", 10),
        ("forgets-outages", 2),
        ("heeds-outages-when-over", 2),
    ],
)
def test_the_same_schedules_show_the_duplicates_of_less_careful_protocols(
    protocol: str, at_least: int
) -> None:
    assert play_some(range(2_500), protocol).doubled >= at_least


def test_every_less_careful_protocol_is_tried() -> None:
    assert set(NAIVE) == PROTOCOLS.keys() - {"skuwire"}


def test_a_seed_is_the_same_schedule_whenever_it_is_played_and_its_story_tells_the_duplicate() -> None:
    first = play(962, PROTOCOLS["heeds-outages-when-over"](), telling=True)

    assert first == play(962, PROTOCOLS["heeds-outages-when-over"](), telling=True)
    assert first.problem == "2 products"
    assert sum(event.does == "has written a product" for event in first.story) == 2
    assert sorted(event.at for event in first.story) == [event.at for event in first.story]
