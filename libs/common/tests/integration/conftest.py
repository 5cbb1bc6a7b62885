"""A service of the tests: its own queue and schema; it notes each message that it handles, and may fail."""

import asyncio
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from aio_pika.exceptions import ChannelNotFoundEntity
from pydantic import SecretStr

from common.database import Database, UnitOfWork, open_database
from common.database.migrate import migrate
from common.messages import ShopSnapshotWanted
from common.messaging.broker import Broker, NotPublished, connect
from common.messaging.envelope import Envelope, Received, outgoing_envelope
from common.messaging.topology import CHUNKS, queue_of
from common.service import Runtime
from common.settings import ServiceSettings
from stack.servers import Server

RUNGS = (0.05, 0.1)  # seconds that a failing message waits before its second and third attempt
NOTES = "create table notes (message_id uuid not null, tenant text not null);"


async def _eventually(holds: Callable[[], Awaitable[bool]], seconds: float = 30) -> None:
    """Wait until it holds; fail when it does not within the time."""
    async with asyncio.timeout(seconds):
        while not await holds():  # noqa: ASYNC110 - what is awaited lies in other processes
            await asyncio.sleep(0.02)


@dataclass
class Station:
    """A service that notes what it handles. `fails` may raise for a message; `answers` are published."""

    name: str
    settings: ServiceSettings
    database: Database  # of the test
    broker: Broker  # of the test
    fails: Callable[[UnitOfWork, Received[ShopSnapshotWanted]], Awaitable[None]] | None = None
    runtimes: list[Runtime[ServiceSettings]] = field(default_factory=list)

    async def note(self, work: UnitOfWork, received: Sequence[Received[ShopSnapshotWanted]]) -> None:
        for item in received:
            if self.fails is not None:
                await self.fails(work, item)
        await work.connection.executemany(
            "insert into notes values ($1, $2)",
            [(item.envelope.message_id, item.message.tenant) for item in received],
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Runtime[ServiceSettings]]:
        database = await open_database(self.settings, self.name)
        broker = await connect(self.settings, self.name, RUNGS)
        runtime = Runtime(self.name, self.settings, database, broker)
        runtime.consume({ShopSnapshotWanted: self.note})
        running = asyncio.create_task(runtime.run())
        try:
            await _eventually(lambda: _is(runtime._intake is not None and runtime._intake.consuming))
            yield runtime
        finally:
            runtime.stopping.set()
            await running
            await runtime.close()

    async def send(self, *tenants: str, envelope: Envelope | None = None) -> list[UUID]:
        """Publish a message for each tenant, again until the broker has it; their ids."""
        return list(await asyncio.gather(*(self._send(tenant, envelope) for tenant in tenants)))

    async def _send(self, tenant: str, envelope: Envelope | None) -> UUID:
        message = ShopSnapshotWanted(tenant=tenant, shop="milano", newer_than=datetime.now(UTC))
        envelope = envelope or outgoing_envelope(message, "test")
        while True:
            with suppress(NotPublished):
                await self.broker.publish(
                    envelope, exchange=CHUNKS, routing_key=f"{self.key}.milano", body=message.to_json()
                )
                return envelope.message_id
            await asyncio.sleep(0.05)

    key = ShopSnapshotWanted.message_type.rsplit(".", 1)[0]

    async def notes(self) -> list[UUID]:
        rows = await self.database.pool.fetch("select message_id from notes")
        return [row["message_id"] for row in rows]

    async def has_noted(self, ids: Sequence[UUID]) -> bool:
        return set(ids) <= set(await self.notes())

    async def waiting(self) -> int:
        """Messages in its queue that are not being handled."""
        async with self.broker.connection.channel() as channel:
            queue = await channel.declare_queue(queue_of(self.name), passive=True)
            return queue.declaration_result.message_count or 0

    async def has_one_waiting(self) -> bool:
        """To be asked until it is so: a queue that does not answer at once is told to be empty."""
        return await self.waiting() == 1

    async def is_consumed(self) -> bool:
        """Whether its queue has a consumer, thus also its bindings: they are made before."""
        try:
            async with self.broker.connection.channel() as channel:
                queue = await channel.declare_queue(queue_of(self.name), passive=True)
        except ChannelNotFoundEntity:
            return False
        return bool(queue.declaration_result.consumer_count)


async def _is(value: bool) -> bool:
    return value


@pytest.fixture
def eventually() -> Callable[..., Awaitable[None]]:
    return _eventually


@pytest.fixture
def settings(database: str, rabbitmq_server: Server) -> ServiceSettings:
    return ServiceSettings(database_url=SecretStr(database), amqp_url=SecretStr(rabbitmq_server.url))


@pytest.fixture
async def station(
    settings: ServiceSettings, database: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Station]:
    """The service's package lies in a folder of the test; its queue is deleted afterwards."""
    name = f"station-{uuid4().hex[:8]}"
    make_package(tmp_path, name, {"0001_notes.sql": NOTES}, monkeypatch)
    await migrate(database, name)
    own_database, broker = await asyncio.gather(
        open_database(settings, name), connect(settings, "test", RUNGS)
    )
    yield Station(name, settings, own_database, broker)
    async with broker.connection.channel() as channel:
        await channel.queue_delete(queue_of(name))
    await broker.close()
    await own_database.close()


def make_package(folder: Path, service: str, files: dict[str, str], monkeypatch: Any) -> Path:
    """A service's package with nothing but migrations; returns their folder."""
    package = service.replace("-", "_")
    migrations = folder / package / "migrations"
    migrations.mkdir(parents=True)
    (migrations.parent / "__init__.py").write_text("")
    for name, sql in files.items():
        (migrations / name).write_text(sql)
    monkeypatch.syspath_prepend(folder)
    monkeypatch.delitem(sys.modules, package, raising=False)
    return migrations
