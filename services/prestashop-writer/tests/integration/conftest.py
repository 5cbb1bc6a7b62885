"""A shop, the validator's side and everybody who listens, around a running prestashop-writer."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Set
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aio_pika
import pytest
import pytest_asyncio
from aiohttp import web
from pydantic import SecretStr

from common.database import Database, open_database
from common.messages import (
    Chunk,
    ChunkCompleted,
    ChunkValidated,
    ChunkWritten,
    Intent,
    ItemOutcome,
    Message,
    ProductChange,
    ProductFields,
    ShopReachability,
    ShopSnapshot,
    decode,
)
from common.messaging.broker import Broker, connect
from common.messaging.envelope import outgoing_envelope
from common.messaging.topology import CHUNKS, queue_of
from common.service import Runtime
from prestashop import Shop, Written
from prestashop_writer.main import start
from prestashop_writer.settings import WriterSettings
from simulator.faults import Faults
from simulator.resource_list import DESCRIPTIONS
from simulator.server import FAULTS, SHOP, start_server
from simulator.settings import ALL_METHODS, Key, ShopSettings
from simulator.shop import Shop as SimulatedShop
from simulator.shop_state import products
from stack.fixtures import migrated_template
from stack.servers import Server

KEY = "K" * 32
SERVICE = "prestashop-writer"
PATIENCE_SECONDS = 30.0
REQUEST_SECONDS = 10.0  # a busy machine is no shop that does not answer
IMPATIENT_SECONDS = 1.0
SNAPSHOT_RESOURCES = ("", "configurations", "languages", "categories", "tax_rule_groups")
SNAPSHOT_PATHS = {"/api", *(f"/api/{resource}" for resource in SNAPSHOT_RESOURCES)}


async def eventually(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until it holds; fail when it does not within the time."""
    async with asyncio.timeout(seconds):
        while not holds():  # noqa: ASYNC110 - what is awaited lies in other processes and tasks
            await asyncio.sleep(0.01)


@dataclass
class World:
    """What surrounds the service."""

    settings: WriterSettings
    runner: web.AppRunner
    client: Shop
    broker: Broker
    database: Database
    told: list[Message] = field(default_factory=list)
    sequence: int = 0
    mark: int = 0

    # ── the validator's side ──

    def change(
        self,
        reference: str | None,
        intent: Intent = Intent.UPSERT,
        presta_id: int | None = None,
        **fields: Any,
    ) -> ProductChange:
        """The next change: its position is set by the chunk."""
        self.sequence += 1
        return ProductChange(
            position=0,
            sequence=self.sequence,
            intent=intent,
            reference=reference,
            presta_id=presta_id,
            fields=ProductFields(**fields),
        )

    def chunk(self, *changes: ProductChange, outcomes: tuple[ItemOutcome, ...] = ()) -> ChunkValidated:
        submission = f"bulk_{uuid4().hex[:12]}"
        chunk = Chunk(
            chunk_id=f"{submission}_0",
            submission_id=submission,
            partition=0,
            tenant="acme",
            shop="shop",
            submitted_at=datetime.now(UTC),
            total_items=len(changes) + len(outcomes),
        )
        placed = tuple(change.model_copy(update={"position": at}) for at, change in enumerate(changes))
        return ChunkValidated(chunk=chunk, changes=placed, outcomes=outcomes)

    async def send(self, message: Message) -> None:
        await self.broker.publish(
            outgoing_envelope(message, "validator"),
            exchange=CHUNKS,
            routing_key=message.routing_key(),
            body=message.to_json(),
        )

    async def bring(self, *changes: ProductChange, seconds: float = PATIENCE_SECONDS) -> list[ItemOutcome]:
        """Send the changes as one chunk and wait for its outcomes."""
        message = self.chunk(*changes)
        await self.send(message)
        return list((await self.completed(message, seconds)).outcomes)

    async def bring_one(self, reference: str, intent: Intent = Intent.UPSERT, **fields: Any) -> ItemOutcome:
        (outcome,) = await self.bring(self.change(reference, intent, **fields))
        return outcome

    # ── the other listeners' side ──

    async def listen(self) -> None:
        channel = await self.broker.connection.channel()
        self._queue = await channel.declare_queue(exclusive=True)
        for key in ("chunk.completed.#", "chunk.written.#", "shop.reachability.#", "shop.snapshot.#"):
            await self._queue.bind(CHUNKS, key)
        await self._queue.consume(self._remember, no_ack=True)

    async def _remember(self, delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.told.append(decode(delivery.type or "", delivery.body))

    def finished(self, sent: ChunkValidated) -> list[ChunkCompleted | ChunkWritten]:
        wanted = sent.chunk.chunk_id
        return [
            m
            for m in self.told
            if isinstance(m, ChunkCompleted | ChunkWritten) and m.chunk.chunk_id == wanted
        ]

    async def completed(
        self, sent: ChunkValidated, seconds: float = PATIENCE_SECONDS
    ) -> ChunkCompleted | ChunkWritten:
        await eventually(lambda: bool(self.finished(sent)), seconds)
        return self.finished(sent)[0]

    def reachability(self) -> list[str]:
        return [m.reachability.value for m in self.told if isinstance(m, ShopReachability)]

    def snapshots(self) -> list[ShopSnapshot]:
        return [m for m in self.told if isinstance(m, ShopSnapshot)]

    # ── the shop's side ──

    @property
    def shop(self) -> SimulatedShop:
        return self.runner.app[SHOP]

    @property
    def faults(self) -> Faults:
        return self.runner.app[FAULTS]

    def fail(self, match: str, **fault: Any) -> None:
        """Switch a fault of the shop on."""
        self.faults.change({"match": match, **fault})

    def allow_only(self, resource: str, methods: Set[str]) -> None:
        """The key has all rights but for those on a resource, from now on."""
        rights = dict.fromkeys(DESCRIPTIONS, ALL_METHODS) | {resource: frozenset(methods)}
        self.shop.settings = replace(self.shop.settings, keys=(Key(KEY, resources=rights),))

    def shown(self) -> list[dict[str, Any]]:
        """All products of the shop."""
        ids = [row[0] for row in self.shop.connection.execute("select id from products order by id")]
        return [dict(product) for product in products(self.shop, ids)]

    def product(self, reference: str) -> dict[str, Any]:
        """The product with a reference; fails when there is not exactly one."""
        (found,) = [product for product in self.shown() if product["reference"] == reference]
        return found

    async def made_by_hand(self, *nodes: dict[str, Any]) -> list[int]:
        """Products that somebody has made in the back office."""
        whole = [{"price": 1, "state": 1, "active": 1, "id_category_default": 2} | node for node in nodes]
        ids = []
        for node in whole:  # one by one: twins within one call are refused
            (outcome,) = await self.client.create("products", [node], identity=("reference",))
            assert isinstance(outcome, Written)
            ids.append(outcome.id)
        return ids

    def forget_requests(self) -> None:
        self.mark = self.shop.connection.execute("select coalesce(max(id), 0) from requests").fetchone()[0]

    def requests(self) -> list[str]:
        """`METHOD resource entities` of each request since `forget_requests`, those of snapshots left out."""
        rows = self.shop.connection.execute(
            "select method, path, entities from requests "
            "where id > ? and query not like '%schema=%' order by id",
            (self.mark,),
        ).fetchall()
        return [
            f"{method} {path.split('/')[2]} {entities}"
            for method, path, entities in rows
            if path not in SNAPSHOT_PATHS
        ]

    def writes(self) -> list[str]:
        return [request for request in self.requests() if not request.startswith("GET")]

    # ── the service ──

    @asynccontextmanager
    async def service(self) -> AsyncIterator[Runtime[WriterSettings]]:
        """The service within the test."""
        database, broker = await asyncio.gather(
            open_database(self.settings, SERVICE), connect(self.settings, SERVICE)
        )
        runtime: Runtime[WriterSettings] = Runtime(SERVICE, self.settings, database, broker)
        await start(runtime)
        running = asyncio.create_task(runtime.run())
        try:
            await self.until_consuming()
            yield runtime
        finally:
            runtime.stopping.set()
            await running
            await asyncio.gather(broker.close(), database.pool.close())
        assert not runtime.failed

    @asynccontextmanager
    async def process(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """The service as a process of its own, which may be killed."""
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "prestashop_writer",
            env={**os.environ, **environment_of(self.settings)},
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def until_consuming(self) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while True:
                try:
                    async with self.broker.connection.channel() as channel:
                        queue = await channel.declare_queue(queue_of(SERVICE), passive=True)
                        if queue.declaration_result.consumer_count:
                            return
                except aio_pika.exceptions.ChannelNotFoundEntity:
                    pass
                await asyncio.sleep(0.02)


def environment_of(settings: WriterSettings) -> dict[str, str]:
    return {
        "SKUWIRE_DATABASE_URL": settings.database_url.get_secret_value(),
        "SKUWIRE_AMQP_URL": settings.amqp_url.get_secret_value(),
        "SKUWIRE_SHOPS_FILE": str(settings.shops_file),
        "SKUWIRE_WRITER_LEASE_SECONDS": str(settings.lease_seconds),
        "SKUWIRE_WRITER_IDLE_SECONDS": str(settings.idle_seconds),
        "SKUWIRE_WRITER_SET_BACK_SECONDS": str(settings.set_back_seconds),
    }


def shops_file_of(url: str, **settings: float) -> str:
    lines = [f'id = "shop"\ntenant = "acme"\nurl = "{url}"\nkey = "{KEY}"']
    lines += [f"{name} = {value}" for name, value in settings.items()]
    return "[[shop]]\n" + "\n".join(lines) + "\n"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_template(postgres_server: Server) -> AsyncIterator[str]:
    async with migrated_template(postgres_server.url, SERVICE) as name:
        yield name


@pytest.fixture
async def world(
    request: pytest.FixtureRequest, database: str, rabbitmq_server: Server, tmp_path: Path
) -> AsyncIterator[World]:
    """The parameter is the PrestaShop that the simulator plays."""
    version = getattr(request, "param", "8.2.1")
    runner, port = await start_server(
        ShopSettings(data_dir=tmp_path / "shop", keys=(Key(KEY),), version=version), "127.0.0.1", 0
    )
    url = f"http://127.0.0.1:{port}"
    shops_file = tmp_path / "shops.toml"
    shops_file.write_text(
        shops_file_of(url, request_timeout_seconds=REQUEST_SECONDS, late_commit_seconds=0.4)
    )
    settings = WriterSettings(
        database_url=SecretStr(database),
        amqp_url=SecretStr(rabbitmq_server.url),
        shops_file=shops_file,
        lease_seconds=3.1,
        idle_seconds=0.1,
        set_back_seconds=0.3,
        first_pause_seconds=0.1,
        attempts=3,
    )
    broker, own = await asyncio.gather(connect(settings, "neighbours"), open_database(settings, SERVICE))
    async with broker.connection.channel() as channel:
        await channel.queue_delete(queue_of(SERVICE))  # what an earlier test may have left
    async with Shop(url, KEY) as client:
        world = World(settings, runner, client, broker, own)
        await world.listen()
        yield world
    await asyncio.gather(broker.close(), own.pool.close(), runner.cleanup())


@pytest.fixture
def impatient(world: World) -> None:
    """The service, which starts after this, soon gives a request up."""
    told = world.settings.shops_file.read_text()
    wanted = told.replace(f"= {REQUEST_SECONDS}\n", f"= {IMPATIENT_SECONDS}\n")
    assert wanted != told
    world.settings.shops_file.write_text(wanted)


@pytest.fixture
async def running(world: World) -> AsyncIterator[World]:
    """The service runs while a test has its world."""
    async with world.service():
        await eventually(lambda: bool(world.snapshots()))
        world.forget_requests()
        yield world


@pytest.fixture(name="eventually")
def eventually_fixture() -> Callable[..., Awaitable[None]]:
    return eventually
