"""Ends the processes of a stack whose own process died without doing so.

Runs as a script of its own, in a session of its own, and reads orders from standard input, one a line:
`watch GROUP SIGNAL` and `forget GROUP`. Only the stack's process holds the other end of the pipe, so the end
of the input means that it is gone, even by SIGKILL. Then every watched group gets its signal and, ten seconds
later, SIGKILL.

Why not PR_SET_PDEATHSIG: it reaches only the direct child, is cleared when a process changes its user
(PostgreSQL under root) and fires when the starting *thread* ends. A pipe has none of these traps and exists
on every system.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable

GRACE_SECONDS = 10.0


def watched_at_the_end(orders: Iterable[str]) -> dict[int, int]:
    """The signal by process group of what is still watched when `orders` end."""
    watched: dict[int, int] = {}
    for order in orders:
        match order.split():
            case ["watch", group, signal_number]:
                watched[int(group)] = int(signal_number)
            case ["forget", group]:
                watched.pop(int(group), None)
    return watched


def end_groups(watched: dict[int, int], grace_seconds: float = GRACE_SECONDS) -> None:
    """Ask the leaders to end, wait at most `grace_seconds`, then kill what is left of the groups."""
    for group, signal_number in watched.items():
        _send(os.kill, group, signal_number)
    deadline = time.monotonic() + grace_seconds
    while time.monotonic() < deadline and any(_send(os.killpg, group, 0) for group in watched):
        time.sleep(0.05)
    for group in watched:
        _send(os.killpg, group, signal.SIGKILL)


def _send(kill: Callable[[int, int], None], target: int, signal_number: int) -> bool:
    try:
        kill(target, signal_number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


if __name__ == "__main__":
    end_groups(watched_at_the_end(sys.stdin))
