"""A database of the relay, a receiver of webhooks, a clock that is set by hand."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook

from common.database import Database, open_database
from common.http.visiting import accept_any_address
from common.settings import ServiceSettings
from webhook_relay.deliverer import Deliverer
from webhook_relay.endpoints import Endpoint
from webhook_relay.notices import Notice
from webhook_relay.posting import Poster
from webhook_relay.routes import internal_routes
from webhook_relay.settings import RelaySettings
from webhook_relay.signing import new_secret
from webhook_relay.store.deliveries import NewDelivery, add_deliveries, claim_due
from webhook_relay.store.endpoints import add_endpoint, endpoints_of

TOKEN = "an internal token of the tests"
SETTINGS = RelaySettings(
    poll_seconds=0.02,
    internal_token=SecretStr(TOKEN),
    sealing_secret=SecretStr("a-sealing-secret-of-the-tests-long-enough"),
    allow_http_endpoints=True,
    allow_private_endpoints=True,
    endpoints_per_tenant=20,
)
SEALER = SETTINGS.sealer()


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
    down: set[str] = field(default_factory=set)

    async def take(self, request: web.Request) -> web.StreamResponse:
        headers = {name.lower(): value for name, value in request.headers.items()}
        self.taken.append(Taken(request.path, headers, await request.read()))
        if request.path in self.held:
            await self.held[request.path].wait()
        if request.path in self.down:
            return web.Response(status=503)
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


NEXT_MOMENT = """
    select min(greatest(d.due_at, coalesce(e.probe_at, d.due_at)))
    from deliveries d join endpoints e on e.id = d.endpoint_id
    where d.state = 'pending' and e.state = 'enabled'
"""


class Relay:
    """What the tests do with the relay."""

    def __init__(self, database: Database, deliverer: Deliverer, receiver: Any, clock: Any) -> None:
        self.database = database
        self.deliverer = deliverer
        self.receiver = receiver
        self.clock = clock
        self.secret = new_secret()

    async def endpoint(
        self, path: str, *events: str, shops: tuple[str, ...] | None = None, tenant: str = "acme"
    ) -> Endpoint:
        wanted = Endpoint(
            id=uuid4(),
            tenant=tenant,
            url=self.receiver.url + path,
            events=events or ("bulk.chunk.completed",),
            shops=shops,
        )
        sealed = SEALER.seal(self.secret, wanted.id)
        async with self.database.transaction() as connection:
            return await add_endpoint(connection, wanted, sealed)

    async def add(self, endpoint: Endpoint, count: int = 1) -> list[UUID]:
        body = b'{"chunkId":"bulk_1_0"}'
        notice = Notice("bulk.chunk.completed", endpoint.tenant, "milano", "bulk_1_0", body)
        traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        new = [NewDelivery(uuid4(), endpoint.id, notice, traceparent) for _ in range(count)]
        async with self.database.transaction() as connection:
            await add_deliveries(connection, new, self.clock.now())
        return [delivery.id for delivery in new]

    async def claim(self, limit: int = 64) -> list[Any]:
        async with self.database.transaction() as connection:
            return await claim_due(
                connection,
                SEALER,
                self.clock.now(),
                limit=limit,
                per_endpoint=4,
                per_tenant=32,
                held={},
                lease_seconds=SETTINGS.lease_seconds,
            )

    async def deliver_due(self) -> int:
        """Deliver what is due at the clock's time; how many that were."""
        claimed = await self.claim()
        await asyncio.gather(*(self.deliverer.deliver(pending) for pending in claimed))
        return len(claimed)

    async def run_for(self, **span: float) -> None:
        """Let the time pass, from one thing that is due to the next."""
        end = self.clock.now() + timedelta(**span)
        while True:
            moment = await self.database.pool.fetchval(NEXT_MOMENT)
            if moment is None or moment > end:
                break
            self.clock.time = max(self.clock.time, moment)
            await self.deliver_due()
        self.clock.time = end

    def another_deliverer(self, poster: Poster) -> Deliverer:
        return Deliverer(self.database, poster, SETTINGS, now=self.clock.now)

    async def lease_runs_out(self) -> None:
        await self.database.pool.execute("update deliveries set lease_until = now() where state = 'pending'")

    async def delivery(self, delivery_id: UUID) -> Any:
        return await self.database.pool.fetchrow("select * from deliveries where id = $1", delivery_id)

    async def attempts(self, delivery_id: UUID) -> list[Any]:
        rows = await self.database.pool.fetch(
            "select * from attempts where delivery_id = $1 order by epoch", delivery_id
        )
        return list(rows)


class Api:
    """The internal API as the tenant `acme` meets it through the gateway."""

    def __init__(self, client: TestClient[web.Request, web.Application], database: Database) -> None:
        self.client = client
        self.database = database

    async def __call__(
        self, method: str, path: str, body: object = None, *, query: str = ""
    ) -> tuple[int, Any]:
        given = {} if body is None else {"json": body}
        async with self.client.request(
            method, f"/internal/webhooks{path}?tenant=acme&{query}", **given
        ) as answer:  # type: ignore[arg-type]  # the options of a request
            return answer.status, await answer.json() if answer.status != 204 else None

    async def made(self, url: str, **wanted: object) -> Any:
        answer = await self.client.post("/internal/webhooks", json={"tenant": "acme", "url": url, **wanted})
        assert answer.status == 201, await answer.text()
        return await answer.json()

    async def endpoints(self) -> list[Endpoint]:
        async with self.database.transaction() as connection:
            return await endpoints_of(connection, ["acme"])


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
async def poster() -> AsyncIterator[Poster]:
    poster = Poster(
        connect_timeout_seconds=20,
        total_timeout_seconds=60,  # longer than any test holds a request back
        connections=64,
        check=accept_any_address,
        check_url=SETTINGS.check_url,
    )
    yield poster
    await poster.close()


@pytest.fixture
async def relay_database(database: str) -> AsyncIterator[Database]:
    opened = await open_database(ServiceSettings(database_url=SecretStr(database)), "webhook-relay")
    yield opened
    await opened.pool.close()


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    return _eventually


@pytest.fixture
def relay(relay_database: Database, poster: Poster, receiver: Any, clock: Any) -> Relay:
    return Relay(
        relay_database,
        Deliverer(relay_database, poster, SETTINGS, now=clock.now, chance=lambda _id, _made: 0.5),
        receiver,
        clock,
    )


@pytest.fixture
async def api(relay_database: Database, poster: Poster, clock: Any) -> AsyncIterator[Api]:
    app = web.Application()
    app.add_routes(internal_routes(relay_database.of, SETTINGS, poster, lambda: None, clock.now))
    async with TestClient(TestServer(app), headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Api(client, relay_database)
