"""Says no, in time, to more work than can be done: looked up every other second, counted in between."""

import asyncio
from collections import Counter

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.stopping import sleep_or_stop
from common.telemetry import meter
from gateway.errors import Refusal
from gateway.limits.backlog import Bounds, Work, is_full
from gateway.limits.backlog_store import measure

log = structlog.get_logger()

MEASURE_SECONDS = 2.0
PACE_WINDOW_SECONDS = 300.0
REDUCED_CAPACITY = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity"

_open_items = meter.create_gauge("skuwire_backlog_items", description="Accepted items that are not settled")


class Backpressure:
    """Asked before work is read, and again before it is taken in.

    What other replicas take in is seen with the next measure: so much may the bounds be passed.
    """

    def __init__(self, database: Database, bounds: Bounds) -> None:
        self._database = database
        self._bounds = bounds
        self._work = Work({})
        self._taken: Counter[str] = Counter()  # items by shop, since that measure

    def admit(self, shop: str, items: int) -> None:
        """Let so many items for a shop come in. Raises `Refusal` (503)."""
        full = is_full(self._work, self._bounds, shop, items, self._taken)
        if full is None:
            return
        log.warning("backlog.full", shop=shop, items=items, retry_seconds=full.seconds)
        raise Refusal(
            503,
            "backlog_full",
            f"{full.message}; nothing was accepted. Try again in {full.seconds} seconds.",
            headers={"Retry-After": str(full.seconds)},
            problem={"type": REDUCED_CAPACITY},
        )

    def took(self, shop: str, items: int) -> None:
        """So many items were taken in."""
        self._taken[shop] += items

    async def keep_measuring(self, stopping: asyncio.Event) -> None:
        """Until the service stops. While the database is away nothing is taken in anyhow."""
        while not stopping.is_set():
            try:
                await self.measure()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("backlog.not_measured", cause=type(error).__name__)
            await sleep_or_stop(stopping, MEASURE_SECONDS)

    async def measure(self) -> None:
        """Look into the database. What is taken in meanwhile counts twice until the next time."""
        before, self._taken = self._taken, Counter()
        try:
            self._work = await measure(self._database.pool, PACE_WINDOW_SECONDS)
        except BaseException:
            self._taken += before
            raise
        for shop, work in self._work.shops.items():
            _open_items.set(work.open_items, {"shop": shop})
