"""Connections to a service's own schema."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import asyncpg
import structlog

from common.database.schema import schema_of
from common.database.unit_of_work import UnitOfWork
from common.settings import ServiceSettings

log = structlog.get_logger()

UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.PostgresConnectionError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what the roll-back says on a connection that died within a statement
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
)
"""What says that the database is away, rather than that a statement is wrong."""

ACQUIRE_TIMEOUT_SECONDS = 5.0
CONNECT_TIMEOUT_SECONDS = 10.0
CLOSE_TIMEOUT_SECONDS = 3.0


def is_refused_value(error: BaseException) -> bool:
    """Whether asyncpg itself refused a value, say a number beyond int4: no matter of the database being away.

    Its class for that is private and derives from `InterfaceError`, as a closed connection does.
    """
    return isinstance(error, asyncpg.InterfaceError) and isinstance(error, ValueError)


class Database:
    """The service's pool. `on_outgoing` is called after each commit that filled the outbox."""

    def __init__(self, pool: asyncpg.Pool, service: str) -> None:
        self.pool = pool
        self.service = service
        self.on_outgoing: Callable[[], None] = lambda: None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """One transaction. Keep no network call inside."""
        async with self.pool.acquire(timeout=ACQUIRE_TIMEOUT_SECONDS) as connection, connection.transaction():
            yield connection  # type: ignore[misc] # the proxy has the connection's methods

    @asynccontextmanager
    async def unit_of_work(self) -> AsyncIterator[UnitOfWork]:
        """One transaction with its outgoing messages: state and outbox are committed together."""
        work: UnitOfWork
        async with self.transaction() as connection:
            work = UnitOfWork(connection, self.service)
            yield work
            await work.flush()
        if work.has_outgoing:
            self.on_outgoing()
        work.run_after_commit()

    async def is_reachable(self) -> bool:
        try:
            async with asyncio.timeout(2):
                await self.pool.fetchval("select 1")
        except (*UNAVAILABLE, asyncpg.PostgresError):
            return False
        return True

    async def close(self) -> None:
        """Close the pool; connections that are still at work then are cut off."""
        try:
            async with asyncio.timeout(CLOSE_TIMEOUT_SECONDS):
                await self.pool.close()
        except TimeoutError:
            self.pool.terminate()


async def open_database(settings: ServiceSettings, service: str) -> Database:
    """Open the pool, waiting for a database that is not there yet."""
    pause = 0.2
    while True:
        try:
            return Database(await open_pool(settings, service, settings.database_pool_size), service)
        except (*UNAVAILABLE, asyncpg.CannotConnectNowError) as error:
            log.warning("database.unreachable", cause=str(error) or type(error).__name__, retry_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)


async def open_pool(
    settings: ServiceSettings, service: str, size: int, **server_settings: str
) -> asyncpg.Pool:
    """At most `size` connections to the service's schema. Raises one of `UNAVAILABLE` while there is none."""
    return await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=1,
        max_size=size,
        timeout=CONNECT_TIMEOUT_SECONDS,
        command_timeout=settings.database_command_timeout_seconds,
        init=_prepare,
        server_settings={
            "search_path": schema_of(service),
            "application_name": f"skuwire-{service}",
            "idle_in_transaction_session_timeout": "30s",
            "lock_timeout": "10s",
            **server_settings,
        },
    )


async def _prepare(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
