"""For tests: scripted stations behind a gateway, a client in front of it, and patience."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol
from uuid import UUID

import aio_pika
import aiohttp

from common.database import Database
from common.messages import (
    ChunkCompleted,
    ChunkSubmitted,
    ItemOutcome,
    Message,
    ProductChange,
    Reason,
    Result,
    SubmissionCompleted,
    decode,
)
from common.messaging.broker import Broker
from common.messaging.envelope import Envelope, envelope_from_headers, outgoing_envelope
from common.messaging.topology import CHUNKS
from common.service import Runtime
from gateway.access import user_store
from gateway.access.passwords import Passwords
from gateway.access.scopes import Role
from gateway.settings import GatewaySettings
from gateway.testing_documented import check_documented

PATIENCE_SECONDS = 20.0
LOOK_AGAIN_SECONDS = 0.02
EMAIL, PASSWORD = "erp@example.com", "SecurePassword123!"
JWT_SECRET = "iWx3F0q9hVt2LrYd7Kc5nBz8MsGjPu4EaQo1"  # noqa: S105 - of tests alone
CREDENTIAL_SECRET = "Zk8dR2vX6mTq0JwLy4Hb9SfCn3Gp7UeAi5Vo"  # noqa: S105 - of tests alone


async def eventually(is_so: Callable[[], Awaitable[bool]]) -> None:
    """Return as soon as it is so."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await is_so():  # noqa: ASYNC110 - what is asked for is in another process
            await asyncio.sleep(LOOK_AGAIN_SECONDS)


async def within(seconds: float, is_so: Callable[[], Awaitable[bool]]) -> None:
    """Whoever asks later than so many seconds from now finds it so, however long the answer takes."""
    loop = asyncio.get_running_loop()
    since = asked_at = loop.time()
    while not await is_so():
        assert asked_at - since < seconds  # noqa: S101 - of tests
        await asyncio.sleep(LOOK_AGAIN_SECONDS)
        asked_at = loop.time()


def written(change: ProductChange, presta_id: int = 456) -> ItemOutcome:
    """The outcome of a change that the shop has taken."""
    return ItemOutcome(
        position=change.position,
        sequence=change.sequence,
        intent=change.intent,
        result=Result.CREATED,
        reference=change.reference,
        product_id=change.product_id,
        presta_id=presta_id + change.position,
        images_processed=len(change.fields.images or ()),
        technical_data_processed=len(change.fields.technical_data or ()),
    )


def refused(change: ProductChange, code: str, path: str = "reference") -> ItemOutcome:
    """The outcome of a change that a station has refused."""
    reason = Reason(code=code, field=path, message=f"Refused: {code}.")
    return written(change).model_copy(
        update={"result": Result.REFUSED, "presta_id": None, "reasons": (reason,)}
    )


Script = Callable[[ChunkSubmitted], Sequence[Message]]


def all_written(submitted: ChunkSubmitted) -> Sequence[Message]:
    """Every change becomes a product of the shop."""
    outcomes = tuple(written(change) for change in submitted.changes)
    return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)]


def all_refused(code: str, path: str = "reference") -> Script:
    """Every change is refused with the same reason."""

    def script(submitted: ChunkSubmitted) -> Sequence[Message]:
        outcomes = tuple(refused(change, code, path) for change in submitted.changes)
        return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)]

    return script


def nothing_yet(_submitted: ChunkSubmitted) -> Sequence[Message]:
    """The stations are slow today."""
    return []


@dataclass
class Stations:
    """All other services: they remember what was submitted and completed, and answer by a script."""

    broker: Broker
    script: Script = all_written
    submitted: list[ChunkSubmitted] = field(default_factory=list)
    envelopes: list[Envelope] = field(default_factory=list)
    seen: set[UUID] = field(default_factory=set)
    completed: list[SubmissionCompleted] = field(default_factory=list)

    async def listen(self) -> None:
        """Take what the gateway submits from now on."""
        channel = await self.broker.connection.channel()
        self._queue = await channel.declare_queue(exclusive=True)
        for facts in ("chunk.submitted.#", "submission.completed.#"):
            await self._queue.bind(CHUNKS, facts)
        await self._queue.consume(self._take, no_ack=True)

    async def _take(self, delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        message_type, message_id = delivery.type or "", UUID(delivery.message_id or "")
        if message_id in self.seen:
            return  # published again, for its confirm came late: an inbox knows it
        self.seen.add(message_id)
        message = decode(message_type, delivery.body)
        if isinstance(message, SubmissionCompleted):
            self.completed.append(message)
            return
        if not isinstance(message, ChunkSubmitted):
            raise TypeError(f"{message_type} was not expected here")
        self.submitted.append(message)
        self.envelopes.append(envelope_from_headers(message_id, message_type, dict(delivery.headers)))
        for answer in self.script(message):
            await self.tell(answer)

    async def tell(self, message: Message, envelope: Envelope | None = None) -> Envelope:
        """Publish a fact about a chunk, again under the same id where an envelope is given."""
        envelope = envelope or outgoing_envelope(message, "stations")
        await self.broker.publish(
            envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json()
        )
        return envelope

    async def have_got(self, chunks: int) -> None:
        """Return when that many chunks were submitted."""

        async def got() -> bool:
            return len(self.submitted) >= chunks

        await eventually(got)


@dataclass
class Answer:
    """Status, headers and JSON of an answer."""

    status: int
    headers: dict[str, str]
    body: Any


@dataclass
class Client:
    """Somebody outside, who believes the document. Logged in, unless `token` is None."""

    http: aiohttp.ClientSession
    url: str
    token: str | None = None
    is_documented: bool = True  # False where somebody else answers in the place of a service

    async def __call__(self, method: str, path: str, **options: Any) -> Answer:
        headers = dict(options.pop("headers", {}))
        if self.token and "Authorization" not in headers:
            headers["Authorization"] = f"Bearer {self.token}"
        async with self.http.request(method, self.url + path, headers=headers, **options) as answer:
            is_json = "json" in answer.content_type and method != "HEAD"
            body = await answer.json(content_type=None) if is_json else await answer.text()
            if self.is_documented:
                check_documented(method, answer.url.raw_path, answer.status, answer.headers, body)
            return Answer(answer.status, dict(answer.headers), body)

    async def post(self, path: str, body: Any, **options: Any) -> Answer:
        return await self("POST", path, json=body, **options)

    async def get(self, path: str, **options: Any) -> Answer:
        return await self("GET", path, **options)


@dataclass
class Running:
    """The gateway under test."""

    runtime: Runtime[GatewaySettings]
    stations: Stations
    database: Database
    client: Client


class StartGateway(Protocol):
    """Starts a gateway with other settings than the first; it stops at the end of the test."""

    async def __call__(self, **changed: Any) -> Running: ...


async def logged_in(running: Running, email: str, role: Role, *, tenant: str = "acme") -> Client:
    """A new user, logged in."""
    password_hash = await Passwords().hash(PASSWORD)
    async with running.database.transaction() as connection:
        await user_store.add_user(connection, email, tenant, role, password_hash)
    client = Client(running.client.http, running.client.url)
    answer = await client.post("/api/v1/auth/login", {"email": email, "password": PASSWORD})
    client.token = answer.body["data"]["access_token"]
    return client
