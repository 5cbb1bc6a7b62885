"""Reading a request's body: bounded in size, in time and in memory before anything is spent on it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiohttp import web

from gateway.errors import Refusal, too_large, unavailable, unreadable, unsupported
from gateway.strict_json import Json, Unreadable, parse_json

SMALL_BODY_BYTES = 64 * 1024
PATIENCE_SECONDS = 30
SLOWEST_BYTES_PER_SECOND = 16 * 1024


class BodyBudget:
    """The bytes of all bodies that may be in memory at a time; requests wait for their turn."""

    def __init__(self, total_bytes: int, turn_seconds: float) -> None:
        self._free = total_bytes
        self._turn_seconds = turn_seconds
        self._changed = asyncio.Condition()

    @asynccontextmanager
    async def hold(self, size: int) -> AsyncIterator[None]:
        """Hold `size` bytes. Raises `Refusal` (503) when the turn does not come in time."""
        try:
            async with asyncio.timeout(self._turn_seconds), self._changed:
                await self._changed.wait_for(lambda: self._free >= size)
                self._free -= size
        except TimeoutError:
            raise unavailable("Too many large requests at a time; nothing was accepted.") from None
        try:
            yield
        finally:
            self._free += size
            async with self._changed:
                self._changed.notify_all()


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
    """The body as it comes. Raises `Refusal`: 408 where it comes too slowly, 413 where it is too long."""
    loop = asyncio.get_running_loop()
    began, received = loop.time(), 0
    while True:
        deadline = began + PATIENCE_SECONDS + received / SLOWEST_BYTES_PER_SECOND
        try:
            async with asyncio.timeout_at(deadline):
                part = await request.content.readany()
        except TimeoutError:
            raise Refusal(408, "too_slow", "The body did not arrive in time.") from None
        if not part:
            return
        received += len(part)
        if received > max_bytes:
            raise too_large(f"The body has more than {max_bytes} bytes.")
        yield part
