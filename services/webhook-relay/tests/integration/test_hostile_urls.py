"""No hostile URL makes the relay connect to anything inside, seen at a sink.

The sink listens on this machine, and an audit hook sees every connection that the process opens, wherever to.
Names are resolved by a server that wishes us ill: all of them lie inside.
"""

import asyncio
import re
import socket
import sys
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from common.http.addresses import AddressRefused, UnusableUrl, check_url, refuse_unless_public
from common.http.visiting import AddressCheck, accept_any_address
from webhook_relay.delivery import Answered, Attempt, Failed
from webhook_relay.posting import Poster

LISTS = Path(__file__).parents[4] / "libs" / "common" / "tests" / "unit"
URLS = (LISTS / "hostile_urls.txt").read_text().split()
ADDRESSES = (LISTS / "hostile_addresses.txt").read_text().split()
LITERALS = [f"https://[{a.replace('%', '%25')}]/" if ":" in a else f"https://{a}/" for a in ADDRESSES]
METADATA = (
    "http://169.254.169.254/latest/meta-data/",
    "http://[fd00:ec2::254]/latest/meta-data/",
    "http://metadata.google.internal/computeMetadata/v1/",
    "//169.254.169.254/",
    "https://127.0.0.1/",
)
NUMERIC = re.compile(r"[0-9a-fx.]+", re.IGNORECASE)


class Connects:
    """Every address that a socket of this process is told to connect to. Hooks stay: one for all tests."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event == "socket.connect":
            self.seen.append(arguments[1])


CONNECTS = Connects()


class Sink:
    """A server that counts who comes."""

    def __init__(self) -> None:
        self.taken = 0
        self.port = 0

    async def take(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.taken += 1
        writer.close()


@pytest.fixture
async def sink() -> AsyncIterator[Sink]:
    sink = Sink()
    server = await asyncio.start_server(sink.take, "0.0.0.0", 0)
    sink.port = server.sockets[0].getsockname()[1]
    CONNECTS.seen.clear()
    yield sink
    server.close()
    await server.wait_closed()


class Names(AbstractResolver):
    """Says of every name what the test wants, one answer after the other, the last one for ever."""

    def __init__(self, *answers: tuple[str, ...]) -> None:
        self._answers = list(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        return [
            ResolveResult(hostname=host, host=address, port=port, family=_family(address), proto=0, flags=0)
            for address in addresses
        ]

    async def close(self) -> None: ...


def _family(address: str) -> int:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


INSIDE = ("127.0.0.1", "::1", "169.254.169.254", "10.0.0.1", "::ffff:127.0.0.1", "64:ff9b::7f00:1")


def poster_with(resolver: AbstractResolver | None, check: AddressCheck = refuse_unless_public) -> Poster:
    """It posts to whatever place it is told, so that all that remains is the check of addresses."""
    return Poster(
        connect_timeout_seconds=10,
        total_timeout_seconds=10,
        connections=4,
        check=check,
        check_url=partial(check_url, allow_http=True, allow_private=True),
        resolver=resolver,
    )


def on_port(url: str, port: int) -> str | None:
    """The URL's host over http on the sink's port; None where it has none."""
    try:
        host = URL(url).host
        return None if not host else str(URL.build(scheme="http", host=host, port=port, path="/"))
    except ValueError:
        return None


def test_there_are_many_and_each_is_refused_when_it_is_saved() -> None:
    hostile = {*URLS, *LITERALS}
    assert len(hostile) >= 120
    for url in hostile:
        with pytest.raises(UnusableUrl):
            check_url(url)


async def test_the_sink_and_the_hook_see_whoever_is_let_through(sink: Sink) -> None:
    poster = poster_with(Names(("127.0.0.1",)), accept_any_address)
    for host in ("127.0.0.1", "①②⑦.0.0.1", "anything.example"):
        await poster.post(Attempt(f"http://{host}:{sink.port}/", {}, b"{}"))
    await poster.close()
    assert sink.taken == 3
    assert len(CONNECTS.seen) == 3


async def test_no_hostile_url_connects_even_where_it_was_not_checked_before(sink: Sink) -> None:
    poster = poster_with(Names(INSIDE))
    for url in (*URLS, *LITERALS):
        for target in (url, on_port(url, sink.port)):
            if target is not None:
                answer = await poster.post(Attempt(target, {}, b"{}"))
                assert isinstance(answer, Failed), target
    await poster.close()
    assert (CONNECTS.seen, sink.taken) == ([], 0)


async def test_a_url_is_judged_again_before_each_post(sink: Sink) -> None:
    """It was saved while more was allowed."""
    saved = (f"http://127.0.0.1:{sink.port}/", f"https://127.0.0.1:{sink.port}/", "http://127.0.0.1/")
    for allowed in ({}, {"allow_http": True}):
        poster = Poster(
            connect_timeout_seconds=2,
            total_timeout_seconds=2,
            connections=4,
            check=accept_any_address,
            check_url=partial(check_url, **allowed),
        )
        for url in saved:
            answer = await poster.post(Attempt(url, {}, b"{}"))
            assert answer == Failed("unusable_url", answer.seconds)
        await poster.close()
    assert (CONNECTS.seen, sink.taken) == ([], 0)


async def test_no_number_that_the_system_itself_reads_as_an_address_connects(sink: Sink) -> None:
    poster = poster_with(None)
    asked = 0
    for url in URLS:
        target = on_port(url, sink.port)
        if target is not None and NUMERIC.fullmatch(URL(target).host or ""):
            assert isinstance(await poster.post(Attempt(target, {}, b"{}")), Failed), target
            asked += 1
    await poster.close()
    assert asked >= 40
    assert (CONNECTS.seen, sink.taken) == ([], 0)


async def test_a_name_that_is_rebound_between_attempts_is_refused(sink: Sink, receiver: Any) -> None:
    """127.0.0.2 plays the public address that the name had at first."""

    def check(address: str) -> None:
        if address != "127.0.0.2":
            refuse_unless_public(address)

    outside = await asyncio.start_server(sink.take, "127.0.0.2", 0)
    port = outside.sockets[0].getsockname()[1]
    poster = poster_with(Names(("127.0.0.2",), ("127.0.0.1",), ("::1", "169.254.169.254")), check)
    attempt = Attempt(f"http://rebound.example:{port}/", {}, b"{}")
    answers = [await poster.post(attempt) for _ in range(3)]
    await poster.close()
    outside.close()
    await outside.wait_closed()
    assert [answer.cause for answer in answers if isinstance(answer, Failed)][1:] == ["address_refused"] * 2
    assert CONNECTS.seen == [("127.0.0.2", port)]


async def test_of_a_name_with_addresses_inside_and_outside_only_those_outside_are_tried(sink: Sink) -> None:
    def check(address: str) -> None:
        if address != "127.0.0.2":
            raise AddressRefused(address)

    poster = poster_with(Names((*INSIDE, "127.0.0.2", *INSIDE)), check)
    await poster.post(Attempt(f"http://mixed.example:{sink.port}/", {}, b"{}"))
    await poster.close()
    assert CONNECTS.seen == [("127.0.0.2", sink.port)]


@pytest.mark.parametrize("status", [300, 301, 302, 303, 307, 308])
async def test_no_redirect_leads_inside(receiver: Any, status: int) -> None:
    for location in METADATA:

        async def redirect(_request: web.Request, location: str = location) -> web.Response:
            return web.Response(status=status, headers={"Location": location})

        receiver.answers["/hook"] = [redirect]
        poster = poster_with(Names(INSIDE), accept_any_address)
        CONNECTS.seen.clear()
        answer = await poster.post(Attempt(receiver.url + "/hook", {}, b"{}"))
        await poster.close()
        assert isinstance(answer, Answered)
        assert answer.status == status
        assert CONNECTS.seen == [("127.0.0.1", URL(receiver.url).port)]
