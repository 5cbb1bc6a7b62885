"""The writer's pass over one shop: the current snapshot, then what is due, then a dry run if one waits."""

import asyncio
from datetime import UTC, datetime, timedelta

from common.database import Database
from common.database.lease import Lease
from common.messages import ShopSnapshot, ShopSnapshotWanted
from common.shop_driver import ShopDriver
from common.shop_link import ShopLink
from common.shops import ShopSettings
from prestashop_writer import store
from prestashop_writer.drive import drive
from prestashop_writer.pass_context import Pass, Turns
from prestashop_writer.rehearsal import rehearse_next
from prestashop_writer.settings import WriterSettings
from prestashop_writer.snapshots import read_snapshot
from prestashop_writer.target import ShopProfile


class WriterDriver:
    """One shop of the writer."""

    def __init__(self, shop: ShopSettings, database: Database, settings: WriterSettings) -> None:
        self._shop = shop
        self._database = database
        self._settings = settings
        self._snapshot: ShopSnapshot | None = None
        self._wanted_since: datetime | None = None
        self._driver = ShopDriver(
            shop,
            "prestashop-writer",
            database,
            self._pass,
            lease_seconds=settings.lease_seconds,
            idle_seconds=settings.idle_seconds,
            longest_request_seconds=shop.request_timeout_seconds,
            on_outage=self._restart_waits,
        )

    def wake(self) -> None:
        """There may be something to do."""
        self._driver.wake()

    async def run(self, stopping: asyncio.Event) -> None:
        """Make passes until `stopping`."""
        await self._driver.run(stopping)

    def want_snapshot(self, wish: ShopSnapshotWanted) -> None:
        """Somebody needs a snapshot newer than a time."""
        newer_than = min(wish.newer_than, datetime.now(UTC))  # the clock of whoever wishes may be ahead
        self._wanted_since = max(newer_than, self._wanted_since or newer_than)
        self._driver.wake()

    async def _pass(self, link: ShopLink, lease: Lease) -> bool:
        snapshot = await self._current_snapshot(link, lease)
        profile = ShopProfile(
            languages=snapshot.languages,
            stock_from=self._shop.stock_from,
            repeat_stocks=self._shop.repeat_stocks,
            home_category=self._shop.home_category,
            owners=self._shop.owners,
        )
        now = await self._database.pool.fetchval("select now()")
        current = Pass(
            link,
            lease,
            self._database,
            profile,
            self._settings,
            now,
            Turns(self._shop.concurrency),
            is_to_end=lambda: self._driver.is_stopping or self._is_stale(snapshot),
        )
        worked = await drive(current)
        return (not current.is_to_end() and await rehearse_next(current)) or worked

    async def _current_snapshot(self, link: ShopLink, lease: Lease) -> ShopSnapshot:
        if self._snapshot is None:
            self._snapshot = await store.load_snapshot(self._database.pool, self._shop.id)
        if self._snapshot is None or self._is_stale(self._snapshot):
            self._snapshot = await read_snapshot(link)
            async with self._database.unit_of_work() as work:
                await lease.check(work.connection)
                await store.save_snapshot(work.connection, self._snapshot)
                work.publish(self._snapshot)
        return self._snapshot

    def _is_stale(self, snapshot: ShopSnapshot) -> bool:
        if self._wanted_since is not None and snapshot.taken_at <= self._wanted_since:
            return True
        age = datetime.now(UTC) - snapshot.taken_at
        return age > timedelta(seconds=self._settings.snapshot_seconds)

    async def _restart_waits(self) -> None:
        async with self._database.transaction() as connection:
            await store.restart_waits(connection, self._shop.id)
