"""Connections to a service's own schema."""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager

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

# Both end with the transaction. The role is not that of the login, which owns the tables, or is a superuser.
_AS_TENANT = "select set_config('skuwire.tenant', $1, true), set_config('role', 'skuwire_tenant', true)"

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

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction with its outgoing messages: state and outbox are committed together."""
        return self.unit_of_work_in(self.transaction())

    def of(self, tenant: str) -> "TenantDatabase":
        """The same tables, in which there are this tenant's rows alone."""
        return TenantDatabase(self, tenant)

    @asynccontextmanager
    async def unit_of_work_in(
        self, transaction: AbstractAsyncContextManager[asyncpg.Connection]
    ) -> AsyncIterator[UnitOfWork]:
        """The same in a transaction that somebody else has given its role."""
        work: UnitOfWork
        async with transaction as connection:
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


class TenantDatabase:
    """What a request works with: no row of another tenant is found, changed or made, whatever the SQL says.

    PostgreSQL sees to that, by the policies that `keep_tenants_apart` has given the tables.
    """

    def __init__(self, database: Database, tenant: str) -> None:
        self._database = database
        self.tenant = tenant

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """One transaction. Keep no network call inside."""
        async with self._database.transaction() as connection:
            await connection.execute(_AS_TENANT, self.tenant)
            yield connection

    def unit_of_work(self) -> AbstractAsyncContextManager[UnitOfWork]:
        """One transaction with its outgoing messages, which are the tenant's too."""
        return self._database.unit_of_work_in(self.transaction())


RowsOf = Callable[[str], TenantDatabase]
"""`Database.of`, for whoever is to get no further than to one tenant's rows at a time."""


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
        reset=_nothing_to_reset,
        server_settings={
            "search_path": schema_of(service),
            "application_name": f"skuwire-{service}",
            "idle_in_transaction_session_timeout": "30s",
            "lock_timeout": "10s",
            **server_settings,
        },
    )


async def _nothing_to_reset(_connection: asyncpg.Connection) -> None:
    """Nothing here outlives its transaction, so that giving a connection back costs no statement.

    asyncpg rolls back what is open, before it asks; role and tenant of a request end with that.
    """


async def _prepare(connection: asyncpg.Connection) -> None:
    for kind in ("json", "jsonb"):
        await connection.set_type_codec(kind, schema="pg_catalog", encoder=json.dumps, decoder=json.loads)
