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
from common.http.patience import ClientLimits, Turn
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


LET_GO = web.AppKey("LET_GO", asyncio.Event)


async def held(request: web.Request) -> web.Response:
    await request.app[LET_GO].wait()
    return web.Response(text="done")


async def read_late(request: web.Request) -> web.Response:
    await asyncio.sleep(1.0)
    return web.Response(text=str(len(await request.read())))


async def much(_request: web.Request) -> web.Response:
    return web.Response(body=bytes(50_000_000))


@asynccontextmanager
async def running(limits: ClientLimits = LIMITS) -> AsyncIterator[Runner]:
    app = web.Application(client_max_size=10_000_000)
    app[LET_GO] = asyncio.Event()
    app.add_routes(
        [
            web.post("/read", read),
            web.post("/late", read_late),
            web.get("/held", held),
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
    async with served(replace(LIMITS, idle_seconds=2.5)) as (host, port):
        reader, writer = await asyncio.open_connection(host, port)
        for _ in range(4):
            writer.write(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
            assert b"404" in await reader.readline()
            await reader.readuntil(b"404: Not Found")
            await asyncio.sleep(0.7)
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
    limits = replace(LIMITS, headers_seconds=1, idle_seconds=3)
    async with served(limits) as (host, port), aiohttp.ClientSession() as http:
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


Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@asynccontextmanager
async def opened(
    port: int, sent: bytes, count: int, address: str = "127.0.0.1"
) -> AsyncIterator[list[Opened]]:
    """So many connections of this client's, each of which sends this and nothing more."""
    connections = []
    for _ in range(count):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
        writer.write(sent)
        connections.append((reader, writer))
    try:
        yield connections
    finally:
        for _, writer in connections:
            writer.close()


def turns(runner: Runner) -> list[Turn]:
    assert runner.server
    return [one.turn for one in runner.server.connections if isinstance(one, server.Connection)]


async def answer_to(request: bytes, port: int, address: str) -> bytes:
    async with opened(port, request, 1, address) as [(reader, _)]:
        return await what_comes(reader)


CLOSING_GET = b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
HELD = b"GET /held HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
FULL = 10
PATIENT = ClientLimits(connections=FULL, body_bytes_per_second=1000)


@pytest.mark.parametrize("sent", [b"", HEAD, HEAD + b"x" * 100], ids=["no head", "no body", "half a body"])
async def test_one_address_shuts_no_other_out(sent: bytes) -> None:
    async with running(PATIENT) as runner:
        port = runner.addresses[0][1]
        async with opened(port, sent, FULL) as slow:
            await _eventually(lambda: len(turns(runner)) == FULL)
            if sent:
                await _eventually(lambda: turns(runner) == [Turn.BODY] * FULL)

            assert b" 404 " in await answer_to(CLOSING_GET, port, "127.0.0.2")

            assert await what_comes(slow[0][0]) == b""  # it had waited longest


async def test_room_is_made_by_the_address_with_the_most_connections() -> None:
    async with running(PATIENT) as runner:
        port = runner.addresses[0][1]
        async with opened(port, b"", 2, "127.0.0.2") as few, opened(port, HEAD, FULL - 2) as many:
            await _eventually(lambda: turns(runner).count(Turn.BODY) == FULL - 2)

            for address in ("127.0.0.1", "127.0.0.2", "127.0.0.3"):
                assert b" 404 " in await answer_to(CLOSING_GET, port, address)

            assert await what_comes(many[0][0]) == b""
            for _, writer in few:
                writer.write(CLOSING_GET)
            for reader, _ in few:
                assert b" 404 " in await what_comes(reader)


async def test_no_answer_is_given_up_for_a_newcomer() -> None:
    async with running(PATIENT) as runner:
        port = runner.addresses[0][1]
        async with opened(port, HELD, FULL - 1) as working, opened(port, HEAD, 1, "127.0.0.2") as [(slow, _)]:
            await _eventually(lambda: sorted(turns(runner)) == [Turn.BODY, *[Turn.SERVER] * (FULL - 1)])

            assert b" 404 " in await answer_to(CLOSING_GET, port, "127.0.0.3")

            assert await what_comes(slow) == b""
            runner.app[LET_GO].set()
            for reader, _ in working:
                assert b"done" in await what_comes(reader)


async def test_of_one_address_a_body_that_comes_is_not_given_up_for_a_newcomer(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with running(PATIENT) as runner:
        port = runner.addresses[0][1]
        async with opened(port, HEAD, 1) as [(reader, writer)], opened(port, HELD, FULL - 1):
            await _eventually(lambda: sorted(turns(runner)) == [Turn.BODY, *[Turn.SERVER] * (FULL - 1)])
            writer.write(b"x" * 50_000)

            assert await answer_to(CLOSING_GET, port, "127.0.0.1") == b""

            writer.write(b"x" * 50_000)
            assert b"100000" in await reader.read(4096)
            runner.app[LET_GO].set()
    assert not caplog.records


async def test_a_crowd_that_comes_at_once_makes_room_among_itself() -> None:
    async with running(PATIENT) as runner:
        port = runner.addresses[0][1]
        async with opened(port, HEAD, FULL):
            await _eventually(lambda: turns(runner) == [Turn.BODY] * FULL)
            crowd = [asyncio.create_task(answer_to(HEAD, port, "127.0.0.1")) for _ in range(5 * FULL)]
            await _eventually(lambda: sum(one.done() for one in crowd) >= 4 * FULL)

            assert b" 404 " in await answer_to(CLOSING_GET, port, "127.0.0.2")
            await _eventually(lambda: len(turns(runner)) <= FULL)
            for one in crowd:
                one.cancel()


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
