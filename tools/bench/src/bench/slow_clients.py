"""Hundreds of clients that keep a gateway waiting, and one that does not: when are they closed, how is it?"""

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
from aiohttp import web

from bench.hostile_requests import BULK, LOGIN, TOKEN, request
from bench.lone_gateway import LoneGateway, lone_gateway

ALL_CLOSED_SECONDS = 40.0
SLOWDOWN = 2.0  # of the healthy client's 99th percentile, and what a slowdown may be called at all
NOTICEABLE_SECONDS = 0.1
PACE_SECONDS = 0.02
ALONE_SECONDS = 10.0
DRIP_SECONDS = 2.0
SHARE_OF_BARE = 10  # so many times fewer sockets for the bare server

_HEAD = request("POST", BULK, b"", {"Content-Length": "100000", "Connection": None})
_LOGIN_HEAD = request(  # anybody may send it
    "POST", LOGIN, b"", {"Content-Length": "100000", "Connection": None, "Authorization": None}
)
SLOW: Sequence[tuple[bytes, bool]] = (  # what is sent, and whether a byte drips after it now and then
    (b"", False),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", False),
    (b"GET /healthz HTTP/1.1\r\nHost: x\r\nX-A: ", True),
    (_HEAD, False),
    (_LOGIN_HEAD, False),
    (_HEAD + b'{"items": [', True),
)


@dataclass(frozen=True)
class SlowResult:
    """Times are in seconds. `open_after` and `bare_open_after`: of the gateway, of aiohttp's own server."""

    clients: int
    closed_after: float
    still_open: int
    bare_clients: int
    bare_still_open: int
    alone_p99: float
    among_p99: float
    failed: int

    @property
    def problems(self) -> list[str]:
        found = []
        if self.still_open:
            found.append(f"{self.still_open} connections are open after {ALL_CLOSED_SECONDS:.0f} s")
        if self.failed:
            found.append(f"{self.failed} requests of the healthy client failed")
        if self.among_p99 > max(SLOWDOWN * self.alone_p99, NOTICEABLE_SECONDS):
            found.append("the healthy client was slowed down")
        return found

    def lines(self) -> list[str]:
        """The figures, for reading."""
        return [
            f"{self.clients} slow clients: the last closed after {self.closed_after:.1f} s",
            f"aiohttp's own server: {self.bare_still_open} of {self.bare_clients} open after as long",
            f"a healthy client's p99: {_ms(self.alone_p99)} alone, {_ms(self.among_p99)} among them",
            *(f"PROBLEM {problem}" for problem in self.problems),
            f"{len(self.problems)} problems",
        ]


async def measure(folder: Path, clients: int) -> SlowResult:
    """Start a gateway, besiege it, end it."""
    async with lone_gateway(folder) as gateway, _bare_server() as bare:
        alone, failed_alone = await _healthy(gateway, asyncio.create_task(asyncio.sleep(ALONE_SECONDS)))
        besieging = asyncio.create_task(_besiege(gateway.url, gateway.token, clients))
        bare_siege = asyncio.create_task(_besiege(bare, "", max(1, clients // SHARE_OF_BARE)))
        among, failed = await _healthy(gateway, besieging)
        closed = await besieging
        bare_closed = await bare_siege
        return SlowResult(
            clients=clients,
            closed_after=max((seconds for seconds in closed if seconds is not None), default=0.0),
            still_open=closed.count(None),
            bare_clients=len(bare_closed),
            bare_still_open=bare_closed.count(None),
            alone_p99=_p99(alone),
            among_p99=_p99(among),
            failed=failed_alone + failed,
        )


async def _healthy(gateway: LoneGateway, until: asyncio.Task[object]) -> tuple[list[float], int]:
    """Seconds of each answer to an orderly client that asks until then, and how often it got none."""
    seconds, failed = [], 0
    headers = {"Authorization": f"Bearer {gateway.token}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        while not until.done():
            began = time.perf_counter()
            try:
                async with http.get(f"{gateway.url}{BULK}/bulk_1") as answer:
                    failed += answer.status != 404
            except aiohttp.ClientError:
                failed += 1
            seconds.append(time.perf_counter() - began)
            await asyncio.sleep(PACE_SECONDS)
    return seconds, failed


async def _besiege(url: str, token: str, clients: int) -> list[float | None]:
    """When each connection was closed, in seconds; None for one that was not in time."""
    return await asyncio.gather(
        *(_slow_client(url, token, *SLOW[number % len(SLOW)]) for number in range(clients))
    )


async def _slow_client(url: str, token: str, sent: bytes, drips: bool) -> float | None:
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    began = time.perf_counter()
    dripping = asyncio.create_task(_drip(writer, sent.replace(TOKEN, token.encode()), drips=drips))
    try:
        async with asyncio.timeout(ALL_CLOSED_SECONDS):
            with suppress(ConnectionError):
                while await reader.read(65536):
                    pass
        return time.perf_counter() - began
    except TimeoutError:
        return None
    finally:
        dripping.cancel()
        await asyncio.gather(dripping, return_exceptions=True)
        writer.close()


async def _drip(writer: asyncio.StreamWriter, sent: bytes, *, drips: bool) -> None:
    with suppress(ConnectionError):
        writer.write(sent)
        while drips:
            await asyncio.sleep(DRIP_SECONDS)
            writer.write(b"x")
            await writer.drain()


@asynccontextmanager
async def _bare_server() -> AsyncIterator[str]:
    """aiohttp's server as it comes."""

    async def read(asked: web.Request) -> web.Response:
        with suppress(ConnectionError):  # the siege is over
            await asked.read()
        return web.Response()

    app = web.Application()
    app.add_routes([web.post(BULK, read), web.post(LOGIN, read)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _ms(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms"


def _p99(seconds: Sequence[float]) -> float:
    return sorted(seconds)[int(len(seconds) * 0.99)]
