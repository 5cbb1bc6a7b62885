"""The relay as a process of its own, between a real broker and a real database."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import pytest
import pytest_asyncio
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from common.messages import (
    Chunk,
    ChunkCompleted,
    Intent,
    ItemOutcome,
    Message,
    Reason,
    Result,
)
from common.messaging.broker import Broker, connect
from common.messaging.envelope import Envelope
from common.messaging.topology import CHUNKS, EVENTS
from common.settings import ServiceSettings
from stack.fixtures import migrated_template
from stack.ports import free_port
from stack.servers import Server

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

    async def ask(self, path: str, body: object = None) -> Any:
        """What the internal API answers to a POST."""
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with (
            aiohttp.ClientSession(headers=headers) as session,
            session.post(f"{self.url}/internal/webhooks{path}", json=body) as answer,
        ):
            assert answer.status in (200, 201), await answer.text()
            return await answer.json()

    async def make_endpoint(self, tenant: str, url: str) -> str:
        """Make an endpoint; its secret."""
        return str((await self.ask("", {"tenant": tenant, "url": url}))["secret"])

    async def figures(self, name: str, tenant: str) -> dict[str, float]:
        """What Prometheus reads of a tenant, by state, once there is something."""
        async with asyncio.timeout(20), aiohttp.ClientSession() as session:
            while True:
                async with session.get(f"{self.url}/metrics") as answer:
                    families = text_string_to_metric_families(await answer.text())
                samples = [sample for family in families for sample in family.samples if sample.name == name]
                if told := {s.labels["state"]: s.value for s in samples if s.labels["tenant"] == tenant}:
                    return told
                await asyncio.sleep(0.05)

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
    trace: str = TRACE

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

    def chunk(self, partition: int = 0, *, dry_run: bool = False) -> ChunkCompleted:
        refused = Reason(code="price_negative", field="price", message="Price must be a positive number")
        return ChunkCompleted(
            chunk=Chunk(
                chunk_id=f"bulk_675c53516d618_{partition}",
                submission_id="bulk_675c53516d618",
                partition=partition,
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


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_template(postgres_server: Server) -> AsyncIterator[str]:
    async with migrated_template(postgres_server.url, "webhook-relay") as name:
        yield name


@pytest.fixture
async def world(database: str, rabbitmq_server: Any, tmp_path: Path) -> AsyncIterator[World]:
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
    async with asyncio.timeout(60), aiohttp.ClientSession() as session:
        while True:
            assert service.process.returncode is None, service.log.read_text()
            try:
                async with session.get(f"{service.url}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)
