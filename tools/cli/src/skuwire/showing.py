"""Progress and results for a person: a live display on a terminal, a line now and then elsewhere."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars
from rich.table import Table

from skuwire.gateway import Gateway
from skuwire.problems import SKUWIRE, ExitCode, Problem
from skuwire.progress import RESULTS, Progress, RefusedItem, progress_of

POLL_SECONDS = 0.4
LINE_EVERY_SECONDS = 5.0
STANDSTILL_SECONDS = 30.0
MOST_SHOWN_REFUSED = 50


class Counter(Protocol):
    """Told how many of how many are done."""

    def __call__(self, done: int, total: int) -> None: ...


@contextmanager
def counting(console: Console, label: str) -> Iterator[Counter]:
    """A bar for something that is counted on this side, such as pictures sent."""
    with _bars(console) as bars:
        task = bars.add_task(label, total=None)
        last = (0, 0)

        def show(done: int, total: int) -> None:
            nonlocal last
            last = (done, total)
            bars.update(task, completed=done, total=total)

        yield show
    if not console.is_terminal and last[1]:
        console.print(f"  {label}: {last[0]} of {last[1]}")


async def follow_bulk(
    gateway: Gateway, bulk_id: str, console: Console, *, once: bool = False, give_up_seconds: float = 600.0
) -> Progress:
    """Show how a bulk advances until it is finished, or how it stands (`once`).

    Raises Problem when nothing moves for `give_up_seconds`.
    """
    movement = _Movement(console)
    with _bars(console) as bars:
        tasks = {name: bars.add_task(name, total=None) for name in ("validated", "written", "with pictures")}
        while True:
            now = progress_of(await gateway.bulk(bulk_id))
            for name, done in zip(tasks, (now.validated, now.written, now.settled), strict=True):
                bars.update(tasks[name], completed=done, total=now.total)
            if now.finished or once:
                return now
            if movement.still_seconds(now) > give_up_seconds:
                raise Problem(
                    f"{bulk_id} has not moved for {give_up_seconds:.0f} s; it is kept and goes on by itself",
                    f"Look again: {SKUWIRE} status {bulk_id}; why: {SKUWIRE} logs --trace {now.trace_id}",
                    code=ExitCode.NOT_AS_PROMISED,
                )
            await asyncio.sleep(POLL_SECONDS)


class _Movement:
    """Notices when nothing moves, and tells the progress in lines where there is no terminal for bars."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._clock = asyncio.get_running_loop().time
        self._before: Progress | None = None
        self._moved_at = self._told_at = self._clock()
        self._hinted = False

    def still_seconds(self, now: Progress) -> float:
        """For how long the progress has been the same."""
        if now != self._before:
            self._before, self._moved_at, self._hinted = now, self._clock(), False
        still = self._clock() - self._moved_at
        if still > STANDSTILL_SECONDS and not self._hinted:
            self._hinted = True
            self._console.print(
                f"  [yellow]Nothing has moved for {STANDSTILL_SECONDS:.0f} s.[/] "
                "Perhaps the shop is away; the services' logs tell.",
                soft_wrap=True,
            )
        if not self._console.is_terminal and self._clock() - self._told_at > LINE_EVERY_SECONDS:
            self._told_at = self._clock()
            self._console.print(
                f"  of {now.total}: validated {now.validated}, written {now.written}, done {now.settled}"
            )
        return still


def results_table(progress: Progress, title: str) -> Table:
    """How the items ended."""
    table = Table(title=title, title_justify="left", show_header=False)
    for result in RESULTS:
        count = progress.results[result]
        if count or result != "deleted":
            table.add_row(result, str(count), style="red" if result == "refused" and count else "")
    table.add_row("pictures", str(progress.pictures))
    table.add_row("trace id", progress.trace_id or "-")
    return table


def refused_table(refused: Sequence[RefusedItem]) -> Table:
    """Who was refused, and every reason."""
    table = Table(title=f"Refused: {len(refused)}", title_justify="left", show_lines=True)
    table.add_column("item", overflow="fold", max_width=24)
    table.add_column("why, and what to do", overflow="fold")
    for item in refused[:MOST_SHOWN_REFUSED]:
        reasons = (
            f"[red]{code}[/] in {escape(field) or 'the item'}\n{escape(message)}"
            for field, code, message in item.reasons
        )
        table.add_row(escape(item.name), "\n".join(reasons))
    if len(refused) > MOST_SHOWN_REFUSED:
        table.add_row(f"and {len(refused) - MOST_SHOWN_REFUSED} more", "")
    return table


def key_value_table(title: str, rows: Iterable[tuple[str, object]]) -> Table:
    """Names and values."""
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(overflow="fold")
    table.add_column(overflow="fold")
    for name, value in rows:
        table.add_row(name, escape(str(value)))
    return table


def _bars(console: Console) -> Bars:
    return Bars(
        TextColumn("  {task.description:<14}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        console=console,
        disable=not console.is_terminal,
    )
