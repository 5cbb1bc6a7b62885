"""Posting to places that wish us ill."""

import asyncio
import gzip
import socket
import threading
from collections.abc import Iterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from common.http.addresses import AddressRefused, refuse_unless_public
from common.http.visiting import AddressCheck, accept_any_address
from webhook_relay.delivery import Answer, Answered, Attempt, Failed
from webhook_relay.names import LOOKUPS_PER_TENANT, resolve_side_by_side
from webhook_relay.posting import KEPT_ANSWER_CHARACTERS, Poster


async def post(
    url: str,
    *,
    check: AddressCheck = accept_any_address,
    resolver: AbstractResolver | None = None,
    seconds: float = 5,
) -> Answer:
    poster = Poster(
        connect_timeout_seconds=seconds,
        total_timeout_seconds=seconds,
        connections=4,
        check=check,
        check_url=URL,
        resolver=resolver,
    )
    try:
        return await poster.post(Attempt(url, {"webhook-id": "msg_1"}, b"{}"))
    finally:
        await poster.close()


class Names(AbstractResolver):
    """A resolver that says what the test wants."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [
            ResolveResult(hostname=host, host=address, port=port, family=socket.AF_INET, proto=0, flags=0)
            for address in self._addresses
        ]

    async def close(self) -> None: ...


async def test_a_literal_private_address_is_never_connected_to(receiver: Any) -> None:
    answer = await post(receiver.url + "/hook", check=refuse_unless_public)
    assert isinstance(answer, Failed)
    assert answer.cause == "address_refused"
    assert receiver.taken == []


@pytest.mark.parametrize("host", ["①②⑦.0.0.1", "[::ffff:127.0.0.1]", "0x7f000001", "2130706433", "localhost"])
async def test_no_spelling_of_this_machine_gets_through(receiver: Any, host: str) -> None:
    url = receiver.url.replace("127.0.0.1", host) + "/hook"
    assert isinstance(await post(url, check=refuse_unless_public), Failed)
    assert receiver.taken == []


async def test_a_name_that_was_rebound_to_a_private_address_is_refused(receiver: Any) -> None:
    url = receiver.url.replace("127.0.0.1", "rebound.example.com") + "/hook"
    answer = await post(url, check=refuse_unless_public, resolver=Names("127.0.0.1", "10.0.0.1"))
    assert isinstance(answer, Failed)
    assert answer.cause == "address_refused"
    assert receiver.taken == []


async def test_the_peer_is_checked_before_the_first_byte_is_sent(receiver: Any) -> None:
    asked: list[str] = []

    def refuse_the_second_time(address: str) -> None:
        asked.append(address)
        if len(asked) > 1:
            raise AddressRefused(address)

    answer = await post(receiver.url + "/hook", check=refuse_the_second_time)
    assert isinstance(answer, Failed)
    assert answer.cause == "address_refused"
    assert asked == ["127.0.0.1", "127.0.0.1"]
    assert receiver.taken == []


async def test_a_redirect_is_not_followed(receiver: Any) -> None:
    async def redirect(_request: web.Request) -> web.Response:
        return web.Response(status=307, headers={"Location": "http://169.254.169.254/latest/meta-data/"})

    receiver.answers["/hook"] = [redirect]
    answer = await post(receiver.url + "/hook")
    assert isinstance(answer, Answered)
    assert answer.status == 307
    assert len(receiver.taken) == 1


async def test_an_answer_without_end_is_cut(receiver: Any) -> None:
    async def endless(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        try:
            while True:
                await response.write(b"a" * 65536)
        except OSError:
            return response

    receiver.answers["/hook"] = [endless]
    answer = await post(receiver.url + "/hook")
    assert isinstance(answer, Answered)
    assert (answer.status, answer.cut) == (200, "a" * KEPT_ANSWER_CHARACTERS)


async def test_an_answer_that_stops_half_way_is_an_answer(receiver: Any) -> None:
    async def stops(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Length": "100"})
        await response.prepare(request)
        await response.write(b"thank\0")
        await asyncio.Event().wait()
        return response

    receiver.answers["/hook"] = [stops]
    answer = await post(receiver.url + "/hook", seconds=2)  # the beginning has to come within
    assert isinstance(answer, Answered)
    assert (answer.status, answer.cut) == (200, "thank�")


async def test_a_packed_answer_is_not_unpacked(receiver: Any) -> None:
    async def bomb(_request: web.Request) -> web.Response:
        return web.Response(body=gzip.compress(b"0" * 10_000_000), headers={"Content-Encoding": "gzip"})

    receiver.answers["/hook"] = [bomb]
    answer = await post(receiver.url + "/hook")
    assert isinstance(answer, Answered)
    assert len(answer.cut) <= KEPT_ANSWER_CHARACTERS
    assert "000" not in answer.cut


async def test_silence_is_given_up_after_the_time_out(receiver: Any) -> None:
    receiver.held["/hook"] = asyncio.Event()
    answer = await post(receiver.url + "/hook", seconds=0.2)
    assert isinstance(answer, Failed)
    assert answer.cause == "timed_out"


async def test_nobody_there_is_a_failure_with_a_word_for_it(unused_tcp_port: int) -> None:
    answer = await post(f"http://127.0.0.1:{unused_tcp_port}/")
    assert isinstance(answer, Failed)
    assert answer.cause == "not_connected"


async def test_what_is_not_http_is_a_failure_with_a_word_for_it() -> None:
    async def babble(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH_9.2\r\n\r\n")
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(babble, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    answer = await post(f"http://127.0.0.1:{port}/")
    server.close()
    await server.wait_closed()
    assert isinstance(answer, Failed)
    assert answer.cause in {"not_http", "connection_lost"}


async def test_no_proxy_of_the_environment_is_used(receiver: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")
    assert isinstance(await post(receiver.url + "/hook"), Answered)


class SilentNames:
    """Lookups in `.silent.example` end when it is let go; `asked` are those that have a thread."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.asked: list[str] = []
        self.let_go = threading.Event()
        self._look_up = socket.getaddrinfo
        monkeypatch.setattr(socket, "getaddrinfo", self._slow_for_some)

    def _slow_for_some(self, host: Any, *arguments: Any, **named: Any) -> Any:
        if str(host).endswith(".silent.example"):
            self.asked.append(str(host))
            self.let_go.wait(20)
            raise socket.gaierror(socket.EAI_AGAIN, "no answer")
        return self._look_up(host, *arguments, **named)


@pytest.fixture
def silent_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[SilentNames]:
    silent = SilentNames(monkeypatch)
    yield silent
    silent.let_go.set()


async def test_names_that_nobody_answers_for_hold_up_no_other(
    poster: Poster, receiver: Any, eventually: Any, silent_names: SilentNames
) -> None:
    resolve_side_by_side(11)
    attempts = [Attempt(f"http://{n}.silent.example/", {}, b"", tenant=f"tenant-{n}") for n in range(40)]
    silent = [asyncio.create_task(poster.post(attempt)) for attempt in attempts]
    await eventually(lambda: len(silent_names.asked) == len(attempts))
    quick = await poster.post(Attempt(receiver.url.replace("127.0.0.1", "localhost"), {}, b"{}"))
    silent_names.let_go.set()
    assert isinstance(quick, Answered)
    assert all(isinstance(answer, Failed) for answer in await asyncio.gather(*silent))


async def test_lookups_that_were_given_up_use_up_the_threads_of_their_tenant_alone(
    receiver: Any, silent_names: SilentNames
) -> None:
    resolve_side_by_side(4)
    poster = Poster(
        connect_timeout_seconds=3,  # so long the silent ones are waited for, and the others have
        total_timeout_seconds=10,
        connections=64,
        check=accept_any_address,
        check_url=URL,
    )
    for turn in range(2):
        urls = [f"http://{turn}-{number}.silent.example/" for number in range(30)]
        given_up = await asyncio.gather(
            *(poster.post(Attempt(url, {}, b"", tenant="hostile")) for url in urls)
        )
        assert {answer.cause for answer in given_up if isinstance(answer, Failed)} == {"timed_out"}
    assert len(silent_names.asked) == LOOKUPS_PER_TENANT
    named = receiver.url.replace("127.0.0.1", "localhost")
    assert isinstance(await poster.post(Attempt(named, {}, b"{}", tenant="acme")), Answered)
    silent_names.let_go.set()
    assert isinstance(await poster.post(Attempt(named, {}, b"{}", tenant="hostile")), Answered)
    await poster.close()
