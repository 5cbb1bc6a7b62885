"""A shop that answers from a script, and the recorded answers of real ones."""

import asyncio
import base64
import itertools
import json
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web

from prestashop import ClientSettings, RequestRecord, Shop
from simulator.server import start_server
from simulator.settings import Key, ShopSettings

RECORDINGS = Path(__file__).parent / "recordings"
PICTURE = Path(__file__).parent / "picture.jpg"
KEY = "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3"

Behave = Callable[[web.Request], Awaitable[web.StreamResponse]]


@dataclass
class Reply:
    """An answer to give, real or made up in the shop's own form."""

    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Seen:
    """A request as it reached the shop."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes


@dataclass
class ScriptedShop:
    """Gives its replies one after the other and keeps what it was asked."""

    replies: deque[Reply | Behave] = field(default_factory=deque)
    seen: list[Seen] = field(default_factory=list)
    address: str = ""

    def will(self, *replies: "Reply | Behave") -> None:
        self.replies.extend(replies)

    @property
    def asked(self) -> list[str]:
        return [f"{request.method} {request.path}" for request in self.seen]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        self.seen.append(
            Seen(
                request.method, request.path, dict(request.query), dict(request.headers), await request.read()
            )
        )
        reply = self.replies.popleft()
        if not isinstance(reply, Reply):
            return await reply(request)
        return web.Response(status=reply.status, body=reply.body, headers=reply.headers)


@pytest.fixture
async def scripted() -> AsyncIterator[ScriptedShop]:
    shop = ScriptedShop()
    app = web.Application(client_max_size=16 * 1024 * 1024)
    app.router.add_route("*", "/{path:.*}", shop.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    shop.address = "http://{}:{}".format(*runner.addresses[0][:2])
    yield shop
    await runner.cleanup()
    assert not shop.replies, "the shop was asked less than expected"


@pytest.fixture
def records() -> list[RequestRecord]:
    return []


@pytest.fixture
async def shop(scripted: ScriptedShop, records: list[RequestRecord]) -> AsyncIterator[Shop]:
    settings = ClientSettings(read_timeout_seconds=5)
    async with Shop(scripted.address, KEY, settings=settings, on_request=records.append) as client:
        yield client


@pytest.fixture
def recorded() -> Callable[[str, int], Reply]:
    """Read the answer of an exchange: the scenario, and which of its exchanges kept here."""

    def reply(scenario: str, number: int) -> Reply:
        response = exchange(scenario, number)["response"]
        body = response.get("body") or ""
        raw = base64.b64decode(body) if response.get("body_encoding") == "base64" else body.encode()
        kept = {"Content-Type", "PSWS-Version", "Location", "WWW-Authenticate"}
        headers = {name: value for name, value in response["headers"].items() if name in kept}
        return Reply(response["status"], raw, headers)

    return reply


@pytest.fixture
def reply() -> type[Reply]:
    """Make up an answer of something other than the webservice."""
    return Reply


@pytest.fixture
def listing() -> Callable[..., Reply]:
    """Make the answer to a list of products, in the form that the shop gives it."""

    def reply(*entities: dict[str, Any], resource: str = "products", entity: str = "product") -> Reply:
        fields = (
            f"<{entity}>" + "".join(f"<{k}><![CDATA[{v}]]></{k}>" for k, v in node.items()) + f"</{entity}>\n"
            for node in entities
        )
        listed = f"<{resource}>\n{''.join(fields)}</{resource}>"
        body = f'<?xml version="1.0" encoding="UTF-8"?>\n<prestashop>{listed}</prestashop>'
        return Reply(200, body.encode(), {"PSWS-Version": "8.2.1", "Content-Type": "text/xml;charset=utf-8"})

    return reply


OpenShop = Callable[..., Awaitable[Shop]]


@pytest.fixture
async def open_shop(tmp_path: Path, records: list[RequestRecord]) -> AsyncIterator[OpenShop]:
    """Opens a client of a simulated shop of a version; both end with the test."""
    numbers = itertools.count()
    async with AsyncExitStack() as opened:

        async def start(
            version: str = "8.2.1", rights: dict[str, frozenset[str]] | None = None, **settings: Any
        ) -> Shop:
            folder = tmp_path / f"{version}-{next(numbers)}"
            runner, port = await start_server(
                ShopSettings(data_dir=folder, keys=(Key(KEY, resources=rights),), version=version),
                "127.0.0.1",
                0,
            )
            opened.push_async_callback(runner.cleanup)
            client = Shop(
                f"http://127.0.0.1:{port}",
                KEY,
                settings=ClientSettings(**settings),
                on_request=records.append,
            )
            return await opened.enter_async_context(client)

        yield start


@pytest.fixture
def jpeg() -> bytes:
    """A picture that decodes: 60 x 40 pixels."""
    return PICTURE.read_bytes()


@pytest.fixture
def never() -> Behave:
    """Do not answer at all."""

    async def wait(_: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    return wait


@pytest.fixture
def hang_up() -> Behave:
    """Close the connection instead of answering."""

    async def close(request: web.Request) -> web.StreamResponse:
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return close


def exchange(scenario: str, number: int) -> Any:
    return json.loads((RECORDINGS / f"{scenario}.json").read_text())[number]
