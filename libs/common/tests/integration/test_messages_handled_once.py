"""Every message has its effect once, whatever the broker, the database or the process does meanwhile."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest

from common.errors import Transient
from common.messages import ShopSnapshotWanted
from common.messaging import intake as intake_module
from common.messaging.envelope import outgoing_envelope
from common.messaging.inbox import KEEP_DAYS, forget_old
from common.messaging.outbox import OutboxRelay
from common.messaging.topology import queue_of
from stack.servers import Server

Eventually = Callable[..., Awaitable[None]]


async def test_a_message_that_is_delivered_twice_has_one_effect(station: Any, eventually: Eventually) -> None:
    envelope = outgoing_envelope(a_wish(), "test")
    async with station.running():
        sent = await station.send("acme", "acme", envelope=envelope)
        sent += await station.send("acme", envelope=envelope)
        sent += await station.send("acme")
        await eventually(lambda: station.has_noted(sent))

    assert sorted(await station.notes()) == sorted(set(sent))


async def test_a_process_that_dies_between_commit_and_ack_has_had_its_effect(
    station: Any, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    committed = asyncio.Event()

    async def die(_delivery: Any) -> None:
        committed.set()

    async with station.running():
        with monkeypatch.context() as patched:
            patched.setattr(intake_module, "_acknowledge", die)
            sent = await station.send("acme")
            await asyncio.wait_for(committed.wait(), 20)
    await eventually(station.has_one_waiting)  # the broker gives it back

    async with station.running():
        sent += await station.send("acme")
        await eventually(lambda: station.has_noted(sent))

    assert sorted(await station.notes()) == sorted(sent)
    assert await station.waiting() == 0


async def test_a_deleted_queue_is_made_again_and_consumed(station: Any, eventually: Eventually) -> None:
    async with station.running() as runtime:
        async with station.broker.connection.channel() as channel:
            await channel.queue_delete(queue_of(station.name))

        await eventually(station.is_consumed)
        sent = await station.send("acme")
        await eventually(lambda: station.has_noted(sent))

        assert not runtime.failed


async def test_a_database_that_is_killed_under_load_loses_and_doubles_nothing(
    station: Any, eventually: Eventually, postgres_server: Server
) -> None:
    async with station.running():
        first = await station.send(*["acme"] * 150)
        await postgres_server.kill()
        sent = first + await station.send(*["acme"] * 150)
        await postgres_server.restart()
        await eventually(lambda: station.has_noted(sent))

    assert sorted(await station.notes()) == sorted(sent)


@pytest.mark.parametrize(
    "error",
    [
        asyncpg.InternalClientError("cannot switch to state 11; another operation (2) is in progress"),
        asyncpg.ConnectionDoesNotExistError("connection was closed in the middle of operation"),
        asyncpg.DeadlockDetectedError("deadlock detected"),
        Transient("the blob storage is away"),
    ],
    ids=lambda error: type(error).__name__,
)
async def test_what_passes_by_itself_is_tried_again_at_once_and_is_no_failed_attempt(
    station: Any, eventually: Eventually, error: Exception
) -> None:
    attempts: list[int] = []

    async def fails_twice(_work: Any, received: Any) -> None:
        attempts.append(received.envelope.attempt)
        if len(attempts) < 3:
            raise error

    station.fails = fails_twice
    async with station.running():
        sent = await station.send("acme")
        await eventually(lambda: station.has_noted(sent))

    assert attempts == [0, 0, 0]


async def test_a_broker_that_is_killed_gets_the_outbox_when_it_is_back(
    station: Any, eventually: Eventually, rabbitmq_server: Any
) -> None:
    async with station.running() as runtime:
        await eventually(lambda: is_on_disk(rabbitmq_server, station.name))
        sent = await tell_ourselves(runtime, 50)
        await rabbitmq_server.kill()
        sent += await tell_ourselves(runtime, 50)
        await rabbitmq_server.restart()
        sent += await tell_ourselves(runtime, 50)
        await eventually(lambda: station.has_noted(sent), 60)
        await eventually(lambda: outbox_is_empty(station))

    assert sorted(await station.notes()) == sorted(sent)


async def is_on_disk(server: Any, service: str) -> bool:
    """Whether the queue survives a kill; only a node of our own can be asked."""
    return not hasattr(server, "has_on_disk") or server.has_on_disk(queue_of(service))


async def outbox_is_empty(station: Any) -> bool:
    return not await station.database.pool.fetchval("select count(*) from outbox")


async def tell_ourselves(runtime: Any, count: int) -> list[UUID]:
    async with runtime.database.unit_of_work() as work:
        return [work.publish(a_wish()).message_id for _ in range(count)]


def a_wish() -> ShopSnapshotWanted:
    return ShopSnapshotWanted(tenant="acme", shop="milano", newer_than=datetime.now(UTC))


async def test_what_a_dead_process_was_publishing_is_published_by_the_next_one_at_once(
    station: Any, eventually: Eventually
) -> None:
    async with station.running():
        pass  # makes the queue
    left = await tell_ourselves(station, 1)
    await station.database.pool.execute("update outbox set claimed_until = now() + interval '1 day'")

    async with station.running():
        await eventually(lambda: station.has_noted(left))


async def test_messages_to_nobody_keep_no_others_waiting(station: Any) -> None:
    async with station.running():
        pass
    async with station.database.unit_of_work() as work:
        for _ in range(250):
            work.publish(a_wish(), routing_key="nobody.listens")
    relay = OutboxRelay(station.database, station.broker)
    assert [await relay.relay_batch() for _ in range(2)] == [0, 0]
    await station.database.pool.execute("update outbox set claimed_until = now()")
    await tell_ourselves(station, 1)

    assert await relay.relay_batch() == 1


async def test_a_month_old_message_is_forgotten_and_a_younger_one_is_not(station: Any) -> None:
    pool = station.database.pool
    young, old = uuid4(), uuid4()
    for message_id, days in ((young, KEEP_DAYS - 1), (old, KEEP_DAYS + 1)):
        await pool.execute(
            "insert into inbox values ('test', $1, now() - make_interval(days => $2))", message_id, days
        )

    assert await forget_old(station.database) == 1

    assert await pool.fetchval("select message_id from inbox") == young
