"""A shadow of a service's schema: its own statements run on copies that end with the connection.

Temporary tables are found before the tables of the same names, so that no statement knows of it. Everything
else is only read: PostgreSQL itself refuses a write to a table that was left out. The connection is a new
one, because one that has prepared a statement on a table goes on to use that table.
"""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager

import asyncpg

from common.database.pool import Database, open_pool
from common.database.unit_of_work import UnitOfWork
from common.messages.contract import Message, decode
from common.settings import ServiceSettings


class ShadowDatabase(Database):
    """A database of one connection, used in turns. `told` is what units of work would have published."""

    def __init__(self, pool: asyncpg.Pool, service: str) -> None:
        super().__init__(pool, service)
        self.told: list[Message] = []

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """One transaction; what it publishes is kept here and not sent."""
        work: UnitOfWork
        async with self.transaction() as connection:
            work = UnitOfWork(connection, self.service)
            yield work
        self.told += [decode(sent.envelope.message_type, sent.body) for sent in work.outgoing]
        work.run_after_commit()


@asynccontextmanager
async def shadow_database(
    settings: ServiceSettings, service: str, tables: Iterable[str]
) -> AsyncIterator[ShadowDatabase]:
    """A shadow in which these tables of the service are empty copies. Raises one of `UNAVAILABLE`."""
    pool = await open_pool(settings, service, 1, default_transaction_read_only="on")
    shadow = ShadowDatabase(pool, service)
    try:
        async with shadow.transaction() as connection:
            await connection.execute("set transaction read write")
            for table in tables:
                await connection.execute(f"create temporary table {table} (like {table} including all)")
        yield shadow
    finally:
        await shadow.close()
