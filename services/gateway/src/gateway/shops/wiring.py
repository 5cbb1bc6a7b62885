"""Puts the parts of registered shops together."""

from functools import partial

import aiohttp

from common.registered_shops.following import RegisteredShops
from common.service import Runtime
from gateway.settings import GatewaySettings
from gateway.shops.checking import ShopChecks
from gateway.shops.registry import Registry
from gateway.shops.settling import Settling
from gateway.shops.telling import keep_telling
from gateway.waiting import Waiting


async def open_registry(
    runtime: Runtime[GatewaySettings], waiting: Waiting, http: aiohttp.ClientSession
) -> Registry:
    """The registry, with its background work; `runtime.shops` knows the registered shops from now on."""
    settings, database = runtime.settings, runtime.database
    following = RegisteredShops(database, runtime.shops, settings)
    await following.refresh()
    settling = Settling(database, waiting)
    keys = settings.shop_keys()
    runtime.background("registered shops", following.run)
    runtime.background("tell shops", partial(keep_telling, database, keys))
    runtime.background("removed shops", settling.run)
    return Registry(
        rows_of=database.of,
        shops=runtime.shops,
        following=following,
        keys=keys,
        checks=ShopChecks(http, settings.writer_url, settings.internal_token),
        wake_settling=settling.wake,
    )
