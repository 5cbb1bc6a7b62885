"""The service as a process of its own, between a real broker, a real database and a receiver."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
from pydantic import SecretStr

from common.database.migrate import migrate
from common.messages import (
    Chunk,
    ChunkCompleted,
    Intent,
    ItemOutcome,
    Message,
    Reachability,
    Reason,
    Result,
    ShopReachability,
)
from common.messaging.broker import Broker, connect
from common.messaging.envelope import Envelope
from common.messaging.topology import CHUNKS, EVENTS
from common.settings import ServiceSettings
from stack.ports import free_port

TOKEN = "an internal token of the tests"
SEALING = "a sealing secret of the tests, long enough"
TRACE = "0af7651916cd43dd8448eb211c80319c"
TRACEPARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@dataclass
class Service:
    """A running webhook-relay."""

    process: asyncio.subprocess.Process
    url: str
    log: Path

    def lines(self, event: str) -> list[dict[str, Any]]:
        lines = [json.loads(line) for line in self.log.read_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line.get("event") == event]


@dataclass
class World:
    """What surrounds the service. Tenant and shop are this test's own: the broker is shared."""

    environment: dict[str, str]
    broker: Broker
    tenant: str
    shop: str
    folder: Path

    @asynccontextmanager
    async def service(self, **settings: str) -> AsyncIterator[Service]:
        port = free_port()
        log = self.folder / f"relay-{port}.log"
        with log.open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "webhook_relay",
                env={**os.environ, **self.environment, **settings, "SKUWIRE_HTTP_PORT": str(port)},
                stdout=output,
                stderr=output,
            )
        service = Service(process, f"http://127.0.0.1:{port}", log)
        try:
            await _until_ready(service)
            yield service
        finally:
            if process.returncode is None:
                process.terminate()
            await process.wait()

    async def tell(self, message: Message, message_id: UUID | None = None) -> None:
        envelope = Envelope(
            message_id=message_id or uuid4(),
            message_type=message.message_type,
            time=datetime.now(UTC),
            correlation_id=message.correlation_id(),
            service="test",
            tenant=self.tenant,
            shop=self.shop,
            traceparent=TRACEPARENT,
        )
        await self.broker.publish(
            envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json()
        )

    def chunk(self, *, dry_run: bool = False) -> ChunkCompleted:
        refused = Reason(code="price_negative", field="price", message="Price must be a positive number")
        return ChunkCompleted(
            chunk=Chunk(
                chunk_id="bulk_675c53516d618_0",
                submission_id="bulk_675c53516d618",
                partition=0,
                tenant=self.tenant,
                shop=self.shop,
                submitted_at=datetime.now(UTC),
                total_items=2,
                dry_run=dry_run,
            ),
            outcomes=(
                ItemOutcome(position=0, sequence=1, intent=Intent.UPSERT, result=Result.CREATED, presta_id=7),
                ItemOutcome(
                    position=1, sequence=2, intent=Intent.UPSERT, result=Result.REFUSED, reasons=(refused,)
                ),
            ),
        )

    @asynccontextmanager
    async def public_events(self) -> AsyncIterator[list[tuple[str, Any]]]:
        """Routing key and body of the public events of the shop, as they come."""
        heard: list[tuple[str, Any]] = []
        async with self.broker.connection.channel() as channel:
            queue = await channel.declare_queue(exclusive=True, auto_delete=True)
            await queue.bind(EVENTS, f"#.{self.shop}")

            async def take(delivery: Any) -> None:
                await delivery.ack()
                heard.append((delivery.routing_key, json.loads(delivery.body)))

            await queue.consume(take)
            yield heard


@pytest.fixture
async def world(database: str, rabbitmq_server: Any, tmp_path: Path) -> AsyncIterator[World]:
    await migrate(database, "webhook-relay")
    settings = ServiceSettings(amqp_url=SecretStr(rabbitmq_server.url))
    broker = await connect(settings, "test")
    name = uuid4().hex[:8]
    environment = {
        "SKUWIRE_DATABASE_URL": database,
        "SKUWIRE_AMQP_URL": rabbitmq_server.url,
        "SKUWIRE_INTERNAL_TOKEN": TOKEN,
        "SKUWIRE_RELAY_SEALING_SECRET": SEALING,
        "SKUWIRE_RELAY_ALLOW_HTTP_ENDPOINTS": "true",
        "SKUWIRE_RELAY_ALLOW_PRIVATE_ENDPOINTS": "true",
    }
    yield World(environment, broker, f"tenant-{name}", f"shop-{name}", tmp_path)
    await broker.close()


async def _until_ready(service: Service) -> None:
    async with asyncio.timeout(20), aiohttp.ClientSession() as session:
        while True:
            assert service.process.returncode is None, service.log.read_text()
            try:
                async with session.get(f"{service.url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


async def make_endpoint(service: Service, tenant: str, url: str) -> str:
    """Make an endpoint; its secret."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        wanted = {"tenant": tenant, "url": url}
        async with session.post(f"{service.url}/internal/webhooks", json=wanted) as answer:
            assert answer.status == 201, await answer.text()
            return str((await answer.json())["secret"])


async def test_a_completed_chunk_is_told_by_webhook_and_to_the_public(
    world: World, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    async with world.service() as service, world.public_events() as heard:
        secret = await make_endpoint(service, world.tenant, receiver.url + "/hook?token=hidden")
        message_id = uuid4()
        for _ in range(2):  # redelivered: handled once
            await world.tell(world.chunk(), message_id)
        await eventually(lambda: len(receiver.taken) == 1 and len(heard) == 3)
        await eventually(lambda: len(service.lines("webhook.delivered")) == 1)
    (taken,) = receiver.taken
    body = taken.verified(secret)
    assert (body["chunkId"], body["completed"], body["errors"]) == ("bulk_675c53516d618_0", 1, 1)
    assert sorted(key for key, _ in heard) == [
        f"chunk.completed.{world.shop}",
        f"product.failed.{world.shop}",
        f"product.synced.{world.shop}",
    ]
    assert taken.headers["traceparent"].split("-")[1] == TRACE
    (told,) = service.lines("webhook.delivered")
    assert (told["trace_id"], told["webhook_id"]) == (TRACE, taken.webhook_id)
    assert service.process.returncode == 0
    written = service.log.read_text()
    assert secret not in written
    assert "hidden" not in written
    assert TOKEN not in written


async def test_nobody_outside_is_told_of_a_dry_run(
    world: World, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    async with world.service() as service, world.public_events() as heard:
        await make_endpoint(service, world.tenant, receiver.url + "/hook")
        await world.tell(world.chunk(dry_run=True))
        await world.tell(world.chunk())  # what comes of the first has come when this one is told
        await eventually(lambda: len(receiver.taken) == 1 and len(heard) == 3)
        await eventually(lambda: len(service.lines("webhook.delivered")) == 1)
    assert (len(receiver.taken), len(heard)) == (1, 3)
    assert len(service.lines("chunk.told")) == 1


async def test_a_relay_that_is_killed_during_a_post_repeats_it_under_the_same_id(
    world: World, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    quick = {"SKUWIRE_RELAY_TOTAL_TIMEOUT_SECONDS": "1", "SKUWIRE_RELAY_LEASE_SECONDS": "3"}
    receiver.held["/hook"] = asyncio.Event()
    async with world.service(**quick) as service:
        secret = await make_endpoint(service, world.tenant, receiver.url + "/hook")
        await world.tell(world.chunk())
        await eventually(lambda: len(receiver.taken) == 1)
        service.process.kill()
        await service.process.wait()
    receiver.held.pop("/hook").set()
    async with world.service(**quick) as service:
        await eventually(lambda: len(receiver.taken) == 2)
        await eventually(lambda: len(service.lines("webhook.delivered")) == 1)
    first, second = receiver.taken
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    assert second.verified(secret)


async def test_an_outage_is_told_once_and_its_end_once(
    world: World, eventually: Callable[..., Awaitable[None]]
) -> None:
    began = datetime.now(UTC)

    def report(service: str, reachability: Reachability, second: int) -> ShopReachability:
        return ShopReachability(
            tenant=world.tenant,
            shop=world.shop,
            service=service,
            reachability=reachability,
            at=began + timedelta(seconds=second),
        )

    async with world.service() as service, world.public_events() as heard:
        await world.tell(report("prestashop-writer", Reachability.UNREACHABLE, 1))
        await world.tell(report("image-processor", Reachability.UNREACHABLE, 2))
        await eventually(lambda: len(heard) == 1)
        await world.tell(report("prestashop-writer", Reachability.RECOVERED, 3))
        await world.tell(report("prestashop-writer", Reachability.UNREACHABLE, 1))  # again, late
        await world.tell(report("image-processor", Reachability.RECOVERED, 4))
        await eventually(lambda: len(heard) == 2)
        await eventually(lambda: len(service.lines("shop.recovered")) == 1)
    assert [key for key, _ in heard] == [f"shop.unreachable.{world.shop}", f"shop.recovered.{world.shop}"]
    assert [line["by"] for line in service.lines("shop.unreachable")] == ["prestashop-writer"]
