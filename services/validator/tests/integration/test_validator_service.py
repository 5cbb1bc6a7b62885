"""The whole service on a real PostgreSQL and RabbitMQ: chunks and snapshots in, verdicts out."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid4

import aio_pika
import pytest
from structlog.testing import capture_logs

from common.database import Database, open_database
from common.database.migrate import migrate
from common.messages import (
    Chunk,
    ChunkCompleted,
    ChunkSubmitted,
    ChunkValidated,
    Intent,
    Message,
    ProductChange,
    ProductFields,
    ShopLanguage,
    ShopRemoved,
    ShopSnapshot,
    ShopSnapshotWanted,
    decode,
)
from common.messaging.broker import Broker, connect
from common.messaging.envelope import Envelope, Received, envelope_from_headers, outgoing_envelope
from common.messaging.topology import CHUNKS, queue_of
from common.service import Runtime
from stack.servers import Server
from validator import store
from validator.main import start
from validator.settings import ValidatorSettings
from validator.verdict import ANY_TIME, Claim
from validator.waiting import WaitingRoom

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PATIENCE_SECONDS = 20.0


def a_chunk(
    *items: ProductChange, partition: int = 0, submitted_at: datetime = NOON, dry_run: bool = False
) -> ChunkSubmitted:
    chunk = Chunk(
        chunk_id=f"bulk_1_{partition}",
        submission_id="bulk_1",
        partition=partition,
        tenant="acme",
        shop="milano",
        submitted_at=submitted_at,
        total_items=len(items),
        dry_run=dry_run,
    )
    return ChunkSubmitted(chunk=chunk, changes=items)


def an_item(position: int, reference: str, category: int = 2) -> ProductChange:
    fields = ProductFields(name={"en": "Bracket"}, categories=(category,))
    return ProductChange(
        position=position, sequence=position + 1, intent=Intent.UPSERT, reference=reference, fields=fields
    )


def a_snapshot(*categories: int, taken_at: datetime = NOON + timedelta(hours=1)) -> ShopSnapshot:
    return ShopSnapshot(
        tenant="acme",
        shop="milano",
        taken_at=taken_at,
        version="8.2.1",
        languages=(ShopLanguage(id=1, iso_code="en", is_default=True),),
        categories=(1, 2, *categories),
    )


class Neighbours:
    """The other services: what they send, and what they are told."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self._told: asyncio.Queue[Received[Message]] = asyncio.Queue()

    async def listen(self) -> None:
        channel = await self._broker.connection.channel()
        self._queue = await channel.declare_queue(exclusive=True)
        for key in ("chunk.validated.#", "chunk.completed.#", "shop.snapshot_wanted.#"):
            await self._queue.bind(CHUNKS, key)
        await self._queue.consume(self._remember, no_ack=True)

    async def _remember(self, delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        message_type, message_id = delivery.type, delivery.message_id
        assert message_type
        assert message_id
        envelope = envelope_from_headers(UUID(message_id), message_type, dict(delivery.headers))
        self._told.put_nowait(Received(decode(message_type, delivery.body), envelope))

    async def send(self, message: Message, envelope: Envelope | None = None) -> Envelope:
        envelope = envelope or outgoing_envelope(message, "gateway")
        await self._broker.publish(
            envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json()
        )
        return envelope

    async def are_told(self) -> Received[Message]:
        return await asyncio.wait_for(self._told.get(), PATIENCE_SECONDS)

    async def are_told_of(self, chunk_id: str) -> Message:
        """The next message is about this chunk: had another one come before, the test would fail."""
        message = (await self.are_told()).message
        assert isinstance(message, ChunkValidated | ChunkCompleted)
        assert message.chunk.chunk_id == chunk_id
        return message


@pytest.fixture
async def settings(database: str, rabbitmq_server: Server) -> ValidatorSettings:
    await migrate(database, "validator")
    return ValidatorSettings(
        database_url=database,
        amqp_url=rabbitmq_server.url,
        snapshot_pause_seconds=0,
        waiting_poll_seconds=0.1,
    )


@pytest.fixture
async def neighbours(settings: ValidatorSettings) -> AsyncIterator[Neighbours]:
    """The service runs while a test has its neighbours."""
    ours, theirs, own_database = await asyncio.gather(
        connect(settings, "validator"), connect(settings, "neighbours"), open_database(settings, "validator")
    )
    async with theirs.connection.channel() as channel:
        await channel.queue_delete(queue_of("validator"))  # what an earlier test may have left
    neighbours = Neighbours(theirs)
    await neighbours.listen()
    runtime = Runtime("validator", settings, own_database, ours)
    await start(runtime)
    running = asyncio.create_task(runtime.run())
    await eventually_consuming(theirs)
    yield neighbours
    runtime.stopping.set()
    await running
    assert not runtime.failed
    await asyncio.gather(ours.close(), theirs.close(), own_database.pool.close())


async def eventually_consuming(broker: Broker) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                async with broker.connection.channel() as channel:
                    queue = await channel.declare_queue(queue_of("validator"), passive=True)
                    if queue.declaration_result.consumer_count:
                        return
            except aio_pika.exceptions.ChannelNotFoundEntity:
                await asyncio.sleep(0.02)


async def test_a_chunk_goes_on_with_its_refusals_and_names_its_cause(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot())
    sent = await neighbours.send(a_chunk(an_item(0, "A"), an_item(1, "B", category=9)))

    told = await neighbours.are_told()

    assert isinstance(told.message, ChunkValidated)
    assert [c.reference for c in told.message.changes] == ["A"]
    assert [(o.position, o.reasons[0].code) for o in told.message.outcomes] == [(1, "category_unknown")]
    assert told.envelope.causation_id == sent.message_id
    assert told.envelope.correlation_id == "bulk_1"


async def test_a_chunk_with_nothing_open_is_completed(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot())
    await neighbours.send(a_chunk(an_item(0, "A", category=9)))

    assert isinstance(await neighbours.are_told_of("bulk_1_0"), ChunkCompleted)


async def test_a_dry_run_stays_one_whether_it_waits_goes_on_or_ends_here(neighbours: Neighbours) -> None:
    await neighbours.send(a_chunk(an_item(0, "A"), dry_run=True))
    assert isinstance((await neighbours.are_told()).message, ShopSnapshotWanted)
    await neighbours.send(a_snapshot())
    waited = await neighbours.are_told_of("bulk_1_0")
    await neighbours.send(a_chunk(an_item(1, "B", category=9), partition=1, dry_run=True))
    ended = await neighbours.are_told_of("bulk_1_1")

    assert isinstance(waited, ChunkValidated)
    assert isinstance(ended, ChunkCompleted)
    assert waited.chunk.dry_run is ended.chunk.dry_run is True


async def test_a_chunk_of_an_unknown_shop_waits_for_the_first_snapshot(neighbours: Neighbours) -> None:
    await neighbours.send(a_chunk(an_item(0, "A")))
    await neighbours.send(a_chunk(an_item(1, "B"), partition=1))
    wanted = (await neighbours.are_told()).message
    assert isinstance(wanted, ShopSnapshotWanted)
    assert (wanted.shop, wanted.newer_than) == ("milano", ANY_TIME)

    await neighbours.send(a_snapshot())

    told = {(await neighbours.are_told()).message.routing_key() for _ in range(2)}
    assert told == {"chunk.validated.milano"}  # both chunks, and no second request


async def test_nothing_waits_or_goes_on_for_a_shop_that_was_removed(neighbours: Neighbours) -> None:
    elsewhere = a_chunk(an_item(0, "C"), partition=2)
    elsewhere = elsewhere.model_copy(update={"chunk": elsewhere.chunk.model_copy(update={"shop": "roma"})})
    await neighbours.send(a_snapshot().model_copy(update={"shop": "roma"}))
    await neighbours.send(a_chunk(an_item(0, "A")))
    assert isinstance((await neighbours.are_told()).message, ShopSnapshotWanted)

    await neighbours.send(ShopRemoved(tenant="acme", shop="milano", sequence=2))
    await neighbours.send(a_chunk(an_item(1, "B"), partition=1))  # was on its way
    await neighbours.send(a_snapshot())
    await neighbours.send(elsewhere)

    assert isinstance(await neighbours.are_told_of("bulk_1_2"), ChunkValidated)


async def test_a_category_that_was_just_made_is_looked_for_once_more(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot(taken_at=NOON))
    submitted_at = NOON + timedelta(minutes=5)
    await neighbours.send(a_chunk(an_item(0, "A", 77), an_item(1, "B", 78), submitted_at=submitted_at))
    wanted = (await neighbours.are_told()).message
    assert isinstance(wanted, ShopSnapshotWanted)
    assert wanted.newer_than == submitted_at

    await neighbours.send(a_snapshot(77, taken_at=submitted_at + timedelta(seconds=1)))

    message = await neighbours.are_told_of("bulk_1_0")
    assert isinstance(message, ChunkValidated)
    assert [c.reference for c in message.changes] == ["A"]
    assert [o.reference for o in message.outcomes] == ["B"]


async def test_an_older_snapshot_never_overwrites_a_newer_one(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot(77, taken_at=NOON + timedelta(hours=2)))
    await neighbours.send(a_snapshot(taken_at=NOON + timedelta(hours=1)))
    await neighbours.send(a_chunk(an_item(0, "A", 77)))

    assert isinstance(await neighbours.are_told_of("bulk_1_0"), ChunkValidated)


async def test_a_redelivered_chunk_changes_nothing(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot())
    chunk = a_chunk(an_item(0, "A"))
    sent = await neighbours.send(chunk)
    await neighbours.send(chunk, sent)
    await neighbours.are_told_of("bulk_1_0")
    await neighbours.send(chunk, sent)
    await neighbours.send(a_chunk(an_item(1, "B"), partition=1))

    await neighbours.are_told_of("bulk_1_1")  # nothing came between


async def test_a_replayed_chunk_is_judged_the_same(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot())
    chunk = a_chunk(an_item(0, "A"), an_item(1, "A"))
    await neighbours.send(chunk)
    first = await neighbours.are_told_of("bulk_1_0")

    await neighbours.send(chunk)  # under an id of its own

    assert await neighbours.are_told_of("bulk_1_0") == first


async def test_a_reference_is_created_by_one_chunk_of_a_submission(neighbours: Neighbours) -> None:
    await neighbours.send(a_snapshot())
    await neighbours.send(a_chunk(an_item(50, "A"), partition=1))
    await neighbours.are_told_of("bulk_1_1")
    await neighbours.send(a_chunk(an_item(0, "A"), an_item(1, "B"), partition=0))

    message = await neighbours.are_told_of("bulk_1_0")

    assert isinstance(message, ChunkValidated)
    assert [c.reference for c in message.changes] == ["B"]
    assert "Item 50" in message.outcomes[0].reasons[0].message


@pytest.fixture
async def own_database(settings: ValidatorSettings) -> AsyncIterator[Database]:
    database = await open_database(settings, "validator")
    yield database
    await database.pool.close()


async def let_wait(database: Database, chunk: ChunkSubmitted, newer_than: datetime) -> None:
    envelope = Envelope(uuid4(), chunk.message_type, NOON, "bulk_1", "gateway", "acme", "milano")
    async with database.transaction() as connection:
        await store.park(connection, [store.Waiting(Received(chunk, envelope), newer_than)])


async def requests_of(database: Database) -> int:
    return int(
        await database.pool.fetchval(
            "select count(*) from outbox where message_type = $1", ShopSnapshotWanted.message_type
        )
    )


async def test_a_silent_shop_is_asked_again_and_reported_once(
    settings: ValidatorSettings, own_database: Database
) -> None:
    room = WaitingRoom("validator", own_database, settings)
    await let_wait(own_database, a_chunk(an_item(0, "A")), ANY_TIME)

    with capture_logs() as logs:
        for _ in range(4):
            await room.ask()
            await room.ask()  # too early for another one
            await own_database.pool.execute(
                "update snapshot_requests set asked_at = asked_at - interval '1 h'"
            )

    assert await requests_of(own_database) == 4
    overdue = [entry for entry in logs if entry["event"] == "snapshot.overdue"]
    assert [(entry["shop"], entry["waiting_chunks"]) for entry in overdue] == [("milano", 1)]
    assert await room.release() == 0


async def test_an_answer_that_is_still_too_old_is_asked_for_anew_without_alarm(
    settings: ValidatorSettings, own_database: Database
) -> None:
    room = WaitingRoom("validator", own_database, settings)
    await let_wait(own_database, a_chunk(an_item(0, "A", 77)), NOON)
    await room.ask()

    with capture_logs() as logs:
        for minute in range(3):  # the shop's clock is behind that of the gateway
            snapshot = a_snapshot(taken_at=NOON - timedelta(minutes=10 - minute))
            async with own_database.transaction() as connection:
                await store.save_snapshots(connection, [snapshot])
            await room.ask()

    assert await requests_of(own_database) == 4
    assert logs == []


async def test_claims_are_forgotten_after_their_time(own_database: Database) -> None:
    first: dict[Claim, int] = {("old", "A"): 3, ("new", "A"): 5}
    later: dict[Claim, int] = {("old", "A"): 4, ("new", "A"): 6}
    async with own_database.transaction() as connection:
        assert await store.claim(connection, first) == first
        await connection.execute(
            "update claims set claimed_at = now() - interval '31 days' where submission_id = 'old'"
        )

        assert await store.forget_claims(connection, 30) == 1

        assert await store.claim(connection, later) == {("old", "A"): 4, ("new", "A"): 5}
