"""How long deliveries are kept: long enough to look into them and to send them again, not for ever.

A delivery that is still pending at that age belongs to an endpoint that has been disabled all the time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.stopping import sleep_or_stop
from webhook_relay.store.deliveries import forget_older_than
from webhook_relay.store.submissions import forget_submissions

log = structlog.get_logger()

BATCH = 1000
PAUSE_SECONDS = 600.0


class Retention:
    """Forgets deliveries with their attempts some days after they were finished."""

    def __init__(self, database: Database, keep_days: float) -> None:
        self._database = database
        self._keep = timedelta(days=keep_days)

    async def run(self, stopping: asyncio.Event) -> None:
        """Forget every ten minutes until `stopping`."""
        while not stopping.is_set():
            try:
                forgotten = await self.forget()
            except UNAVAILABLE as error:
                log.warning("retention.database_unreachable", cause=type(error).__name__)
            else:
                if forgotten:
                    log.info("deliveries.forgotten", count=forgotten)
            await sleep_or_stop(stopping, PAUSE_SECONDS)

    async def forget(self) -> int:
        """Forget what is too old, in batches that hold no lock for long; how many deliveries that were.

        What has been told of submissions is forgotten at that age too.
        """
        forgotten = await self._forget_all(forget_older_than)
        await self._forget_all(forget_submissions)
        return forgotten

    async def _forget_all(
        self, forget: Callable[[asyncpg.Connection, timedelta, int], Awaitable[int]]
    ) -> int:
        total = 0
        while True:
            async with self._database.transaction() as connection:
                forgotten = await forget(connection, self._keep, BATCH)
            total += forgotten
            if forgotten < BATCH:
                return total
