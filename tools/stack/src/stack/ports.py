"""Free TCP ports on the loopback interface."""

import fcntl
import functools
import json
import os
import random
import socket
import tempfile
from collections.abc import Mapping
from pathlib import Path

LOOPBACK = "127.0.0.1"
FIRST_PORT = 15_000
LAST_PORT = 28_999
_EPHEMERAL_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")
_handed_out: set[int] = set()


class NoFreePort(Exception):
    """Every port that was tried is in use."""


def free_port(preferred: int | None = None) -> int:
    """A port that nobody listens on and that no process of this user has handed out and not got back.

    Between being handed out and being listened on lie seconds, and so they do while a killed server starts
    again: what others have been given is therefore told by a lock, which ends with the process that holds it.

    `preferred` is taken when it is free: a stack that comes back on the same data keeps its addresses.

    The kernel's ephemeral range is avoided on purpose (so not "bind to 0"): a client that keeps reconnecting
    to a dead server's port in that range is sooner or later given the same number as its own source port,
    connects to itself, and the server can no longer come back.
    """
    candidates = random.sample(range(FIRST_PORT, _last_port() + 1), 200)
    if preferred is not None:
        candidates.insert(0, preferred)
    for port in candidates:
        if port not in _handed_out and _is_free(port) and _lock(port):
            _handed_out.add(port)
            return port
    raise NoFreePort(f"no free port between {FIRST_PORT} and {_last_port()} on {LOOPBACK}")


def remembered_ports(memory: Path, preferred: Mapping[str, int | None]) -> dict[str, int]:
    """A free port by name: the one of last time, else the preferred one, else any; noted in `memory`."""
    last_time: dict[str, int] = json.loads(memory.read_text()) if memory.exists() else {}
    ports = {name: free_port(last_time.get(name, first_choice)) for name, first_choice in preferred.items()}
    memory.write_text(json.dumps(last_time | ports, indent=2))
    return ports


def return_port(port: int) -> None:
    """Let `port` be handed out again: its user has ended."""
    if port in _handed_out:
        _handed_out.remove(port)
        fcntl.lockf(_locks(), fcntl.LOCK_UN, 1, port)


def _lock(port: int) -> bool:
    """Whether the lock of a port is ours now; it is one byte of a file, at the port's number."""
    try:
        fcntl.lockf(_locks(), fcntl.LOCK_EX | fcntl.LOCK_NB, 1, port)
    except (BlockingIOError, PermissionError):  # the one or the other, by system
        return False
    return True


@functools.cache
def _locks() -> int:
    """The file, open as long as we live: whoever closes such a one gives up all its locks."""
    file = Path(tempfile.gettempdir(), f"skuwire-ports-{os.getuid()}")
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, mode=0o600)


def _last_port() -> int:
    try:
        first_ephemeral = int(_EPHEMERAL_RANGE.read_text().split()[0])
    except OSError:  # not Linux: the ranges in use elsewhere begin at 32768 or 49152
        return LAST_PORT
    return min(LAST_PORT, first_ephemeral - 1) if first_ephemeral > FIRST_PORT + 1000 else LAST_PORT


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As the servers do: connections of an earlier run that are still in TIME_WAIT do not count.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True
