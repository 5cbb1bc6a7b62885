"""What the fault matrix has shown: kinds of write against faults in a table, every cell in a report. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from rich.table import Table
from rich.text import Text

from bench.fault_cells import FAULTS, KINDS
from bench.fault_matrix import CellResult
from bench.naive_writer import NaiveResult

COUNTED = ("lost", "twice", "wrong", "refused")


@dataclass(frozen=True)
class MatrixResult:
    """Every cell of Skuwire's, and those of the writer that POSTs and tries again."""

    cells: Sequence[CellResult]
    naive: Sequence[NaiveResult]

    @property
    def violated(self) -> list[CellResult]:
        return [result for result in self.cells if not result.holds]

    @property
    def blind_seeds(self) -> list[int]:
        """Seeds in which the naive writer made nothing twice: there the harness has seen nothing."""
        seeds = {result.cell.seed for result in self.cells}
        return sorted(seeds - {result.cell.seed for result in self.naive if result.verdict.duplicates})

    @property
    def holds(self) -> bool:
        return not self.violated and not self.blind_seeds


def counts_of(results: Iterable[CellResult]) -> dict[str, int]:
    """Products and hit requests of some cells, and what went wrong in them."""
    told = list(results)
    return {
        "products": sum(result.products for result in told),
        "hit": sum(result.dealt for result in told),
        "lost": sum(len(result.verdict.lost) for result in told),
        "twice": sum(len(result.verdict.duplicates) for result in told),
        "wrong": sum(len(result.verdict.wrong) for result in told),
        "refused": sum(result.refused for result in told),
    }


def report_of(matrix: MatrixResult, seconds: float) -> dict[str, Any]:
    """The report as it is written to the file; `seconds`: how long the matrix took."""
    return {
        "holds": matrix.holds,
        "seconds": round(seconds, 1),
        "cells": len(matrix.cells),
        "violated": len(matrix.violated),
        **counts_of(matrix.cells),
        "naive_writer": {
            "twice": sum(len(result.verdict.duplicates) for result in matrix.naive),
            "seeds_without_a_duplicate": matrix.blind_seeds,
            "cells": [
                {
                    "fault": result.cell.fault,
                    "seed": result.cell.seed,
                    "twice": len(result.verdict.duplicates),
                }
                for result in matrix.naive
            ],
        },
        "matrix": [_cell(result) for result in matrix.cells],
    }


def _cell(result: CellResult) -> dict[str, Any]:
    return {
        "kind": result.cell.kind.name,
        "fault": result.cell.fault,
        "seed": result.cell.seed,
        "holds": result.holds,
        **counts_of([result]),
        "seconds": round(result.seconds, 1),
        "problem": result.problem,
    }


def matrix_table(matrix: MatrixResult) -> Table:
    """A line for each kind of write, a column for each fault; all seeds of a cell together."""
    cells: defaultdict[tuple[str, str], list[CellResult]] = defaultdict(list)
    for result in matrix.cells:
        cells[result.cell.kind.name, result.cell.fault].append(result)
    faults = [fault for fault in FAULTS if any((kind.name, fault) in cells for kind in KINDS)]
    table = Table(title="Requests hit, and what came of them", title_justify="left")
    table.add_column("write", no_wrap=True)
    for fault in faults:
        table.add_column(fault, justify="right", overflow="fold")
    for kind in KINDS:
        if any((kind.name, fault) in cells for fault in faults):
            table.add_row(kind.name, *(_shown(cells[kind.name, fault]) for fault in faults))
    table.add_row("naive writer", *(_naive_shown(matrix.naive, fault) for fault in faults))
    return table


def _shown(results: Sequence[CellResult]) -> Text:
    """`6 ok`: six requests were hit, and everything is as it should be."""
    counts = counts_of(results)
    if all(result.holds for result in results):
        return Text(f"{counts['hit']} ok", style="green")
    wrong = [f"{counts[name]} {name}" for name in COUNTED if counts[name]]
    if not wrong:
        wrong = ["not finished" if any(result.problem for result in results) else "not hit"]
    return Text(", ".join(wrong), style="bold red")


def _naive_shown(naive: Sequence[NaiveResult], fault: str) -> Text:
    under = [len(result.verdict.duplicates) for result in naive if result.cell.fault == fault]
    return Text(f"{sum(under)} twice" if under else "", style="yellow")


def summary_lines(report: Mapping[str, Any]) -> list[str]:
    """The report in three lines."""
    naive = report["naive_writer"]
    blind = naive["seeds_without_a_duplicate"]
    return [
        f"{report['cells']} cells, {report['violated']} violated, in {report['seconds']:.0f} s",
        ", ".join(f"{name} {report[name]}" for name in ("products", "hit", *COUNTED)),
        f"A writer that POSTs and tries again, in the same shops: twice {naive['twice']}"
        + (f"; none with seed {blind}, where the matrix proves nothing" if blind else ""),
    ]
