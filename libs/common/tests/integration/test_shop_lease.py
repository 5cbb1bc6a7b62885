"""One worker per shop at a time, and no write of a worker that has lost its lease."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from common.database import Database, open_database
from common.database.lease import Lease, LeaseLost, acquire_lease
from common.database.migrate import migrate

LONG = 60.0


@pytest.fixture
async def leases(settings: Any, database: str) -> AsyncIterator[Database]:
    await migrate(database, "image-processor")
    opened = await open_database(settings, "image-processor")
    await opened.pool.execute("create table writes (epoch bigint not null)")
    yield opened
    await opened.close()


async def acquired(database: Database, owner: str, seconds: float = LONG) -> Lease:
    lease = await acquire_lease(database.pool, "milano", owner, seconds)
    assert lease is not None
    return lease


async def expire(database: Database) -> None:
    await database.pool.execute("update leases set held_until = now() - interval '1 s'")


async def write(database: Database, lease: Lease) -> None:
    async with database.transaction() as connection:
        await lease.check(connection)
        await connection.execute("insert into writes values ($1)", lease.epoch)


async def test_of_twenty_that_ask_one_gets_the_shop(leases: Database) -> None:
    asked = await asyncio.gather(
        *(acquire_lease(leases.pool, "milano", f"worker {n}", LONG) for n in range(20))
    )

    assert len([lease for lease in asked if lease is not None]) == 1
    assert await acquire_lease(leases.pool, "roma", "worker 1", LONG) is not None


async def test_a_released_shop_is_free_at_once_and_its_epoch_rises(leases: Database) -> None:
    first = await acquired(leases, "a")
    await first.release()

    second = await acquired(leases, "b")

    assert second.epoch == first.epoch + 1
    await first.release()  # late: it takes nothing from the second
    assert await acquire_lease(leases.pool, "milano", "c", LONG) is None


async def test_a_lost_lease_commits_nothing(leases: Database) -> None:
    paused = await acquired(leases, "paused")
    await expire(leases)
    successor = await acquired(leases, "successor")

    with pytest.raises(LeaseLost):
        await write(leases, paused)
    with pytest.raises(LeaseLost):
        await paused.ensure(LONG + 1)
    await write(leases, successor)

    assert await leases.pool.fetchval("select array_agg(epoch) from writes") == [successor.epoch]


async def test_an_expired_lease_that_nobody_took_is_lost_all_the_same(leases: Database) -> None:
    lease = await acquired(leases, "a")
    await expire(leases)

    with pytest.raises(LeaseLost):
        await write(leases, lease)


async def test_a_successor_waits_until_the_write_before_it_is_committed(
    leases: Database, eventually: Callable[..., Awaitable[None]]
) -> None:
    lease = await acquired(leases, "a", seconds=3)  # until it is checked it has to last
    async with leases.transaction() as connection:
        await lease.check(connection)
        await eventually(lambda: leases.pool.fetchval("select held_until < now() from leases"))
        successor = asyncio.create_task(acquired(leases, "b"))
        await eventually(lambda: waits_for_a_lock(leases))
        await connection.execute("insert into writes values ($1)", lease.epoch)

    assert (await successor).epoch == lease.epoch + 1
    assert await leases.pool.fetchval("select count(*) from writes") == 1


async def waits_for_a_lock(database: Database) -> bool:
    return bool(
        await database.pool.fetchval(
            "select count(*) from pg_stat_activity "
            "where datname = current_database() and wait_event_type = 'Lock'"
        )
    )


async def test_a_lease_is_renewed_only_where_it_would_not_last(leases: Database) -> None:
    lease = await acquired(leases, "a")
    before = await leases.pool.fetchval("select held_until from leases")
    await lease.ensure(LONG / 2)
    assert await leases.pool.fetchval("select held_until from leases") == before

    await lease.ensure(LONG)

    assert await leases.pool.fetchval("select held_until from leases") > before
