"""A database of the relay, a receiver of webhooks, a clock that is set by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from common.database import Database, open_database
from common.database.migrate import migrate
from common.settings import ServiceSettings


async def _eventually(holds: Callable[[], bool], seconds: float = 20) -> None:
    """Wait until it holds; fail when it does not within the time."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is awaited lies in other processes and tasks
            await asyncio.sleep(0.01)


@dataclass
class Taken:
    """A request that the receiver took."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def webhook_id(self) -> str:
        return self.headers["webhook-id"]

    def verified(self, secret: str) -> Any:
        """The body, when the official library verifies it."""
        return Webhook(secret).verify(self.body, self.headers)


@dataclass
class Receiver:
    """Takes webhooks and answers as told: a queue of answers for each path, then 200."""

    url: str = ""
    taken: list[Taken] = field(default_factory=list)
    answers: dict[str, list[Any]] = field(default_factory=dict)
    held: dict[str, asyncio.Event] = field(default_factory=dict)

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append(Taken(request.path, headers, await request.read()))
        if request.path in self.held:
            await self.held[request.path].wait()
        answer = next(iter(self.answers.get(request.path, [])), 200)
        if self.answers.get(request.path):
            self.answers[request.path].pop(0)
        if callable(answer):
            return await answer(request)  # type: ignore[no-any-return]  # a handler of the test
        return web.Response(status=answer, text="thanks")

    def at(self, path: str) -> list[Taken]:
        return [taken for taken in self.taken if taken.path == path]


@dataclass
class HandClock:
    """A clock that stands still until it is moved. It starts now: receivers verify timestamps."""

    time: datetime = field(default_factory=lambda: datetime.now(UTC))

    def now(self) -> datetime:
        return self.time

    def advance(self, **by: float) -> None:
        self.time += timedelta(**by)


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    receiver = Receiver()
    app = web.Application()
    app.router.add_post("/{path:.*}", receiver.take)
    async with TestServer(app, host="127.0.0.1", shutdown_timeout=0.1) as server:
        receiver.url = str(server.make_url("")).rstrip("/")
        yield receiver
        for event in receiver.held.values():
            event.set()


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def relay_database(database: str) -> AsyncIterator[Database]:
    await migrate(database, "webhook-relay")
    opened = await open_database(ServiceSettings(database_url=SecretStr(database)), "webhook-relay")
    yield opened
    await opened.pool.close()


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    return _eventually
