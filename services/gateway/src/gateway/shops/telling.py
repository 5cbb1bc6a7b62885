"""Telling the other services of every registered shop: at the start and once an hour.

A service that was set up anew, or has lost its schema, so learns of them without asking. A word that it has
heard before has the same message id, and no effect.
"""

import asyncio

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.registered_shops.registration import Registration, ShopKeys
from common.sealing import SealNotOpened
from common.stopping import sleep_or_stop
from gateway.shops import store

log = structlog.get_logger()

EVERY_SECONDS = 3600.0


async def keep_telling(database: Database, keys: ShopKeys | None, stopping: asyncio.Event) -> None:
    """Until the service stops. Keys under a former sealing secret are sealed anew on this occasion."""
    while not stopping.is_set():
        try:
            if keys is not None:
                await seal_anew(database, keys)
            await tell_all(database)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("registered_shops.not_told", cause=type(error).__name__)
        await sleep_or_stop(stopping, EVERY_SECONDS)


async def tell_all(database: Database) -> None:
    """Tell what holds of every shop that was ever registered."""
    async with database.unit_of_work() as work:
        for one in await store.every_registration(work.connection):
            work.publish(one.message(), step=one.step)


async def seal_anew(database: Database, keys: ShopKeys) -> None:
    """Seal with the present secret what a former one has sealed."""
    registrations = await store.every_registration(database.pool)
    behind = [one.shop for one in registrations if not one.removed and not keys.is_current(one.sealed_key)]
    if not behind:
        return
    async with database.unit_of_work() as work:
        for one in await store.lock_registrations(work.connection, behind):
            if one.removed or keys.is_current(one.sealed_key):
                continue  # another replica was faster
            if (anew := _sealed_anew(one, keys)) is not None:
                await store.change_shop(work.connection, anew)
                work.publish(anew.message(), step=anew.step)
    log.info("registered_shops.sealed_anew", count=len(behind))


def _sealed_anew(one: Registration, keys: ShopKeys) -> Registration | None:
    try:
        key = keys.open(one.sealed_key, one.tenant, one.shop)
    except SealNotOpened as error:
        log.error("registered_shop.key_lost", shop=one.shop, cause=str(error))  # noqa: TRY400 - no bug
        return None
    sealed = keys.seal(key, one.tenant, one.shop)
    return Registration(one.tenant, one.shop, one.sequence + 1, one.settings, sealed)
