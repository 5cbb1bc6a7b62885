"""Reading a request's body: bounded in size and in memory before anything is spent on it.

How long it may take is the server's matter: `common.http.server`.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from common.http.server import BodyTooSlow
from gateway.errors import Refusal, too_large, unavailable, unreadable, unsupported
from gateway.strict_json import Json, Unreadable, parse_json

SMALL_BODY_BYTES = 64 * 1024
LEAST_AT_A_TIME = 2  # so many of the largest bodies can be read side by side


class BodyBudget:
    """The memory that bodies may take at a time; requests wait for their turn.

    A small body is not counted: it never waits for large ones.
    """

    def __init__(self, total_bytes: int, turn_seconds: float) -> None:
        self.total_bytes = total_bytes
        self.turn_seconds = turn_seconds
        self.changed = asyncio.Condition()
        self.shares: list[BodyShare] = []  # the oldest first

    @property
    def free_bytes(self) -> int:
        return self.total_bytes - sum(share.size for share in self.shares)

    @asynccontextmanager
    async def share(self) -> AsyncIterator["BodyShare"]:
        """A share of the memory, empty at first, free again with the end of the block."""
        share = BodyShare(self)
        self.shares.append(share)
        try:
            yield share
        finally:
            self.shares.remove(share)
            async with self.changed:
                self.changed.notify_all()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Hold `size` bytes. Raises `Refusal`: 413, 503."""
        async with self.share() as share:
            await share.grow_to(size)
            yield


class BodyShare:
    """What one body takes of the memory."""

    def __init__(self, budget: BodyBudget) -> None:
        self._budget = budget
        self.size = 0
        self.is_waiting = False

    async def grow_to(self, size: int) -> None:
        """Hold `size` bytes from now on.

        Raises `Refusal`: 413 where no turn could be long enough, 503 when it does not come in time.
        """
        budget = self._budget
        wanted = max(0, size - SMALL_BODY_BYTES)
        if wanted > budget.total_bytes // LEAST_AT_A_TIME:
            raise too_large("The body holds more values than can be read at a time; send it in parts.")
        if not self._fits(wanted):
            await self._wait_for(wanted)
        self.size = wanted

    async def _wait_for(self, wanted: int) -> None:
        budget = self._budget
        # Of several that wait for each other's memory the oldest waits longer, and so gets it.
        older = budget.shares[: budget.shares.index(self)]
        turns = 1 if any(share.is_waiting for share in older) else 2
        self.is_waiting = True
        try:
            async with asyncio.timeout(turns * budget.turn_seconds), budget.changed:
                await budget.changed.wait_for(lambda: self._fits(wanted))
        except TimeoutError:
            raise unavailable("Too many large requests at a time; nothing was accepted.") from None
        finally:
            self.is_waiting = False

    def _fits(self, wanted: int) -> bool:
        return wanted - self.size <= self._budget.free_bytes


async def read_json(request: web.Request, *, max_bytes: int = SMALL_BODY_BYTES) -> Json:
    """The body as JSON. Raises `Refusal`: 400, 408, 413, 415."""
    check_json(request, max_bytes)
    body = bytearray()
    async for part in chunks_of(request, max_bytes):
        body += part
    return await parsed(bytes(body))


async def parsed(raw: bytes) -> Json:
    """The value behind the body, read in a thread where it is long. Raises `Refusal` (400)."""
    try:
        return await asyncio.to_thread(parse_json, raw) if len(raw) > SMALL_BODY_BYTES else parse_json(raw)
    except Unreadable as error:
        raise unreadable(str(error)) from None


def check_json(request: web.Request, max_bytes: int) -> None:
    """Refuse what is announced as something else than JSON in UTF-8, or as too long."""
    check_length(request, max_bytes)
    if request.content_type != "application/json":
        raise unsupported("The body must be sent as application/json.")
    if (request.charset or "utf-8").lower() not in {"utf-8", "utf8", "us-ascii"}:
        raise unsupported("The body must be sent in UTF-8.")


def check_length(request: web.Request, max_bytes: int) -> None:
    """Refuse what is announced as too long, or as encoded in a way that hides its length."""
    if request.headers.get("Content-Encoding", "identity").lower() != "identity":
        raise unsupported("The body must be sent without a content encoding.")
    if request.content_length is not None and request.content_length > max_bytes:
        raise too_large(f"The body has {request.content_length} bytes; at most {max_bytes} are taken.")


async def chunks_of(request: web.Request, max_bytes: int) -> AsyncIterator[bytes]:
    """The body as it comes.

    Raises `Refusal`: 400 where it ends early, 408 where it comes too slowly, 413 where it is too long.
    """
    received = 0
    try:
        while part := await request.content.readany():
            received += len(part)
            if received > max_bytes:
                raise too_large(f"The body has more than {max_bytes} bytes.")
            yield part
    except BodyTooSlow:
        raise Refusal(408, "too_slow", "The body did not arrive in time.") from None
    except (web.RequestPayloadError, ConnectionError):
        raise unreadable("The body ended early, or its chunks cannot be read.") from None
