"""One shop's driver: pass after pass, as long as there is something to do and the shop is there."""

import asyncio
from datetime import UTC, datetime, timedelta

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.messages import ShopSnapshot, ShopSnapshotWanted
from common.shop_link import ShopLink
from common.shops import ShopSettings
from common.stopping import sleep_or_stop
from prestashop import ShopAuthFailed, ShopBlocked, ShopError, ShopMethodNotAllowed, ShopRedirected
from prestashop_writer import store
from prestashop_writer.drive import drive
from prestashop_writer.lease import Lease, LeaseLost, acquire_lease
from prestashop_writer.pass_context import Pass
from prestashop_writer.settings import WriterSettings
from prestashop_writer.snapshots import ShopUnfit, read_snapshot
from prestashop_writer.target import ShopProfile

log = structlog.get_logger()

RETRY_SECONDS = 1.0
UNFIT_SECONDS = 30.0
LEASE_MARGIN_SECONDS = 2.0


class ShopDriver:
    """Drives one shop whenever this writer holds its lease."""

    def __init__(self, shop: ShopSettings, database: Database, settings: WriterSettings, owner: str) -> None:
        self.shop = shop
        self._database = database
        self._settings = settings
        self._owner = owner
        self._wake = asyncio.Event()
        self._snapshot: ShopSnapshot | None = None
        self._wanted_since: datetime | None = None
        self._lease: Lease | None = None
        self._link = ShopLink(shop, "prestashop-writer", database, before_request=self._before_request)
        self._link.on_recovered = self._after_recovery

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    def want_snapshot(self, wish: ShopSnapshotWanted) -> None:
        """Somebody needs a snapshot newer than a time."""
        self._wanted_since = max(wish.newer_than, self._wanted_since or wish.newer_than)
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Drive until `stopping`."""
        stopped = asyncio.create_task(stopping.wait())
        stopped.add_done_callback(lambda _: self._wake.set())
        while not stopping.is_set():
            await self._link.wait_until_allowed(stopping)
            if not stopping.is_set():
                await self._turn(stopping)
        stopped.cancel()
        await self._link.close()

    async def _turn(self, stopping: asyncio.Event) -> None:
        self._wake.clear()
        try:
            worked = await self._pass()
        except (ShopUnfit, ShopAuthFailed, ShopMethodNotAllowed, ShopRedirected, ShopBlocked) as error:
            log.warning("shop.unfit", shop=self.shop.id, cause=str(error), retry_seconds=UNFIT_SECONDS)
            await sleep_or_stop(stopping, UNFIT_SECONDS)  # a person has to set it right: no hammering
        except ShopError as error:
            log.warning("pass.ended_by_shop", shop=self.shop.id, cause=str(error))
            await sleep_or_stop(stopping, RETRY_SECONDS)
        except LeaseLost:
            log.warning("lease.lost", shop=self.shop.id)
        except (*UNAVAILABLE, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError) as error:
            log.warning("pass.database_away", shop=self.shop.id, cause=f"{type(error).__name__}: {error}")
            await sleep_or_stop(stopping, RETRY_SECONDS)
        else:
            if not worked:
                await self._idle()

    async def _idle(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._settings.idle_seconds)
        except TimeoutError:
            return

    async def _pass(self) -> bool:
        lease = await acquire_lease(
            self._database.pool, self.shop.id, self._owner, self._settings.lease_seconds
        )
        if lease is None:
            return False
        self._lease = lease
        try:
            snapshot = await self._current_snapshot(lease)
            current = Pass(
                link=self._link,
                lease=lease,
                database=self._database,
                profile=self._profile(snapshot),
                settings=self._settings,
                now=await self._database.pool.fetchval("select now()"),
            )
            return await drive(current)
        finally:
            self._lease = None
            await lease.release()

    def _profile(self, snapshot: ShopSnapshot) -> ShopProfile:
        return ShopProfile(
            languages=snapshot.languages,
            stock_from=self.shop.stock_from,
            home_category=self.shop.home_category,
        )

    async def _current_snapshot(self, lease: Lease) -> ShopSnapshot:
        if self._snapshot is None:
            self._snapshot = await store.load_snapshot(self._database.pool, self.shop.id)
        if self._snapshot is None or self._is_stale(self._snapshot):
            self._snapshot = await read_snapshot(self._link)
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

    async def _before_request(self) -> None:
        """A request is only sent while the lease outlasts it."""
        if self._lease is not None:
            await self._lease.ensure(self.shop.request_timeout_seconds + LEASE_MARGIN_SECONDS)

    async def _after_recovery(self) -> None:
        async with self._database.transaction() as connection:
            await store.restart_unknown_creates(connection, self.shop.id)
