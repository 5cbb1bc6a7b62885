"""Chunks that wait for a snapshot: asking for it, and sending them to be judged when it has come."""

import asyncio

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.messages import ShopSnapshotWanted
from common.messaging.topology import RETURN
from common.telemetry import meter
from validator import store
from validator.settings import ValidatorSettings

log = structlog.get_logger()

BATCH = 50
FORGET_SECONDS = 3600.0

# Worth another try in a while: the database is away or short of something, or two transactions collided.
TEMPORARY = (
    *UNAVAILABLE,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
)

_waiting = meter.create_gauge("skuwire_chunks_waiting", description="Chunks that wait for a shop's snapshot")


class WaitingRoom:
    """The work loop of the validator. `wake` makes it look at once."""

    def __init__(self, service: str, database: Database, settings: ValidatorSettings) -> None:
        self._service = service
        self._database = database
        self._settings = settings
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def serve(self, stopping: asyncio.Event) -> None:
        """Release what can be judged and ask for what is missing, until `stopping`."""
        while not stopping.is_set():
            self._awake.clear()
            try:
                released = await self.release()
                if released < BATCH:
                    await self.ask()
            except TEMPORARY as error:
                log.warning("waiting_chunks.postponed", cause=str(error) or type(error).__name__)
                released = 0
            if released < BATCH:
                await _first_of(stopping, self._awake, seconds=self._settings.waiting_poll_seconds)

    async def release(self) -> int:
        """Send a batch of chunks back to our own queue; return how many.

        There they are judged like any other: one place judges, with its retries and its dead letters.
        """
        async with self._database.unit_of_work() as work:
            chunks = await store.take_judgeable(work.connection, BATCH)
            for chunk in chunks:
                work.publish(
                    chunk.message,
                    caused_by=chunk,
                    step="snapshot came",
                    exchange=RETURN,
                    routing_key=self._service,
                )
        return len(chunks)

    async def ask(self) -> None:
        """Ask for the snapshots that waiting chunks need; of a shop that stays silent, say so once."""
        async with self._database.unit_of_work() as work:
            requests = await store.request_snapshots(
                work.connection,
                pause_seconds=self._settings.snapshot_pause_seconds,
                overdue_seconds=self._settings.snapshot_overdue_seconds,
            )
            for request in requests:
                work.publish(
                    ShopSnapshotWanted(
                        tenant=request.tenant, shop=request.shop, newer_than=request.newer_than
                    )
                )
            _waiting.set(await store.count_waiting(work.connection))
        for request in requests:
            if request.times == 2:  # asked once without an answer: the shop is away, nothing is lost
                log.warning(
                    "snapshot.overdue",
                    shop=request.shop,
                    waiting_chunks=request.chunks,
                    waiting_since=request.waiting_since.isoformat(),
                )

    async def forget(self, stopping: asyncio.Event) -> None:
        """Forget old claims, once an hour."""
        while not stopping.is_set():
            try:
                while await self._forget_some():
                    pass
            except TEMPORARY as error:
                log.warning("claims.kept_longer", cause=str(error) or type(error).__name__)
            await _first_of(stopping, seconds=FORGET_SECONDS)

    async def _forget_some(self) -> int:
        async with self._database.transaction() as connection:
            return await store.forget_claims(connection, self._settings.claims_kept_days)


async def _first_of(*events: asyncio.Event, seconds: float) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
