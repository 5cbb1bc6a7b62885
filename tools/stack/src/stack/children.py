"""Child processes that never outlive us: each leads a process group, and a guardian ends what we cannot."""

import asyncio
import atexit
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from stack import guardian

POLL_SECONDS = 0.03
LOG_ROTATION_BYTES = 20 * 1024 * 1024


@dataclass
class Child:
    """A process that we started, with everything that it started in turn (its process group).

    Bound to no event loop: a server that a session fixture started can be killed by any test.
    """

    name: str
    log: Path
    stop_signal: signal.Signals
    process: subprocess.Popen[bytes] = field(repr=False)  # its arguments and environment may hold secrets

    @property
    def pid(self) -> int:
        """The process id, which is the group id as well."""
        return self.process.pid

    def has_ended(self) -> bool:
        """Whether the process is over; what it left behind in its group is then killed."""
        if self.process.poll() is None:
            return False
        _signal_group(self.pid, signal.SIGKILL)
        _guard.forget(self.pid)
        return True

    async def wait(self) -> int:
        """Wait for the end; the exit status, negative for a signal."""
        while not self.has_ended():  # noqa: ASYNC110 - there is no event to wait for: a poll binds us to no loop
            await asyncio.sleep(POLL_SECONDS)
        return self.process.returncode

    async def stop(self, deadline_seconds: float) -> None:
        """Ask it to end, wait at most `deadline_seconds`, then kill it. Stopping twice is harmless."""
        if not self.has_ended():
            self.process.send_signal(self.stop_signal)
            try:
                await asyncio.wait_for(self.wait(), deadline_seconds)
            except TimeoutError:
                await self.kill()

    async def kill(self) -> None:
        """SIGKILL for the whole group: the process gets no chance to tidy up."""
        if not self.has_ended():
            _signal_group(self.pid, signal.SIGKILL)
            await self.wait()

    def last_lines(self, count: int = 15) -> str:
        """The end of its log, for an error message."""
        return last_lines(self.log, count)


def spawn(
    name: str,
    argv: Sequence[str],
    *,
    log: Path,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
    stop_signal: signal.Signals = signal.SIGTERM,
) -> Child:
    """Start a process; its output is appended to `log`, its input is empty. `None` inherits our environment.

    It gets a session of its own: Ctrl-C in the terminal reaches only us, and we stop it in our order.
    """
    log.parent.mkdir(parents=True, exist_ok=True)
    _rotate(log)
    with log.open("ab") as output:
        process = subprocess.Popen(  # noqa: S603 - every argument comes from this package
            argv,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=environment,
            cwd=folder,
            start_new_session=True,
        )
    _guard.watch(process.pid, stop_signal)
    return Child(name, log, stop_signal, process)


def last_lines(log: Path, count: int = 15) -> str:
    """The last lines of a log file; empty when there is none. Reads 16 KiB at most."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16 * 1024))
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    return "\n".join(text.splitlines()[-count:])


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > LOG_ROTATION_BYTES:
        log.replace(log.with_name(log.name + ".1"))


def _signal_group(group: int, signal_number: int) -> None:
    try:
        os.killpg(group, signal_number)
    except (ProcessLookupError, PermissionError):  # gone; macOS answers EPERM for a group of zombies
        return


class _Guard:
    """Our end of the pipe to the guardian, which is started with the first child."""

    def __init__(self) -> None:
        self._watched: dict[int, int] = {}
        self._process: subprocess.Popen[bytes] | None = None
        self._lock = threading.Lock()

    def watch(self, group: int, signal_number: int) -> None:
        with self._lock:
            self._watched[group] = signal_number
            self._tell(f"watch {group} {int(signal_number)}\n")

    def forget(self, group: int) -> None:
        with self._lock:
            if self._watched.pop(group, None) is not None:
                self._tell(f"forget {group}\n")

    def close(self) -> None:
        """Let go of the guardian: it ends every child that is still there as soon as we are gone."""
        with self._lock:
            if self._process is not None and self._process.stdin is not None:
                self._process.stdin.close()
                if not self._watched:  # else it waits for children that only our own end lets it see dead
                    self._process.wait()

    def _tell(self, order: str) -> None:
        if self._process is None or self._process.poll() is not None:
            self._process = self._start()
            order = "".join(f"watch {group} {number}\n" for group, number in self._watched.items())
        assert self._process.stdin is not None  # noqa: S101 - started with a pipe three lines above
        self._process.stdin.write(order.encode())
        self._process.stdin.flush()

    def _start(self) -> subprocess.Popen[bytes]:
        # -I -S: nothing but the standard library, so that it is there in a few milliseconds.
        return subprocess.Popen(  # noqa: S603 - our own script
            [sys.executable, "-I", "-S", guardian.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,  # else a terminal or pipe of ours stays open after us
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )


_guard = _Guard()
atexit.register(_guard.close)
