"""How an answer goes back: at once, in drops, without an end, or never."""

import asyncio
import time

from aiohttp import web

from simulator.app_keys import SHOP
from simulator.faults import Effect, Fault
from simulator.webservice import Answer

LOOKS_PER_SECOND = 20  # how often a held connection is looked at
DROPS_PER_SECOND = 10
CHUNK = b" " * (1024 * 1024)
ENDING = b"</prestashop>"


async def send(
    request: web.Request, found: Answer, started: float, faults: list[Fault]
) -> web.StreamResponse:
    """Send an answer as the faults that come after it want it."""
    headers = headers_of(request, found, started)
    for fault in faults:
        match fault.effect:
            case Effect.HOLD:
                await given_up(request, fault.seconds)
                break
            case Effect.DRIP:
                return await drip(request, found, headers, fault.bytes_per_second)
            case Effect.GIANT:
                return await swell(request, found, headers, fault.size_bytes)
            case _:
                pass
    if not found.status and request.transport is not None:
        request.transport.abort()
    return web.Response(status=found.status or 500, body=found.body, headers=headers)


def headers_of(request: web.Request, found: Answer, started: float) -> dict[str, str]:
    """The answer's headers with those that the web server adds."""
    headers = {"Server": "nginx/1.22.1"} | found.headers
    if powered_by := request.app[SHOP].edition.powered_by:
        headers.setdefault("X-Powered-By", powered_by)
    if "PSWS-Version" in found.headers:
        headers["Access-Time"] = str(int(time.time()))
        headers["Execution-Time"] = f"{time.perf_counter() - started:.3f}"
    return headers


async def given_up(request: web.Request, seconds: float) -> None:
    """Wait until the client has hung up, at most so long."""
    ends = time.monotonic() + seconds
    while (  # noqa: ASYNC110 (aiohttp tells of a lost connection by this alone)
        request.transport is not None and not request.transport.is_closing() and time.monotonic() < ends
    ):
        await asyncio.sleep(1 / LOOKS_PER_SECOND)


async def drip(
    request: web.Request, found: Answer, headers: dict[str, str], bytes_per_second: float
) -> web.StreamResponse:
    """Send the body in drops, until the client has had enough."""
    response = web.StreamResponse(status=found.status, headers=headers)
    response.content_length = len(found.body)
    await response.prepare(request)
    size = max(1, int(bytes_per_second / DROPS_PER_SECOND))
    try:
        for start in range(0, len(found.body), size):
            await response.write(found.body[start : start + size])
            await asyncio.sleep(size / bytes_per_second)
        await response.write_eof()
    except ConnectionError:
        pass  # the client gave up
    return response


async def swell(
    request: web.Request, found: Answer, headers: dict[str, str], size_bytes: int
) -> web.StreamResponse:
    """Send the body with so many blanks in it, a piece at a time and without telling how many."""
    head, ending, tail = found.body.rpartition(ENDING)
    response = web.StreamResponse(status=found.status, headers=headers)
    await response.prepare(request)
    try:
        await response.write(head)
        for start in range(0, size_bytes, len(CHUNK)):
            await response.write(CHUNK[: size_bytes - start])
        await response.write(ending + tail)
        await response.write_eof()
    except ConnectionError:
        pass  # the client gave up
    return response
