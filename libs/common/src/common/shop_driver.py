"""One shop's driver: pass after pass, as long as there is something to do and the shop is there.

What a pass does is the service's own; the lease, the breaker, the pauses and the waking are the same for all.
"""

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from common.database import Database
from common.database.lease import Lease, LeaseLost, acquire_lease
from common.database.pool import UNAVAILABLE
from common.shop_link import ShopLink
from common.shops import ShopSettings
from common.stopping import sleep_or_stop
from prestashop import (
    ShopAuthFailed,
    ShopBlocked,
    ShopError,
    ShopMethodNotAllowed,
    ShopRedirected,
    is_failure,
)

log = structlog.get_logger()

RETRY_SECONDS = 1.0
UNFIT_SECONDS = 30.0
BUG_SECONDS = 30.0
LEASE_MARGIN_SECONDS = 2.0

DATABASE_AWAY = (*UNAVAILABLE, asyncpg.DeadlockDetectedError, asyncpg.LockNotAvailableError)


class ShopUnfit(Exception):
    """The shop's key may not do what Skuwire needs; the message names what is missing."""


UNFIT = (ShopUnfit, ShopAuthFailed, ShopMethodNotAllowed, ShopRedirected, ShopBlocked)
"""A person has to set it right: no hammering."""

DrivePass = Callable[[ShopLink, Lease], Awaitable[bool]]
"""One pass; True when there was something to do. May raise `ShopError`, `ShopUnfit`, `LeaseLost`."""


class ShopDriver:
    """Drives one shop whenever this process holds its lease."""

    def __init__(
        self,
        shop: ShopSettings,
        service: str,
        database: Database,
        drive_pass: DrivePass,
        *,
        lease_seconds: float,
        idle_seconds: float,
        longest_request_seconds: float,
        on_outage: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.shop = shop
        self._database = database
        self._drive_pass = drive_pass
        self._lease_seconds = lease_seconds
        self._idle_seconds = idle_seconds
        self._longest_request_seconds = longest_request_seconds
        self._owner = f"{socket.gethostname()}:{os.getpid()}"
        self._wake = asyncio.Event()
        self._stopping = asyncio.Event()
        self._lease: Lease | None = None
        self._link = ShopLink(shop, service, database, before_request=self._before_request)
        self._link.on_outage = on_outage

    def wake(self) -> None:
        """There may be something to do."""
        self._wake.set()

    @property
    def is_stopping(self) -> bool:
        """Whether the driver is to end: a pass begins nothing new."""
        return self._stopping.is_set()

    @property
    def stopping(self) -> asyncio.Event:
        """Set when the driver is to end."""
        return self._stopping

    async def run(self, stopping: asyncio.Event) -> None:
        """Drive until `stopping`."""
        self._stopping = stopping
        stopped = asyncio.create_task(stopping.wait())
        stopped.add_done_callback(lambda _: self._wake.set())
        while not stopping.is_set():
            await self._turn(stopping)
        stopped.cancel()
        await self._link.close()

    async def _turn(self, stopping: asyncio.Event) -> None:
        self._wake.clear()
        try:
            await self._link.wait_until_allowed(stopping)
            worked = not stopping.is_set() and await self._pass()
        except (ShopError, ShopUnfit) as error:
            await self._pause_after(error, stopping)
        except LeaseLost:
            log.warning("lease.lost", shop=self.shop.id)
        except DATABASE_AWAY as error:
            log.warning("pass.database_away", shop=self.shop.id, cause=f"{type(error).__name__}: {error}")
            await sleep_or_stop(stopping, RETRY_SECONDS)
        except Exception:  # a bug met at one shop must not stop the others
            log.exception("pass.failed", shop=self.shop.id, retry_seconds=BUG_SECONDS)
            await sleep_or_stop(stopping, BUG_SECONDS)
        else:
            if not worked:
                await self._idle()

    async def _pause_after(self, error: ShopError | ShopUnfit, stopping: asyncio.Event) -> None:
        is_away = isinstance(error, ShopError) and is_failure(error)
        if isinstance(error, UNFIT) and not is_away:
            log.warning("shop.unfit", shop=self.shop.id, cause=str(error), retry_seconds=UNFIT_SECONDS)
            await sleep_or_stop(stopping, UNFIT_SECONDS)
            return
        log.warning("pass.ended_by_shop", shop=self.shop.id, cause=str(error))
        await sleep_or_stop(stopping, max(RETRY_SECONDS, self._link.client.pace.pause_seconds()))
        if is_away:
            await self._link.ask_again(stopping)

    async def _idle(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._idle_seconds)
        except TimeoutError:
            return

    async def _pass(self) -> bool:
        pool = self._database.pool
        lease = await acquire_lease(pool, self.shop.id, self._owner, self._lease_seconds)
        if lease is None:
            return False
        self._lease = lease
        try:
            return await self._drive_pass(self._link, lease)
        finally:
            self._lease = None
            await lease.release()

    async def _before_request(self) -> None:
        """A request is only sent while the lease outlasts it."""
        if self._lease is not None:
            await self._lease.ensure(self._longest_request_seconds + LEASE_MARGIN_SECONDS)
