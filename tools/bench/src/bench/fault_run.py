"""The whole matrix: its cells side by side, each in a shop that is its own as long as it runs."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from bench.fault_cells import Cell
from bench.fault_matrix import CellResult, matrix_stack, run_cell
from bench.fault_report import MatrixResult
from bench.naive_writer import NaiveResult, naive_cells, run_naive_cell

Note = Callable[[CellResult | NaiveResult], None]
"""Told how a cell ended, as soon as it has."""


def naive_cells_of(wanted: Sequence[Cell]) -> list[Cell]:
    """The naive writer's cells, for each seed of a matrix."""
    return [cell for seed in sorted({one.seed for one in wanted}) for cell in naive_cells(seed)]


async def run_matrix(data_dir: Path, wanted: Sequence[Cell], shops: int, note: Note) -> MatrixResult:
    """Run every cell, and the naive writer for each seed, in so many shops at once."""
    cells: list[CellResult] = []
    naive: list[NaiveResult] = []
    shop_ids = [f"shop{number}" for number in range(shops)]
    async with matrix_stack(data_dir, shop_ids) as around:
        waiting_naive, waiting = naive_cells_of(wanted)[::-1], list(wanted)[::-1]

        async def work(shop_id: str) -> None:
            shop = around.shop(shop_id)
            while waiting_naive:
                seen = await run_naive_cell(waiting_naive.pop(), shop)
                naive.append(seen)
                note(seen)
            while waiting:
                result = await run_cell(waiting.pop(), shop, around.gateway)
                cells.append(result)
                note(result)

        await asyncio.gather(*(work(shop_id) for shop_id in shop_ids))
    return MatrixResult(cells, naive)
