"""What PostgreSQL and RabbitMQ have in common here: an address, and being stopped, killed and restarted."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from stack.children import Child


class ServerNotStarted(Exception):
    """A server did not come up; the message says what to do or ends with its last log lines."""


class NotOurs(Exception):
    """The server was given to us by its address, so that only its owner may kill or restart it."""


@dataclass(frozen=True)
class Command:
    """How a program is called; `environment` is all that it sees, None the caller's own."""

    argv: tuple[str, ...]
    environment: Mapping[str, str] | None = field(default=None, repr=False)


class Server(Protocol):
    """A running server."""

    @property
    def url(self) -> str:
        """Where it answers, credentials included: never to be logged."""

    async def stop(self) -> None:
        """End it in an orderly way; its data stays. Stopping twice is harmless."""

    async def kill(self) -> None:
        """End it by SIGKILL, as the out-of-memory killer would."""

    async def restart(self) -> None:
        """Bring it up again on the same data and the same address, whatever state it is in."""


class GivenServer:
    """A server that was here before us: used as is and never stopped."""

    def __init__(self, url: str) -> None:
        self.url = url

    async def stop(self) -> None:
        """Do nothing: it is not ours to stop."""

    async def kill(self) -> None:
        """Refuse."""
        raise NotOurs("cannot kill a server that was given by its address")

    async def restart(self) -> None:
        """Refuse."""
        raise NotOurs("cannot restart a server that was given by its address")


async def wait_until(
    is_ready: Callable[[], Awaitable[bool]],
    *,
    child: Child,
    deadline_seconds: float,
    pause_seconds: float = 0.05,
) -> None:
    """Poll until `is_ready`; raises ServerNotStarted when `child` ends before or the deadline passes."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + deadline_seconds
    while not child.has_ended():
        if await is_ready():
            return
        if loop.time() > deadline:
            raise ServerNotStarted(
                f"{child.name} did not answer within {deadline_seconds:.0f} s; "
                f"its log ({child.log}) ends with:\n{child.last_lines()}"
            )
        await asyncio.sleep(pause_seconds)
    raise ServerNotStarted(
        f"{child.name} ended with status {child.process.returncode}; its log ({child.log}) ends with:\n"
        f"{child.last_lines()}"
    )


async def accepts_connections(port: int, host: str = "127.0.0.1") -> bool:
    """Whether anything accepts a TCP connection there."""
    try:
        async with asyncio.timeout(2):
            _, writer = await asyncio.open_connection(host, port)
    except (OSError, TimeoutError):
        return False
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        return False
    return True
