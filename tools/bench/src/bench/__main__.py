"""`python -m bench speed` and `python -m bench faults`; both end by themselves and use this machine alone."""

import asyncio
import json
import os
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from bench.fault_cells import Cell, cells
from bench.fault_matrix import CellResult, matrix_stack, run_cell
from bench.naive_writer import duplicates, naive_cells, run_naive_cell
from bench.shops_under_test import Surroundings
from bench.speed import measure_all
from bench.speed_report import goals_table, report_of, time_table

application = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
TABLE_WIDTH = 120
console = Console(highlight=False, markup=False, soft_wrap=True)


@application.command()
def speed(
    products: Annotated[int, typer.Option(min=50, help="Products that the stack brings.")] = 1000,
    script_products: Annotated[int, typer.Option(min=5, help="Products of the user's script.")] = 60,
    report: Annotated[Path, typer.Option(help="Where the figures go.")] = Path("bench-report.json"),
) -> None:
    """Measure the whole stack against a bare loop and a user's script, in a real shop's time."""
    _keep_to_this_machine()
    with tempfile.TemporaryDirectory(prefix="skuwire-bench-") as folder:
        figures = asyncio.run(measure_all(Path(folder), products, script_products, console))
    found = report_of(figures)
    report.write_text(json.dumps(found, indent=2) + "\n", "utf-8")
    for table in (goals_table(found), time_table(found)):
        Console(width=max(console.width, TABLE_WIDTH), highlight=False, markup=False).print(table)
    console.print(f"Report: {report}")
    raise typer.Exit(0 if all(goal["reached"] for goal in found["goals"].values()) else 1)


@application.command()
def faults(
    seed: Annotated[list[int], typer.Option(help="May be given several times.")] = [1],  # noqa: B006 - typer copies it
    kind: Annotated[list[str], typer.Option(help="Only these kinds of write.")] = [],  # noqa: B006 - typer copies it
    fault: Annotated[list[str], typer.Option(help="Only these faults.")] = [],  # noqa: B006 - typer copies it
    shops: Annotated[int, typer.Option(min=1, max=8, help="Cells side by side, each in a shop.")] = 3,
) -> None:
    """Every fault of the shop against every kind of write: nothing lost, nothing twice, nothing wrong."""
    _keep_to_this_machine()
    try:
        wanted = cells(seed, kind, fault)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    with tempfile.TemporaryDirectory(prefix="skuwire-faults-") as folder:
        well = asyncio.run(_matrix(Path(folder), wanted, seed[0], shops))
    raise typer.Exit(0 if well else 1)


async def _matrix(data_dir: Path, wanted: list[Cell], seed: int, shops: int) -> bool:
    shop_ids = [f"shop{number}" for number in range(shops)]
    async with matrix_stack(data_dir, shop_ids) as surroundings:
        naive = surroundings.shop(shop_ids[0])
        seen = [await run_naive_cell(cell, naive) for cell in naive_cells(seed)]
        waiting = list(reversed(wanted))
        workers = [_work(waiting, shop_id, surroundings) for shop_id in shop_ids]
        results = [result for worker in await asyncio.gather(*workers) for result in worker]
    failed = [result for result in results if not result.holds]
    console.print(
        f"{len(results)} cells, {len(failed)} violated; {sum(r.products for r in results)} products, "
        f"{sum(r.dealt for r in results)} requests hit: lost {sum(len(r.verdict.lost) for r in results)}, "
        f"twice {sum(len(r.verdict.duplicates) for r in results)}, "
        f"wrong {sum(len(r.verdict.wrong) for r in results)}"
    )
    console.print(
        f"A writer that POSTs and tries again, in the same shop: twice {duplicates(seen)}"
        + ("" if duplicates(seen) else " — the harness sees nothing, so that the matrix proves nothing")
    )
    return not failed and duplicates(seen) > 0


async def _work(waiting: list[Cell], shop_id: str, surroundings: Surroundings) -> list[CellResult]:
    results = []
    while waiting:
        result = await run_cell(waiting.pop(), surroundings.shop(shop_id), surroundings.gateway)
        console.print(result.line())
        results.append(result)
    return results


def _keep_to_this_machine() -> None:
    """Servers of somebody else's, and real shops, must not be measured or filled."""
    for name in ("SKUWIRE_SHOP_URL", "SKUWIRE_SHOP_KEY", "DATABASE_URL", "AMQP_URL"):
        os.environ.pop(name, None)


if __name__ == "__main__":
    application(prog_name="python -m bench")
