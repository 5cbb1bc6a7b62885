"""What `make simulate` tells, and when it fails."""

import pytest
from rich.console import Console
from rich.table import Table
from typer.testing import CliRunner

from bench.__main__ import application
from bench.create_simulation import play
from bench.naive_protocols import NAIVE, OURS, PROTOCOLS
from bench.simulate import Figures, play_all, play_some
from bench.simulation_report import figures_table, holds, naive_table, story_table


def found(**changed: Figures) -> dict[str, Figures]:
    well = {name: Figures(10, 12, 2, problems={3: "2 products", 7: "2 products"}) for name in NAIVE}
    return {OURS: Figures(100, 100), **well, **changed}


def drawn(table: Table) -> str:
    console = Console(width=140, color_system=None)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_the_simulation_holds_when_ours_doubles_nothing_and_every_naive_protocol_something():
    assert holds(found())
    assert "seed 3" in drawn(naive_table(found()))


@pytest.mark.parametrize(
    "changed",
    [
        {OURS: Figures(100, 101, 1, problems={5: "2 products"})},
        {OURS: Figures(100, 99, 0, problems={5: "it does not come to its end"})},
        {NAIVE[-1]: Figures(100, 100)},
    ],
)
def test_one_schedule_that_does_not_hold_or_a_blind_harness_fails(changed):
    assert not holds(found(**changed))


def test_the_figures_count_duplicates_apart_from_schedules_without_an_end():
    figures = Figures(
        10, 11, 2, problems={1: "2 products", 2: "3 products", 3: "it does not come to its end"}
    )
    lines = drawn(figures_table(figures)).splitlines()

    assert next(line for line in lines if "duplicates" in line).split()[-2] == "2"
    assert next(line for line in lines if "their end" in line).split()[-2] == "1"


def test_the_same_seeds_give_the_same_figures_however_many_processes_play_them():
    told: list[int] = []

    together = play_all([(OURS, range(4_500)), ("never-looks", range(10))], told.append, processes=2)

    assert together == {
        OURS: play_some(range(4_500), OURS),
        "never-looks": play_some(range(10), "never-looks"),
    }
    assert sum(told) == 4_510


def test_a_story_has_a_line_for_each_event_in_the_column_of_whoever_acts():
    schedule = play(5, PROTOCOLS["never-looks"](), telling=True)
    table = story_table(schedule)

    assert table.row_count == len(schedule.story) > 5
    assert [column.header for column in table.columns] == ["seconds", "writer A", "writer B", "the shop"]


@pytest.mark.parametrize(
    ("protocol", "code", "ending"), [(OURS, 0, "one product"), ("never-looks", 1, "3 products")]
)
def test_one_schedule_can_be_drawn(protocol, code, ending):
    told = CliRunner().invoke(application, ["simulate", "--seed", "5", "--protocol", protocol])

    assert told.exit_code == code
    assert f"Seed 5: {ending}" in told.output


def test_a_protocol_that_is_not_known_is_named_with_those_that_are():
    told = CliRunner().invoke(application, ["simulate", "--seed", "5", "--protocol", "hope"])

    assert told.exit_code == 2
    assert "never-looks" in told.output
