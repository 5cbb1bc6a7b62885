"""What becomes of work for a shop that was removed: its items are refused, and told as any other end.

A replica may accept for a moment after the removal, and a station may have something still; so open chunks of
removed shops are looked for again and again rather than once.
"""

import asyncio
from datetime import UTC, datetime

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.messages import ChunkCompleted, Reason
from common.stopping import sleep_or_stop
from gateway.completion import tell_completed
from gateway.progress_store import Step, record_steps, settle_items
from gateway.shops import store
from gateway.waiting import Waiting

log = structlog.get_logger()

BATCH = 100
EVERY_SECONDS = 30.0

SHOP_REMOVED = Reason(
    code="shop_removed", field="", message="The shop was removed before this was brought to it."
)


class Settling:
    """Settles open chunks of removed shops. `wake` makes it look at once."""

    def __init__(self, database: Database, waiting: Waiting) -> None:
        self._database = database
        self._waiting = waiting
        self._awake = asyncio.Event()

    def wake(self) -> None:
        self._awake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Until `stopping`."""
        stopped = asyncio.ensure_future(stopping.wait())
        stopped.add_done_callback(lambda _: self._awake.set())
        while not stopping.is_set():
            self._awake.clear()
            try:
                while await self.settle() and not stopping.is_set():
                    pass
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("removed_shops.not_settled", cause=type(error).__name__)
            await sleep_or_stop(self._awake, EVERY_SECONDS)
        stopped.cancel()

    async def settle(self) -> bool:
        """Settle a batch; False where nothing is open."""
        async with self._database.unit_of_work() as work:
            chunks = await store.open_chunks_of_removed_shops(work.connection, BATCH)
            now, changed = datetime.now(UTC), {chunk.submission_id for chunk in chunks}
            for chunk in chunks:
                outcomes = await store.outcomes_of(work.connection, chunk, SHOP_REMOVED)
                work.publish(ChunkCompleted(chunk=chunk, outcomes=outcomes), step=chunk.chunk_id)
                await settle_items(
                    work.connection, [(chunk.submission_id, outcome, now) for outcome in outcomes]
                )
            steps = [Step(chunk.submission_id, chunk.partition, "completed", now) for chunk in chunks]
            await record_steps(work.connection, steps)
            if steps:
                await tell_completed(work, dict.fromkeys(changed))
            work.after_commit(lambda: self._waiting.wake(changed))
        if chunks:
            log.info("removed_shops.settled", chunks=len(chunks), shops=sorted({c.shop for c in chunks}))
        return bool(chunks)
