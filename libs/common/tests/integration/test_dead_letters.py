"""A message that cannot be handled is parked, visible, replayable — and harms no other."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any
from uuid import UUID, uuid4

import aio_pika
import pytest

from common.database import Database, open_database
from common.database.migrate import migrate
from common.messaging.broker import Broker, connect
from common.messaging.dead_letter import DeadLetter
from common.messaging.dead_letters import DeadLetterCollector, send_back
from common.messaging.topology import CHUNKS, DEAD, DELIVERY_LIMIT, queue_of
from gateway.dead_letters import store
from gateway.dead_letters.letters import Asker

Eventually = Callable[..., Awaitable[None]]
SECRET = "pm_live_planted0123"


@pytest.fixture
async def collected(settings: Any, database: str) -> AsyncIterator[Database]:
    """The gateway's schema, in which dead letters are kept."""
    await migrate(database, "gateway")
    own_database, broker = await asyncio.gather(
        open_database(settings, "gateway"), connect(settings, "gateway")
    )
    async with broker.connection.channel() as channel:
        await (await channel.get_queue(DEAD)).purge()  # what an earlier test may have left
    stopping = asyncio.Event()

    async def keep(letter: DeadLetter, redriven: bool) -> None:
        async with own_database.transaction() as connection:
            await store.keep(connection, letter, redriven=redriven)

    collecting = asyncio.create_task(DeadLetterCollector(broker, keep).run(stopping))
    yield own_database
    stopping.set()
    await collecting
    await broker.close()
    await own_database.close()


async def letters(database: Database, service: str) -> list[Any]:
    return await database.pool.fetch(
        "select * from dead_letters where service = $1 order by first_seen", service
    )


async def test_a_poisoned_message_is_parked_while_its_neighbours_are_handled(
    station: Any, collected: Database, eventually: Eventually
) -> None:
    async def fails(work: Any, received: Any) -> None:
        if received.message.tenant == "bug":
            raise ValueError(f"no such thing, asked with {SECRET}")
        if received.message.tenant == "too large":
            await work.connection.fetchval("select $1::int4", 2**40)

    async with station.running():
        station.fails = fails
        tenants = ["acme"] * 20 + ["bug"] + ["acme"] * 20 + ["too large"] + ["acme"] * 20
        sent = await station.send(*tenants)
        healthy = [m for m, tenant in zip(sent, tenants, strict=True) if tenant == "acme"]
        await eventually(lambda: has(collected, station.name, 2))
        await eventually(lambda: station.has_noted(healthy))
        assert sorted(await station.notes()) == sorted(healthy)
        rows = {UUID(row["message_id"]): row for row in await letters(collected, station.name)}
        bug, too_large = rows[sent[20]], rows[sent[41]]
        assert bug["reason"] == "ValueError: no such thing, asked with [redacted]"
        assert "in fails" in bug["traceback"]
        assert SECRET not in str(dict(bug))
        assert too_large["reason"].startswith("DataError")
        assert {row["attempts"] for row in rows.values()} == {3}
        assert {row["headers"]["tenant"] for row in rows.values()} == {"bug", "too large"}

        station.fails = None  # the bug was fixed
        for row in rows.values():
            await replay_by_id(collected, station.broker, row["letter_id"])
        await eventually(lambda: station.has_noted(sent))

    assert sorted(await station.notes()) == sorted(sent)
    assert all(row["replayed_at"] for row in await letters(collected, station.name))


async def replay_by_id(database: Database, broker: Broker, letter_id: UUID) -> None:
    async with database.transaction() as connection:
        letter = await store.load_letter(connection, Asker("test", None), letter_id)
    assert letter is not None
    await send_back(broker, letter.to_send)
    async with database.transaction() as connection:
        await store.mark_replayed(connection, letter, "test")


async def test_a_replayed_message_that_fails_again_waits_again(
    station: Any, collected: Database, eventually: Eventually
) -> None:
    on_record = asyncio.Event()
    on_record.set()

    async def fails(_work: Any, _received: Any) -> None:
        await on_record.wait()  # else a slow machine's replay is not, when the message dies again
        raise ValueError("still")

    async with station.running():
        station.fails = fails
        await station.send("acme")
        await eventually(lambda: has(collected, station.name, 1))
        [first] = await letters(collected, station.name)
        on_record.clear()
        await replay_by_id(collected, station.broker, first["letter_id"])
        on_record.set()
        await eventually(lambda: died_again(collected, station.name, first))

    [again] = await letters(collected, station.name)
    assert again["state"] == "waiting"
    assert again["first_seen"] == first["first_seen"]
    assert again["attempts"] == 2 * first["attempts"]


async def died_again(database: Database, service: str, first: Any) -> bool:
    [row] = await letters(database, service)
    return bool(row["last_seen"] > first["last_seen"])


async def has(database: Database, service: str, count: int) -> bool:
    return len(await letters(database, service)) == count


GOOD = {
    "time": "2026-01-01T00:00:00+00:00",
    "correlation-id": "1",
    "service": "s",
    "tenant": "t",
    "shop": "m",
}
KNOWN = "shop.snapshot_wanted.v1"
UNREADABLE = {
    "no id": {"message_id": ""},
    "another's id": {"message_id": "order-17"},
    "no type": {"type": None},
    "a newer version": {"type": "shop.snapshot_wanted.v2"},
    "a type that is not its own": {"type": "chunk.completed.v1"},
    "no JSON": {"body": b"<xml/>"},
    "NUL": {"body": b"\0\0", "headers": GOOD | {"tenant": "\0"}},
    "no headers": {"headers": {}},
    "odd headers": {
        "headers": GOOD | {"attempt": None, "causation-id": [1], "x": bytearray(b"\xff"), "time": 12.5}
    },
    "large": {"body": b"x" * 10_000_000},
}


async def test_messages_that_cannot_be_read_are_parked_with_the_reason(
    station: Any, collected: Database, eventually: Eventually
) -> None:
    station.broker.publish_timeout_seconds = 30  # ten megabytes, on a slow machine
    async with station.running():
        for given in UNREADABLE.values():
            made = {"message_id": str(uuid4()), "type": KNOWN, "headers": GOOD, "body": b"{}"} | given
            await station.broker.send(
                aio_pika.Message(**made), exchange=CHUNKS, routing_key=f"{station.key}.milano"
            )
        sent = await station.send("acme")
        await eventually(lambda: station.has_noted(sent))  # it lives
        await eventually(lambda: has(collected, station.name, len(UNREADABLE)))

    rows = await letters(collected, station.name)
    assert {row["reason"] for row in rows} == {"rejected"}
    assert max(len(row["body"]) for row in rows) == 10_000_000


async def test_a_message_whose_readers_died_is_sent_back_once(
    station: Any, collected: Database, eventually: Eventually
) -> None:
    async with station.running():
        pass  # makes the queue
    [sent] = await station.send("acme")
    await die_with_it(station)
    await eventually(lambda: has(collected, station.name, 1))
    [redriven] = await letters(collected, station.name)
    assert redriven["reason"] == "delivery_limit"
    assert redriven["state"] == "replayed"
    await eventually(station.has_one_waiting)

    await die_with_it(station)
    await eventually(lambda: died_again(collected, station.name, redriven))
    [dead] = await letters(collected, station.name)
    assert dead["state"] == "waiting"
    assert await station.waiting() == 0

    async with station.running():
        await replay_by_id(collected, station.broker, dead["letter_id"])
        await eventually(lambda: station.has_noted([sent]))


async def die_with_it(station: Any) -> None:
    """Take the message as often as the broker allows, and never finish it."""
    async with station.broker.connection.channel() as channel:
        queue = await channel.get_queue(queue_of(station.name))
        for _ in range(DELIVERY_LIMIT + 1):
            delivery = await queue.get(timeout=5)
            await delivery.reject(requeue=True)
