"""How a service keeps up with the registered shops: from messages into its table, from there into `Shops`.

A service has one queue, however many replicas: whichever takes a message in writes the table, and all of
them look at the table once a second.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

import asyncpg
import structlog
from pydantic import ValidationError

from common.database import Database, UnitOfWork
from common.database.pool import UNAVAILABLE
from common.messages import Message, ShopRegistered, ShopRemoved
from common.messaging.envelope import Received
from common.messaging.intake import Handler
from common.registered_shops import store
from common.registered_shops.registration import Registration, newest, registration_of, tenant_shop
from common.registered_shops.settings import RegisteredShopsSettings
from common.sealing import SealNotOpened
from common.shops import Shops, TenantShop

log = structlog.get_logger()

LOOK_SECONDS = 1.0


async def keep_told(
    work: UnitOfWork, received: Sequence[Received[ShopRegistered] | Received[ShopRemoved]]
) -> None:
    """Keep what the gateway tells of registered shops: the newest word on each counts."""
    told = newest(registration_of(item.message) for item in received)
    await store.keep_registrations(work.connection, told)
    for item in received:
        with item.bound(sequence=item.message.sequence):
            log.info("shop.told", what=item.message.message_type)


LeaveShops = Callable[[asyncpg.Connection, Sequence[str]], Awaitable[None]]
"""Drops what a service has open for shops that were removed; the gateway has settled its items."""


class RegisteredShops:
    """Keeps `shops` as the service's table of registered shops says."""

    def __init__(
        self,
        database: Database,
        shops: Shops,
        settings: RegisteredShopsSettings,
        leave: LeaveShops | None = None,
    ) -> None:
        self._leave = leave
        self._database = database
        self._shops = shops
        self._keys = settings.shop_keys()
        self._allow_private = settings.shops_allow_private
        self._look = asyncio.Event()
        self._refreshing = asyncio.Lock()
        self._mark: object = None

    def handlers(self) -> Mapping[type[Message], Handler]:
        """What a service consumes that keeps up by messages."""
        return {ShopRegistered: self.take, ShopRemoved: self.take}

    async def take(
        self, work: UnitOfWork, received: Sequence[Received[ShopRegistered] | Received[ShopRemoved]]
    ) -> None:
        """Keep what the gateway tells, and look at once."""
        await keep_told(work, received)
        removed = [item.message.shop for item in received if isinstance(item.message, ShopRemoved)]
        if removed and self._leave is not None:
            await self._leave(work.connection, removed)
        work.after_commit(self._look.set)

    async def refresh(self) -> None:
        """Bring `shops` to what the table says now."""
        async with self._refreshing:
            mark = await store.registrations_mark(self._database.pool)
            if mark == self._mark:
                return
            found = [self._usable(one) for one in await store.registrations(self._database.pool)]
            self._shops.put_registered([shop for shop in found if shop is not None])
            self._mark = mark

    async def run(self, stopping: asyncio.Event) -> None:
        """Look until `stopping`: once a second, and whenever a message has come."""
        stopped = asyncio.ensure_future(stopping.wait())
        stopped.add_done_callback(lambda _: self._look.set())
        while not stopping.is_set():
            self._look.clear()
            try:
                await self.refresh()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("registered_shops.not_read", cause=str(error) or type(error).__name__)
            try:
                await asyncio.wait_for(self._look.wait(), LOOK_SECONDS)
            except TimeoutError:
                continue
        stopped.cancel()

    def _usable(self, registration: Registration) -> TenantShop | None:
        """The shop; None, and a line in the log, for one that nobody can work with here."""
        shop = registration.shop
        if self._shops.is_configured(shop):
            cause = "the shops file has a shop of this id"
        elif self._keys is None:
            cause = "SKUWIRE_SHOPS_SEALING_SECRET is not set"
        else:
            try:
                return tenant_shop(registration, self._keys, allow_private=self._allow_private)
            except SealNotOpened as error:
                cause = str(error)
            except ValidationError as error:
                fields = [".".join(map(str, wrong["loc"])) for wrong in error.errors(include_input=False)]
                cause = f"unusable: {', '.join(fields)}"
        log.error("registered_shop.left_out", shop=shop, cause=cause)
        return None
