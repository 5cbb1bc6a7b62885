"""What the fault matrix tells at its end, and when it fails."""

from dataclasses import replace

import pytest
from rich.console import Console

from bench.fault_cells import FAULTS as EVERY_FAULT
from bench.fault_cells import KINDS, cells
from bench.fault_matrix import CellResult
from bench.fault_report import MatrixResult, matrix_table, report_of, summary_lines
from bench.naive_writer import NaiveResult, naive_cells
from bench.oracle import Verdict

FAULTS = ["drop_after", "html_200"]


def a_matrix(**first: object) -> MatrixResult:
    """Creates and brands under two faults and two seeds, all well but for what is said of the first cell."""
    wanted = cells([1, 2], ["creates", "brands"], FAULTS)
    held = [CellResult(cell, Verdict(), dealt=3, refused=0, seconds=1.0, products=200) for cell in wanted]
    naive = [NaiveResult(cell, Verdict(duplicates=["P"])) for seed in (1, 2) for cell in naive_cells(seed)]
    return MatrixResult([replace(held[0], **first), *held[1:]], naive)


def drawn(matrix: MatrixResult) -> str:
    console = Console(width=120, color_system=None)
    with console.capture() as capture:
        console.print(matrix_table(matrix))
    return capture.get()


def test_a_matrix_holds_when_every_cell_does_and_the_naive_writer_has_made_duplicates():
    matrix = a_matrix()

    assert matrix.holds
    report = report_of(matrix, 12.3)
    assert (report["cells"], report["violated"], report["products"], report["hit"]) == (8, 0, 1600, 24)
    assert report["naive_writer"]["twice"] == len(matrix.naive)


@pytest.mark.parametrize(
    ("first", "shown"),
    [
        ({"verdict": Verdict(duplicates=["P", "Q", "R"])}, "3 twice"),
        ({"verdict": Verdict(lost=["P"])}, "1 lost"),
        ({"refused": 4}, "4 refused"),
        ({"problem": "3 of 200 items open"}, "not finished"),
        ({"dealt": 0}, "not hit"),
    ],
)
def test_one_violated_cell_fails_the_matrix_and_is_drawn(first, shown):
    matrix = a_matrix(**first)

    assert not matrix.holds
    assert report_of(matrix, 1.0)["violated"] == 1
    assert shown in drawn(matrix)
    assert shown not in drawn(a_matrix())


def test_a_seed_in_which_the_naive_writer_made_nothing_twice_proves_nothing():
    matrix = a_matrix()
    blind = MatrixResult(
        matrix.cells, [replace(one, verdict=Verdict()) if one.cell.seed == 2 else one for one in matrix.naive]
    )

    assert (blind.holds, blind.blind_seeds) == (False, [2])
    assert "proves nothing" in summary_lines(report_of(blind, 1.0))[-1]


def test_the_table_has_a_line_for_each_kind_and_a_column_for_each_fault():
    lines = drawn(a_matrix()).splitlines()

    assert [
        name for name in ("brands", "creates", "naive writer") if sum(name in line for line in lines) != 1
    ] == []
    assert any(all(fault in line for fault in FAULTS) for line in lines)
    assert sum(line.count("6 ok") for line in lines) == 2 * len(FAULTS)  # three hits in each of two seeds


def test_the_whole_table_can_be_read():
    results = [CellResult(cell, Verdict(), dealt=3, refused=0, seconds=1.0) for cell in cells([1])]

    table = drawn(MatrixResult(results, []))

    assert all(kind.name in table for kind in KINDS)
    assert table.count("3 ok") == len(KINDS) * len(EVERY_FAULT)
