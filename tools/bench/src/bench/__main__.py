"""`python -m bench speed`, `faults`, `simulate`, `fuzz`, `slow-clients`, …: each ends by itself."""

import asyncio
import json
import os
import secrets
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from bench import fault_report, simulation_report
from bench.create_simulation import play
from bench.document_fuzz import DocumentFuzzResult, fuzz_document
from bench.fault_cells import cells
from bench.fault_matrix import CellResult
from bench.fault_run import naive_cells_of, run_matrix
from bench.fuzz import FuzzResult, fuzz
from bench.naive_protocols import NAIVE, OURS, PROTOCOLS
from bench.naive_writer import NaiveResult
from bench.simulate import play_all
from bench.slow_clients import SlowResult, measure
from bench.slow_endpoint import Plan, SlowEndpointResult
from bench.slow_endpoint import measure as measure_slow_endpoint
from bench.speed import measure_all
from bench.speed_report import goals_line, goals_table, report_of, time_table
from bench.webhook_kills import KillsResult, kill_the_relay
from skuwire.showing import Counter, counting

application = typer.Typer(add_completion=False, rich_markup_mode=None, no_args_is_help=True)
TABLE_WIDTH = 120
NAIVE_SEEDS = 10_000  # so many show duplicates of each of them
console = Console(highlight=False, markup=False)


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
    report.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n", "utf-8")
    for table in (time_table(found), goals_table(found)):
        _print_table(table)
    console.print(goals_line(found), soft_wrap=True)
    console.print(f"Report: {report}", soft_wrap=True)
    raise typer.Exit(0 if found["reached"] else 1)


@application.command()
def faults(
    seed: Annotated[list[int], typer.Option(help="May be given several times.")] = [1, 2, 3],  # noqa: B006 - typer copies it
    kind: Annotated[list[str], typer.Option(help="Only these kinds of write.")] = [],  # noqa: B006 - typer copies it
    fault: Annotated[list[str], typer.Option(help="Only these faults.")] = [],  # noqa: B006 - typer copies it
    shops: Annotated[int, typer.Option(min=1, max=8, help="Cells side by side, each in a shop.")] = 5,
    report: Annotated[Path, typer.Option(help="Where the cells go.")] = Path("faults-report.json"),
) -> None:
    """Every fault of the shop against every kind of write: nothing lost, nothing twice, nothing wrong."""
    _keep_to_this_machine()
    try:
        wanted = cells(seed, kind, fault)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from None
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="skuwire-faults-") as folder, counting(console, "cells") as count:
        add = _summing(count, len(wanted) + len(naive_cells_of(wanted)))

        def note(result: CellResult | NaiveResult) -> None:
            console.print(result.line(), soft_wrap=True)
            add(1)

        found = asyncio.run(run_matrix(Path(folder), wanted, shops, note))
    told = fault_report.report_of(found, time.monotonic() - started)
    report.write_text(json.dumps(told, indent=2) + "\n", "utf-8")
    _print_table(fault_report.matrix_table(found))
    for line in fault_report.summary_lines(told):
        console.print(line, soft_wrap=True)
    console.print(f"Report: {report}", soft_wrap=True)
    raise typer.Exit(0 if found.holds else 1)


@application.command()
def simulate(
    seeds: Annotated[int, typer.Option(min=1, help="Schedules that are played.")] = 200_000,
    seed: Annotated[int | None, typer.Option(min=0, help="Draw this schedule alone, line by line.")] = None,
    protocol: Annotated[str, typer.Option(help=f"With --seed: {', '.join(PROTOCOLS)}.")] = OURS,
) -> None:
    """Play the create protocol under kills, freezes, outages, lost answers: one product in each schedule."""
    if protocol not in PROTOCOLS:
        raise typer.BadParameter(f"not known: {protocol}; it is one of {', '.join(PROTOCOLS)}")
    if seed is not None:
        raise typer.Exit(0 if _draw_schedule(seed, protocol) else 1)
    started = time.monotonic()
    wanted = [(OURS, range(seeds)), *((name, range(NAIVE_SEEDS)) for name in NAIVE)]
    with counting(console, "schedules") as count:
        found = play_all(wanted, _summing(count, sum(len(part) for _, part in wanted)))
    _print_table(simulation_report.figures_table(found[OURS]))
    _print_table(simulation_report.naive_table(found))
    console.print(
        f"{sum(one.schedules for one in found.values()):,} schedules in {time.monotonic() - started:.0f} s"
    )
    if found[OURS].problems:
        _draw_schedule(min(found[OURS].problems), OURS)
    raise typer.Exit(0 if simulation_report.holds(found) else 1)


@application.command("fuzz")
def fuzz_gateway() -> None:
    """Send a gateway everything hostile: no error of ours, no hang, bounded memory."""
    with tempfile.TemporaryDirectory(prefix="skuwire-fuzz-") as folder:
        _tell(asyncio.run(fuzz(Path(folder))))


@application.command("fuzz-document")
def fuzz_the_document(
    seed: Annotated[int | None, typer.Option(help="Of an earlier run, to have it again.")] = None,
    examples: Annotated[int, typer.Option(min=1, help="Requests per operation beside the boundaries.")] = 250,
    requests: Annotated[int, typer.Option(min=1, help="As many have to be sent.")] = 20_000,
) -> None:
    """Send a gateway what Schemathesis makes of its OpenAPI document: answered as documented, all of it."""
    seed = secrets.randbelow(10**6) if seed is None else seed
    with tempfile.TemporaryDirectory(prefix="skuwire-fuzz-") as folder:
        _tell(asyncio.run(fuzz_document(Path(folder), seed=seed, examples=examples, wanted=requests)))


@application.command()
def slow_clients(
    clients: Annotated[int, typer.Option(min=5, help="Clients that keep the gateway waiting.")] = 500,
) -> None:
    """Besiege a gateway with slow clients: each is closed in time, a healthy one goes on."""
    with tempfile.TemporaryDirectory(prefix="skuwire-slow-") as folder:
        _tell(asyncio.run(measure(Path(folder), clients)))


@application.command()
def slow_endpoint(
    rounds: Annotated[int, typer.Option(min=1, help="Times that it is measured without and with it.")] = 4,
    chunks: Annotated[int, typer.Option(min=10, help="Chunks that are told in each half of a round.")] = 100,
) -> None:
    """One endpoint that answers after 14 s among ten fast ones: how much later do those get theirs?"""
    plan = Plan(rounds, chunks)
    with (
        tempfile.TemporaryDirectory(prefix="skuwire-slow-") as folder,
        counting(console, "deliveries to fast endpoints") as count,
    ):
        result = asyncio.run(measure_slow_endpoint(Path(folder), plan, _summing(count, plan.deliveries)))
    _print_table(result.table())
    _tell(result)


@application.command()
def webhook_kills(
    chunks: Annotated[int, typer.Option(min=1, help="Webhooks that are to be delivered.")] = 10_000,
    kills: Annotated[int, typer.Option(min=1, help="Times that the relay is killed.")] = 50,
    rotations: Annotated[int, typer.Option(min=0, max=10, help="Times that the secret is rotated.")] = 10,
) -> None:
    """Kill the relay while it delivers and secrets are rotated: every webhook comes, verified."""
    with tempfile.TemporaryDirectory(prefix="skuwire-webhooks-") as folder:
        _tell(asyncio.run(kill_the_relay(Path(folder), chunks, kills, rotations)))


def _tell(
    result: DocumentFuzzResult | FuzzResult | SlowResult | SlowEndpointResult | KillsResult,
) -> NoReturn:
    """Print the figures and end: with 1 where something is not as it should be."""
    for line in result.lines():
        console.print(line, soft_wrap=True)
    raise typer.Exit(1 if result.problems else 0)


def _summing(count: Counter, total: int) -> Callable[[int], None]:
    done = 0

    def note(more: int) -> None:
        nonlocal done
        done += more
        count(done, total)

    return note


def _draw_schedule(seed: int, protocol: str) -> bool:
    """Draw one schedule; whether one product was made."""
    schedule = play(seed, PROTOCOLS[protocol](), telling=True)
    _print_table(simulation_report.story_table(schedule))
    console.print(simulation_report.ending_of(schedule), soft_wrap=True)
    return not schedule.problem


def _print_table(table: Table) -> None:
    Console(width=max(console.width, TABLE_WIDTH), highlight=False, markup=False).print(table)


def _keep_to_this_machine() -> None:
    """Servers of somebody else's, and real shops, must not be measured or filled."""
    for name in ("SKUWIRE_SHOP_URL", "SKUWIRE_SHOP_KEY", "DATABASE_URL", "AMQP_URL"):
        os.environ.pop(name, None)


if __name__ == "__main__":
    application(prog_name="python -m bench")
