"""The registered shops of tenants: kept here, told to the other services with the same commit."""

from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

import structlog
from pydantic import SecretStr

from common.database import RowsOf, UnitOfWork
from common.registered_shops.findings import CheckWanted, ShopFindings
from common.registered_shops.following import RegisteredShops
from common.registered_shops.registration import Registration, ShopKeys
from common.shops import Shops
from gateway.errors import Refusal, not_found, unavailable
from gateway.shops import store
from gateway.shops.checking import ShopChecks
from gateway.shops.forms import plain_address
from gateway.shops.store import KeptCheck, KeptShop

log = structlog.get_logger()

MAX_SHOPS = 100  # of a tenant: each has its drivers in two services


@dataclass(frozen=True)
class Registry:
    """What routes do with registered shops. `wake_settling` is called after a removal."""

    rows_of: RowsOf
    shops: Shops
    following: RegisteredShops
    keys: ShopKeys | None
    checks: ShopChecks
    wake_settling: Callable[[], None]

    def sealing(self) -> ShopKeys:
        """What seals keys. Raises `Refusal` (503) where the settings have no secret for it."""
        if self.keys is None:
            raise unavailable("Registering shops is not set up here.")
        return self.keys

    async def all_of(self, tenant: str) -> tuple[list[KeptShop], dict[str, KeptCheck]]:
        """The registered shops of a tenant, and what was found at any of its shops."""
        async with self.rows_of(tenant).transaction() as connection:
            shops = await store.shops_of_tenant(connection, tenant)
            return shops, dict(await store.checks_of_tenant(connection, tenant))

    async def one_of(self, tenant: str, shop: str) -> KeptShop:
        """A registered shop of a tenant. Raises `Refusal` (404)."""
        kept, _ = await self.all_of(tenant)
        return _found(kept, shop)

    async def look(self, tenant: str, shop: str, url: str, sealed_key: str) -> ShopFindings:
        """What the shop can do. Raises `Refusal` (503)."""
        return await self.checks.check(CheckWanted(tenant=tenant, shop=shop, url=url, sealed_key=sealed_key))

    async def add(
        self,
        tenant: str,
        ids: Iterable[str],
        settings: dict[str, Any],
        key: SecretStr,
        findings: ShopFindings | None,
    ) -> str:
        """Register a shop under the first of the ids that is free; that id. Raises `Refusal` (409)."""
        keys = self.sealing()
        async with self.rows_of(tenant).unit_of_work() as work:
            await store.lock_shops(work.connection, tenant)
            kept = await store.shops_of_tenant(work.connection, tenant)
            if len(kept) >= MAX_SHOPS:
                raise Refusal(409, "too_many_shops", f"A tenant has at most {MAX_SHOPS} shops; remove some.")
            self._check_address(tenant, kept, settings["url"])
            for shop in ids:
                new = Registration(tenant, shop, 1, settings, keys.seal(key, tenant, shop))
                if not self.shops.is_configured(shop) and await store.add_shop(work.connection, new):
                    break
            else:
                raise Refusal(409, "shop_id_taken", "This id cannot be used: choose another one.")
            if findings is not None:
                await store.save_check(work.connection, tenant, shop, findings)
            work.publish(new.message(), step=new.step)
        await self.following.refresh()
        log.info("shop.registered", shop=shop, tenant=tenant, checked=findings is not None)
        return shop

    async def change(
        self,
        tenant: str,
        shop: str,
        settings: dict[str, Any],
        key: SecretStr | None,
        findings: ShopFindings | None,
    ) -> None:
        """Change what `settings` states, the key where one is given. Raises `Refusal`: 404, 409."""

        async def changed(work: UnitOfWork, kept: list[KeptShop], before: Registration) -> Registration:
            merged = {**before.settings, **settings}
            if "url" in settings:
                others = [one for one in kept if one.registration.shop != shop]
                self._check_address(tenant, others, settings["url"])
            if findings is not None:
                await store.save_check(work.connection, tenant, shop, findings)
            elif key is not None or merged["url"] != before.settings["url"]:
                await store.forget_check(work.connection, tenant, shop)
            sealed = before.sealed_key if key is None else self.sealing().seal(key, tenant, shop)
            return replace(before, sequence=before.sequence + 1, settings=merged, sealed_key=sealed)

        await self._change(tenant, shop, changed)
        log.info("shop.changed", shop=shop, tenant=tenant, what=sorted(settings), new_key=key is not None)

    async def remove(self, tenant: str, shop: str, *, force: bool) -> None:
        """Remove a shop. Raises `Refusal`: 404; 409 where work is open and nobody forces it."""

        async def removed(work: UnitOfWork, _kept: list[KeptShop], before: Registration) -> Registration:
            if not force and (items := await store.count_open_items(work.connection, tenant, shop)):
                message = (
                    f"{items} items for this shop are not settled. Wait for them, or remove it with "
                    "?force=true: they are refused then."
                )
                raise Refusal(409, "shop_at_work", message)
            await store.forget_check(work.connection, tenant, shop)
            return Registration(tenant, shop, before.sequence + 1, removed=True)

        await self._change(tenant, shop, removed)
        self.wake_settling()
        log.info("shop.removed", shop=shop, tenant=tenant, forced=force)

    async def note(self, tenant: str, shop: str, findings: ShopFindings) -> None:
        """Keep what was found at a shop that is there."""
        async with self.rows_of(tenant).transaction() as connection:
            await store.lock_shops(connection, tenant)
            if not self.shops.is_configured(shop):
                _found(await store.shops_of_tenant(connection, tenant), shop)
            await store.save_check(connection, tenant, shop, findings)

    async def _change(
        self,
        tenant: str,
        shop: str,
        change: Callable[[UnitOfWork, list[KeptShop], Registration], Awaitable[Registration]],
    ) -> None:
        async with self.rows_of(tenant).unit_of_work() as work:
            await store.lock_shops(work.connection, tenant)
            kept = await store.shops_of_tenant(work.connection, tenant)
            after = await change(work, kept, _found(kept, shop).registration)
            await store.change_shop(work.connection, after)
            work.publish(after.message(), step=after.step)
        await self.following.refresh()

    def _check_address(self, tenant: str, kept: Iterable[KeptShop], url: str) -> None:
        """Two shops at one address would undo each other's work."""
        addresses = {one.registration.settings["url"]: one.registration.shop for one in kept}
        for shop in self.shops.of_tenant(tenant):
            if self.shops.is_configured(shop.id):
                addresses[plain_address(shop.url)] = shop.id
        if url in addresses:
            message = f"The shop {addresses[url]} is at this address already."
            raise Refusal(409, "shop_url_taken", message)


def _found(kept: Iterable[KeptShop], shop: str) -> KeptShop:
    for one in kept:
        if one.registration.shop == shop:
            return one
    raise no_such_shop()


def no_such_shop() -> Refusal:
    """404, for a shop of another tenant too."""
    return not_found("There is no such shop.")
