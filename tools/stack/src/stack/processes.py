"""Keeps named processes running: starts them, waits until they are ready, starts them again when they end."""

import asyncio
import logging
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp

from stack.children import Child, last_lines, spawn

log = logging.getLogger(__name__)

FIRST_PAUSE_SECONDS = 0.2
LONGEST_PAUSE_SECONDS = 5.0
STEADY_SECONDS = 10.0
ENDS_BEFORE_READY = 3


class ProcessNotReady(Exception):
    """A process did not become ready; the message ends with the last lines of its log."""


@dataclass(frozen=True)
class ProcessSpec:
    """A process to keep running. Ready means that `ready_url` answers 200; without one, that it runs."""

    name: str
    argv: tuple[str, ...] = field(repr=False)  # may hold a shop's key
    environment: Mapping[str, str] = field(repr=False)
    log: Path
    ready_url: str | None = None


@dataclass
class _Kept:
    spec: ProcessSpec
    child: Child
    task: asyncio.Task[None] | None = None
    ends: int = 0


class Supervisor:
    """A handful of processes that are started again, with growing pauses, until they are stopped.

    Meant for one event loop. Leave with `stop_all`.
    """

    def __init__(self) -> None:
        self._kept: dict[str, _Kept] = {}

    async def start(self, *specs: ProcessSpec, deadline_seconds: float = 30.0) -> None:
        """Start the processes side by side and wait until all are ready; raises ProcessNotReady."""
        for spec in specs:
            if spec.name in self._kept:
                raise ValueError(f"a process named {spec.name} is being kept already")
            kept = _Kept(spec, _spawn(spec))
            kept.task = asyncio.create_task(_keep_running(kept), name=f"keep {spec.name}")
            self._kept[spec.name] = kept
        await self.wait_ready(*(spec.name for spec in specs), deadline_seconds=deadline_seconds)

    async def wait_ready(self, *names: str, deadline_seconds: float = 30.0) -> None:
        """Wait until the named processes (all, when none is named) are ready; raises ProcessNotReady."""
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=2)) as session:
            try:
                async with asyncio.TaskGroup() as group:
                    for name in names or tuple(self._kept):
                        group.create_task(_wait_ready(self._kept[name], session, deadline_seconds))
            except ExceptionGroup as errors:  # not `except*`: Python 3.11.2 groups what is raised there
                raise errors.exceptions[0] from None

    def pid(self, name: str) -> int:
        """The process id of the latest start; the process may be between two lives."""
        return self._kept[name].child.pid

    def ends(self, name: str) -> int:
        """How often the process has ended by itself or been killed."""
        return self._kept[name].ends

    async def kill(self, name: str) -> None:
        """SIGKILL; the process is started again after a pause."""
        await self._kept[name].child.kill()

    async def stop(self, name: str, deadline_seconds: float = 10.0) -> None:
        """SIGTERM, SIGKILL at the deadline, and no new start. Unknown names are ignored."""
        kept = self._kept.pop(name, None)
        if kept is None:
            return
        if kept.task is not None:
            kept.task.cancel()
            await asyncio.wait([kept.task])
        await kept.child.stop(deadline_seconds)

    async def stop_all(self, deadline_seconds: float = 10.0) -> None:
        """Stop every process, side by side."""
        await asyncio.gather(*(self.stop(name, deadline_seconds) for name in list(self._kept)))


def pause_before_restart(previous_pause_seconds: float | None, lived_seconds: float) -> float:
    """0.2 s, doubled up to 5 s; from the start again after a life of 10 s."""
    if previous_pause_seconds is None or lived_seconds >= STEADY_SECONDS:
        return FIRST_PAUSE_SECONDS
    return min(2 * previous_pause_seconds, LONGEST_PAUSE_SECONDS)


def _spawn(spec: ProcessSpec) -> Child:
    return spawn(spec.name, spec.argv, log=spec.log, environment=spec.environment)


async def _keep_running(kept: _Kept) -> None:
    clock = asyncio.get_running_loop().time
    pause: float | None = None
    while True:
        started = clock()
        status = await kept.child.wait()
        kept.ends += 1
        pause = pause_before_restart(pause, clock() - started)
        log.warning("%s ended with status %s, starting again in %.1f s", kept.spec.name, status, pause)
        await asyncio.sleep(pause)
        kept.child = _spawn(kept.spec)


async def _wait_ready(kept: _Kept, session: aiohttp.ClientSession, deadline_seconds: float) -> None:
    clock = asyncio.get_running_loop().time
    deadline = clock() + deadline_seconds
    ends_before = kept.ends
    while not await _is_ready(kept, session):
        if kept.ends - ends_before >= ENDS_BEFORE_READY:
            raise ProcessNotReady(f"{kept.spec.name} keeps ending; {_log_end(kept.spec)}")
        if clock() > deadline:
            raise ProcessNotReady(
                f"{kept.spec.name} was not ready within {deadline_seconds:.0f} s; {_log_end(kept.spec)}"
            )
        await asyncio.sleep(0.1)


def _log_end(spec: ProcessSpec) -> str:
    return f"its log ({spec.log}) ends with:\n{last_lines(spec.log)}"


async def _is_ready(kept: _Kept, session: aiohttp.ClientSession) -> bool:
    if kept.child.has_ended():
        return False
    if kept.spec.ready_url is None:
        return True
    try:
        async with session.get(kept.spec.ready_url) as answer:
            return answer.status == 200
    except (aiohttp.ClientError, TimeoutError):
        return False
