"""Clients that keep the server waiting, on real sockets, with limits of a second or two."""

import asyncio
import io
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace

import aiohttp
import pytest
from aiohttp import web

from common.http import server
from common.http.patience import ClientLimits
from common.http.server import Runner

LIMITS = ClientLimits(
    headers_seconds=0.5,
    body_seconds=0.5,
    body_bytes_per_second=1_000_000,
    answer_seconds=0.5,
    idle_seconds=1.0,
)
UNTIL_CLOSED_SECONDS = 20.0
HEAD = b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.05)


async def read(request: web.Request) -> web.Response:
    return web.Response(text=str(len(await request.read())))


async def work(_request: web.Request) -> web.Response:
    await asyncio.sleep(1.0)  # longer than every limit: nobody waits for the client meanwhile
    return web.Response(text="done")


async def read_late(request: web.Request) -> web.Response:
    await asyncio.sleep(1.0)
    return web.Response(text=str(len(await request.read())))


async def much(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(50_000_000))


@asynccontextmanager
async def running(limits: ClientLimits = LIMITS) -> AsyncIterator[Runner]:
    app = web.Application(client_max_size=10_000_000)
    app.add_routes(
        [
            web.post("/read", read),
            web.post("/late", read_late),
            web.get("/work", work),
            web.post("/work", work),
            web.get("/much", much),
        ]
    )
    runner = Runner(app, limits)
    await runner.serve("127.0.0.1", 0)
    try:
        yield runner
    finally:
        await runner.cleanup()


@asynccontextmanager
async def served(limits: ClientLimits = LIMITS) -> AsyncIterator[tuple[str, int]]:
    async with running(limits) as runner:
        yield "127.0.0.1", runner.addresses[0][1]


async def what_comes(reader: asyncio.StreamReader) -> bytes:
    """All that is answered until the connection ends. Fails where it does not."""
    got = b""
    async with asyncio.timeout(UNTIL_CLOSED_SECONDS):
        with suppress(ConnectionError):
            while part := await reader.read(65536):
                got += part
    return got


async def drip(writer: asyncio.StreamWriter, pause: float) -> None:
    with suppress(ConnectionError):
        while not writer.is_closing():
            writer.write(b"x")
            await writer.drain()
            await asyncio.sleep(pause)


SLOW = {
    "nothing at all": b"",
    "half a request line": b"GET /wo",
    "half a head": b"GET /work HTTP/1.1\r\nHost: x\r\nX-A: ",
    "a body that does not begin": HEAD,
    "half a body": HEAD + b"x" * 50_000,
    "half a chunk": b"POST /read HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nff\r\nabc",
    "half a head after a request": b"POST /read HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nxGET /w",
}


@pytest.mark.parametrize("sent", SLOW.values(), ids=SLOW.keys())
@pytest.mark.parametrize("dripping", [False, True], ids=["stops", "drips"])
async def test_who_keeps_the_server_waiting_is_closed(sent: bytes, dripping: bool) -> None:
    async with served() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        dripping_on = asyncio.create_task(drip(writer, 0.05 if dripping else 600))
        answer = await what_comes(reader)
        dripping_on.cancel()
        writer.close()
    if b"\r\n\r\n" in sent and b"/w" not in sent:
        assert answer.startswith(b"HTTP/1.1 408 ")
        assert b"did not arrive in time" in answer


async def test_an_idle_connection_is_closed_and_a_used_one_is_not() -> None:
    async with served() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(4):
            writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"404" in await reader.readline()
            await reader.readuntil(b"404: Not Found")
            await asyncio.sleep(0.4)
        assert await what_comes(reader) == b""
        writer.close()


async def test_an_answer_that_nobody_reads_ends() -> None:
    async with running() as runner:
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", runner.addresses[0][1]))
            client.sendall(b"GET /much HTTP/1.1\r\nHost: x\r\n\r\n")
            assert runner.server
            await _eventually(lambda: bool(runner.server and runner.server.connections))
            await _eventually(lambda: bool(runner.server and not runner.server.connections))


async def _eventually(is_so: Callable[[], bool]) -> None:
    async with asyncio.timeout(UNTIL_CLOSED_SECONDS):
        while not is_so():  # noqa: ASYNC110 - what is asked for is on the other side of a socket
            await asyncio.sleep(0.05)


@pytest.mark.parametrize("path", ["/work", "/late"])
async def test_while_a_request_is_worked_on_nobody_is_hurried(path: str) -> None:
    async with (
        served() as (host, port),
        aiohttp.ClientSession() as http,
        http.post(f"http://{host}:{port}{path}", data=io.BytesIO(bytes(5_000_000))) as answer,
    ):
        assert answer.status == 200


async def test_a_stray_line_end_after_a_request_costs_nobody_his_answer() -> None:
    async with served() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(b"POST /work HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\n\r\nx\r\n")
        assert b"done" in await what_comes(reader)
        writer.close()


async def test_a_healthy_client_goes_on_among_many_slow_ones() -> None:
    async with served(replace(LIMITS, headers_seconds=1)) as (host, port), aiohttp.ClientSession() as http:
        slow = [await asyncio.open_connection(host, port) for _ in range(60)]
        for number, (_, writer) in enumerate(slow):
            writer.write([*SLOW.values()][number % len(SLOW)])
        ends = [asyncio.create_task(what_comes(reader)) for reader, _ in slow]
        answered = 0
        while not all(end.done() for end in ends):
            async with http.post(f"http://{host}:{port}/read", data=b"abc") as answer:
                assert await answer.text() == "3"
                answered += 1
        await asyncio.gather(*ends)
        assert answered
        for _, writer in slow:
            writer.close()


async def test_where_connections_run_out_those_that_wait_for_their_client_give_way() -> None:
    patient = ClientLimits(connections=10)
    async with served(patient) as (host, port), aiohttp.ClientSession() as http:
        slow = [await asyncio.open_connection(host, port) for _ in range(30)]
        async with http.post(f"http://{host}:{port}/read", data=b"abc") as answer:
            assert await answer.text() == "3"
        ends = [asyncio.create_task(what_comes(reader)) for reader, _ in slow]

        await _eventually(lambda: sum(end.done() for end in ends) >= 21)

        for end in ends:
            end.cancel()
        for _, writer in slow:
            writer.close()


NO_HTTP = [
    b"\x16\x03\x01\x02\x00\x01\x00",
    b"GET / HTTP/9.9\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: x\r\nSecret: pm_live_x\x00\r\n\r\n",
    b"GET /" + b"a" * 20_000 + b" HTTP/1.1\r\n\r\n",
]


@pytest.mark.parametrize("sent", NO_HTTP)
async def test_what_is_no_http_is_refused_without_a_traceback(
    sent: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    async with served() as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(sent)
        answer = await what_comes(reader)
        writer.close()
    assert answer.startswith((b"HTTP/1.0 400 ", b"HTTP/1.1 400 "))
    assert b"pm_live_x" not in answer
    assert not caplog.records


async def test_a_compressed_body_is_not_unpacked() -> None:
    async with served() as (host, port), aiohttp.ClientSession() as http:
        headers = {"Content-Encoding": "gzip"}
        async with http.post(f"http://{host}:{port}/read", data=b"no gzip", headers=headers) as answer:
            assert await answer.text() == "7"
