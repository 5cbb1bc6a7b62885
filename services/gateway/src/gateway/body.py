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
UNVOUCHED_SHARE = 4  # bodies of senders that are not known yet get a quarter: anybody can send them


class BodyBudget:
    """The memory that bodies may take at a time; requests wait for their turn.

    A small body is not counted: it never waits for large ones. Those that nobody has vouched for take no more
    than a part of it, together: others never wait for them alone.
    """

    def __init__(self, total_bytes: int, turn_seconds: float) -> None:
        self.total_bytes = total_bytes
        self.turn_seconds = turn_seconds
        self.changed = asyncio.Condition()
        self.shares: list[BodyShare] = []  # the oldest first

    @property
    def free_bytes(self) -> int:
        return self.total_bytes - sum(share.size for share in self.shares)

    @property
    def unvouched_bytes(self) -> int:
        """What bodies that nobody has vouched for may take."""
        return self.total_bytes // UNVOUCHED_SHARE

    @property
    def free_unvouched_bytes(self) -> int:
        taken = sum(share.size for share in self.shares if not share.is_vouched)
        return min(self.free_bytes, self.unvouched_bytes - taken)

    @asynccontextmanager
    async def share(self, *, is_vouched: bool = True) -> AsyncIterator["BodyShare"]:
        """A share of the memory, empty at first, free again with the end of the block."""
        share = BodyShare(self, is_vouched=is_vouched)
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

    def __init__(self, budget: BodyBudget, *, is_vouched: bool) -> None:
        self._budget = budget
        self.is_vouched = is_vouched
        self.size = 0
        self.is_waiting = False

    async def vouch(self) -> None:
        """It is known who sent the body: it counts among the others from now on."""
        self.is_vouched = True
        async with self._budget.changed:
            self._budget.changed.notify_all()

    async def grow_to(self, size: int) -> None:
        """Hold `size` bytes from now on.

        Raises `Refusal`: 413 where no turn could be long enough, 503 when it does not come in time.
        """
        budget = self._budget
        wanted = max(0, size - SMALL_BODY_BYTES)
        most = budget.total_bytes if self.is_vouched else budget.unvouched_bytes
        if wanted > most // LEAST_AT_A_TIME:
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
        budget = self._budget
        free = budget.free_bytes if self.is_vouched else budget.free_unvouched_bytes
        return wanted - self.size <= free


async def read_json(request: web.Request, *, max_bytes: int = SMALL_BODY_BYTES) -> Json:
    """The body as JSON. Raises `Refusal`: 400, 408, 413, 415."""
    check_json(request, max_bytes)
    body = bytearray()
    async for part in chunks_of(request, max_bytes):
        body += part
    return await parsed(body)


async def parsed(raw: bytes | bytearray) -> Json:
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
