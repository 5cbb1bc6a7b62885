"""A service as a process of its own: it ends when it is told to, in time, and nothing is lost."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest

from common.database.migrate import migrate
from common.messages import (
    Chunk,
    ChunkSubmitted,
    Intent,
    ProductChange,
    ProductFields,
    ShopLanguage,
    ShopSnapshot,
)
from common.messaging.broker import Broker, NotPublished, connect
from common.messaging.consumer import STRIKES, Consumer, ConsumerLost
from common.messaging.envelope import outgoing_envelope
from common.messaging.topology import CHUNKS, declare_service_queue, queue_of
from stack.ports import free_port

Eventually = Callable[..., Awaitable[None]]
DEADLINE_SECONDS = 12


class World:
    """The validator's neighbours, and the validator itself as often as it is started."""

    def __init__(self, settings: Any, database: str, broker: Broker, folder: Path) -> None:
        self.settings, self.database, self.broker, self.folder = settings, database, broker, folder
        self.told: dict[str, set[str]] = {}  # ids of the messages by the chunk that they are about

    async def listen(self) -> None:
        self._channel = await self.broker.connection.channel()
        await self._channel.queue_delete(queue_of("validator"))  # what an earlier test may have left
        queue = await self._channel.declare_queue(exclusive=True)
        await queue.bind(CHUNKS, "chunk.validated.#")
        await queue.consume(self._remember, no_ack=True)

    async def _remember(self, delivery: Any) -> None:
        chunk_id = json.loads(delivery.body)["chunk"]["chunk_id"]
        self.told.setdefault(chunk_id, set()).add(delivery.message_id)

    async def send(self, message: ShopSnapshot | ChunkSubmitted) -> None:
        envelope = outgoing_envelope(message, "test")
        await self.broker.publish(
            envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json()
        )

    @asynccontextmanager
    async def validator(self, **changed: str) -> AsyncIterator[asyncio.subprocess.Process]:
        port = free_port()
        environment = {
            "SKUWIRE_DATABASE_URL": self.database,
            "SKUWIRE_AMQP_URL": self.settings.amqp_url.get_secret_value(),
            "SKUWIRE_HTTP_PORT": str(port),
            "SKUWIRE_SHUTDOWN_DEADLINE_SECONDS": str(DEADLINE_SECONDS),
        }
        with (self.folder / f"validator-{port}.log").open("wb") as output:
            process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "validator",
                env=os.environ | environment | changed,
                stdout=output,
                stderr=output,
            )
        try:
            if not changed:
                await _until_ready(process, port)
            yield process
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()

    def log(self) -> str:
        return "".join(file.read_text() for file in sorted(self.folder.glob("validator-*.log")))


async def _until_ready(process: asyncio.subprocess.Process, port: int) -> None:
    async with asyncio.timeout(30), aiohttp.ClientSession() as http:
        while process.returncode is None:
            try:
                async with http.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.status == 200:
                        return
            except aiohttp.ClientError:
                pass
            await asyncio.sleep(0.05)


@pytest.fixture
async def world(settings: Any, database: str, tmp_path: Path) -> AsyncIterator[World]:
    await migrate(database, "validator")
    broker = await connect(settings, "test")
    world = World(settings, database, broker, tmp_path)
    await world.listen()
    yield world
    await broker.close()


def a_chunk(partition: int) -> ChunkSubmitted:
    noon = datetime(2026, 1, 1, 12, tzinfo=UTC)
    fields = ProductFields(name={"en": "Bracket"}, categories=(2,))
    item = ProductChange(
        position=partition,
        sequence=partition + 1,
        intent=Intent.UPSERT,
        reference=f"R{partition}",
        fields=fields,
    )
    chunk = Chunk(
        chunk_id=f"bulk_1_{partition}",
        submission_id="bulk_1",
        partition=partition,
        tenant="acme",
        shop="milano",
        submitted_at=noon,
        total_items=1,
    )
    return ChunkSubmitted(chunk=chunk, changes=(item,))


SNAPSHOT = ShopSnapshot(
    tenant="acme",
    shop="milano",
    taken_at=datetime(2026, 1, 1, 13, tzinfo=UTC),
    version="8.2.1",
    languages=(ShopLanguage(id=1, iso_code="en", is_default=True),),
    categories=(1, 2),
)


async def test_a_service_that_is_ended_and_killed_while_messages_flow_loses_nothing(
    world: World, eventually: Eventually
) -> None:
    chunks = [a_chunk(number) for number in range(300)]

    async def send_all() -> None:
        for chunk in chunks:
            await world.send(chunk)

    async with world.validator() as process:
        await world.send(SNAPSHOT)
        sending = asyncio.create_task(send_all())
        await eventually(lambda: _at_least(world, 40))
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE_SECONDS) == 0
    async with world.validator() as process:
        await eventually(lambda: _at_least(world, 150))
        process.kill()
    async with world.validator():
        await sending
        await eventually(lambda: _at_least(world, 300))

    assert {chunk_id: len(ids) for chunk_id, ids in world.told.items() if len(ids) != 1} == {}


async def _at_least(world: World, chunks: int) -> bool:
    return len(world.told) >= chunks


async def test_a_service_ends_in_time_although_the_broker_is_stuck(
    world: World, rabbitmq_server: Any
) -> None:
    if not hasattr(rabbitmq_server, "pid"):
        pytest.skip("only a node of our own can be stopped")
    world.broker.publish_timeout_seconds = 2
    async with world.validator() as process:
        os.killpg(rabbitmq_server.pid, signal.SIGSTOP)
        try:
            with pytest.raises(NotPublished):
                await world.send(SNAPSHOT)
            process.terminate()
            assert await asyncio.wait_for(process.wait(), DEADLINE_SECONDS) == 0
        finally:
            os.killpg(rabbitmq_server.pid, signal.SIGCONT)
    assert "shutdown_deadline_passed" not in world.log()


@pytest.mark.parametrize(
    "away",
    [
        {"SKUWIRE_DATABASE_URL": "postgresql://skuwire:planted@127.0.0.1:{port}/none"},
        {"SKUWIRE_AMQP_URL": "amqp://skuwire:planted@127.0.0.1:{port}/"},
    ],
    ids=["database", "broker"],
)
async def test_a_service_that_waits_for_its_servers_can_be_ended(
    world: World, eventually: Eventually, away: dict[str, str]
) -> None:
    changed = {name: value.format(port=free_port()) for name, value in away.items()}
    async with world.validator(**changed) as process:
        await eventually(lambda: _says(world, "unreachable"))
        process.terminate()
        assert await asyncio.wait_for(process.wait(), DEADLINE_SECONDS) == 0
    assert "planted" not in world.log()


async def _says(world: World, words: str) -> bool:
    return words in world.log()


async def test_a_service_that_cannot_start_says_why_and_ends_with_an_error(world: World) -> None:
    async with world.broker.connection.channel() as channel:
        await channel.declare_queue(queue_of("validator"), durable=True)  # with other arguments
    async with world.validator() as process:
        assert await asyncio.wait_for(process.wait(), 30) == 1
    assert "delete it when it is empty, or undo the change" in world.log()


async def test_a_consumer_that_the_broker_does_not_know_ends_the_service(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    async def unknown(_self: Consumer, queue: str) -> bool:
        asked.append(queue)
        return False

    monkeypatch.setattr(Consumer, "_has_consumer", unknown)
    monkeypatch.setattr("common.messaging.consumer.SUBSCRIBE_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr("common.messaging.consumer.LOOK_SECONDS", 0.01)
    name = f"unknown-{uuid4().hex[:8]}"
    consumer = Consumer(
        world.broker, lambda channel: declare_service_queue(channel, name, []), watch_seconds=0.02
    )

    async def handle(_batch: Any) -> None:
        raise AssertionError

    with pytest.raises(ConsumerLost):
        await consumer.run(handle, asyncio.Event())

    assert asked == [queue_of(name)] * STRIKES * 2


async def test_a_consumer_that_a_slow_broker_does_not_know_for_once_stays_subscribed(
    world: World, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    subscribed: list[str] = []

    async def unknown_for_once(_self: Consumer, queue: str) -> bool:
        asked.append(queue)
        return len(asked) > 1

    monkeypatch.setattr(Consumer, "_has_consumer", unknown_for_once)
    name = f"known-{uuid4().hex[:8]}"

    async def declare(channel: Any) -> Any:
        subscribed.append(name)
        return await declare_service_queue(channel, name, [])

    async def handle(_batch: Any) -> None:
        raise AssertionError

    async def asked_thrice() -> bool:
        return len(asked) > 2

    consumer, stopping = Consumer(world.broker, declare, watch_seconds=0.02), asyncio.Event()
    running = asyncio.create_task(consumer.run(handle, stopping))
    await eventually(asked_thrice)
    stopping.set()
    await running
    assert subscribed == [name]


async def test_a_queue_that_does_not_answer_is_asked_again_and_holds_nobody_up(
    world: World, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a quorum queue without a leader does, after a broker died within half a second of its making."""
    monkeypatch.setattr("common.messaging.consumer.DECLARE_SECONDS", 0.05)
    monkeypatch.setattr("common.messaging.consumer.SUBSCRIBE_PAUSE_SECONDS", 0.01)
    name, tried = f"slow-{uuid4().hex[:8]}", []

    async def declare(channel: Any) -> Any:
        tried.append(1)
        if len(tried) == 2:
            monkeypatch.setattr("common.messaging.consumer.DECLARE_SECONDS", 10)
        if len(tried) < 3:
            await asyncio.Event().wait()
        return await declare_service_queue(channel, name, [])

    async def handle(_batch: Any) -> None:
        raise AssertionError

    consumer, stopping = Consumer(world.broker, declare), asyncio.Event()
    running = asyncio.create_task(consumer.run(handle, stopping))
    await eventually(lambda: _consumes(consumer))
    stopping.set()
    await running

    assert len(tried) == 3


async def _consumes(consumer: Consumer) -> bool:
    return consumer.consuming
