"""Statements that run on copies of tables change nothing else."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from typing import Any

import asyncpg
import pytest

from common.database import Database, open_database, shadow_database
from common.database.migrate import migrate
from common.messages import ShopSnapshotWanted

SERVICE = "validator"
WISH = ShopSnapshotWanted(tenant="acme", shop="milano", newer_than=datetime(2026, 1, 1, tzinfo=UTC))


@pytest.fixture
async def real(settings: Any, database: str) -> AsyncIterator[Database]:
    await migrate(database, SERVICE)
    opened = await open_database(settings, SERVICE)
    await opened.pool.execute("create table things (id bigint primary key, names jsonb not null)")
    await opened.pool.execute("""insert into things values (1, '["one"]')""")
    yield opened
    await opened.close()


async def everything(database: Database) -> list[Any]:
    tables = await database.pool.fetch(
        "select tablename from pg_tables where schemaname = current_schema() order by tablename"
    )
    return [
        (table["tablename"], await database.pool.fetch(f"select * from {table['tablename']}"))
        for table in tables
    ]


async def test_statements_run_on_the_copies_and_leave_the_tables_alone(real: Database, settings: Any) -> None:
    before = await everything(real)
    for _ in range(2):
        async with shadow_database(settings, SERVICE, ["things"]) as shadow:
            assert await shadow.pool.fetch("select * from things") == []
            async with shadow.unit_of_work() as work:
                await work.connection.execute("insert into things select * from validator.things")
                await work.connection.execute("insert into things values (2, '[]')")
                await work.connection.fetch("select * from things for update")
                work.publish(WISH)
            assert await shadow.pool.fetchval("select names from things where id = 1") == ["one"]
            with pytest.raises(asyncpg.UniqueViolationError):
                await shadow.pool.execute("insert into things values (2, '[]')")
            assert shadow.told == [WISH]
    assert await everything(real) == before


async def test_a_table_that_was_left_out_is_read_and_not_written(real: Database, settings: Any) -> None:
    async with shadow_database(settings, SERVICE, []) as shadow:
        assert await shadow.pool.fetchval("select count(*) from things") == 1
        for statement in ("delete from things", "select * from things for update", "drop table things"):
            with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
                await shadow.pool.execute(statement)


async def fail_in_the_middle(database: Database) -> None:
    async with database.unit_of_work() as work:
        await work.connection.execute("insert into things values (2, '[]')")
        work.publish(WISH)
        raise ZeroDivisionError


async def test_what_was_not_committed_is_not_told(real: Database, settings: Any) -> None:
    async with shadow_database(settings, SERVICE, ["things"]) as shadow:
        with pytest.raises(ZeroDivisionError):
            await fail_in_the_middle(shadow)
        assert shadow.told == []
        assert await shadow.pool.fetch("select * from things") == []
