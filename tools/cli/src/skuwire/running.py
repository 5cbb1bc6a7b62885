"""Runs a command's coroutine: Ctrl-C and SIGTERM let it tidy up, problems are told in a sentence."""

import asyncio
import signal
from collections.abc import Coroutine
from typing import Any, TypeVar

import typer

from skuwire.gateway import AnswerLost, GatewayAway, GatewayRefused
from skuwire.problems import SKUWIRE, ExitCode, Problem, tell
from stack.ports import NoFreePort
from stack.processes import ProcessNotReady
from stack.servers import ServerNotStarted
from stack.stack import AlreadyRunning, MigrationFailed

T = TypeVar("T")


def run_command(work: Coroutine[Any, Any, T]) -> T:
    """The coroutine's result. Raises typer.Exit: 128 + signal when interrupted, else a problem's code."""
    interrupted: list[signal.Signals] = []
    try:
        return asyncio.run(_interruptible(work, interrupted))
    except asyncio.CancelledError:
        raise typer.Exit(128 + interrupted[0] if interrupted else ExitCode.NOT_AS_PROMISED) from None
    except (Problem, *_EXPECTED) as error:
        raise tell(_as_problem(error)) from None


async def _interruptible(work: Coroutine[Any, Any, T], interrupted: list[signal.Signals]) -> T:
    task = asyncio.ensure_future(work)
    loop = asyncio.get_running_loop()

    def interrupt(number: signal.Signals) -> None:
        if not interrupted:  # a second Ctrl-C must not cut short the stopping of what was started
            interrupted.append(number)
            task.cancel()

    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, interrupt, number)
    return await task


_EXPECTED = (
    AlreadyRunning,
    AnswerLost,
    GatewayAway,
    GatewayRefused,
    MigrationFailed,
    NoFreePort,
    ProcessNotReady,
    ServerNotStarted,
)


def _as_problem(error: Exception) -> Problem:
    if isinstance(error, Problem):
        return error
    if isinstance(error, GatewayAway):
        return Problem(str(error), f"Is it running? Start it with: {SKUWIRE} up", code=ExitCode.GATEWAY_AWAY)
    if isinstance(error, AnswerLost):
        step = "What was sent may have been accepted; sending it again is harmless."
        return Problem(str(error), step, code=ExitCode.GATEWAY_AWAY)
    if isinstance(error, GatewayRefused):
        return Problem(str(error), _advice(error.status), code=ExitCode.REFUSED)
    if isinstance(error, AlreadyRunning):
        return Problem(str(error), f"Stop it with: {SKUWIRE} down, or choose another --data-dir.")
    return Problem(str(error), "The logs in the data folder tell more; try again once the cause is gone.")


def _advice(status: int) -> str:
    return {
        401: "Check --email and SKUWIRE_PASSWORD.",
        403: "The credential may not do this.",
        404: "Check the id: it belongs to another gateway or tenant, or never existed.",
        413: "Send fewer items at a time.",
        422: "Correct the fields that are named above and send again.",
    }.get(status, "")
