"""`/api/v1/shops`: the shops of a tenant, those that its admins register and those of the operator."""

from typing import Any

from aiohttp import web
from yarl import URL

from common.messages import Reason
from common.registered_shops.findings import ShopFindings
from common.shops import ShopSettings
from gateway.answers.shops import ShownShop
from gateway.body import read_json
from gateway.dialects.bulk import presentable
from gateway.envelopes import enveloped
from gateway.errors import Refusal, violated
from gateway.operations import shops
from gateway.routing import Route
from gateway.shops.forms import (
    AddressRules,
    NewShop,
    ShopChange,
    ids_for,
    plain_address,
    read_address,
    read_shop,
    stated_terms,
)
from gateway.shops.registry import Registry, no_such_shop
from gateway.shops.showing import shown_configured, shown_registered
from gateway.surface import CALLER, Surface

WORDS_OF_CHECK = {None: True, "now": True, "later": False}
WORDS_OF_FORCE = {None: False, "false": False, "true": True}


class ShopRoutes:
    """Shops of the caller's tenant; others are not found."""

    def __init__(self, surface: Surface, registry: Registry) -> None:
        self._surface = surface
        self._registry = registry

    def routes(self) -> list[Route]:
        return [
            Route(shops.ALL, self.get_all),
            Route(shops.ADD, self.post),
            Route(shops.ONE, self.get),
            Route(shops.CHANGE, self.patch),
            Route(shops.REMOVE, self.delete),
            Route(shops.LOOK, self.check),
        ]

    async def get_all(self, request: web.Request) -> web.Response:
        """200 with the shops that the caller works with, its default first."""
        return enveloped(request, {"shops": await self._all(request)}, "Shops")

    async def get(self, request: web.Request) -> web.Response:
        """200 with the shop; 404."""
        return enveloped(request, await self._shown(request, request.match_info["shop_id"]), "Shop")

    async def post(self, request: web.Request) -> web.Response:
        """201 with the shop and what it can do. 409 for a taken id, 422 where the shop cannot be used."""
        caller, check_now = request[CALLER], _word(request, "check", WORDS_OF_CHECK)
        wanted = read_shop(presentable(await read_json(request)), NewShop)
        if not caller.works_with(test_shop=wanted.test):
            raise Refusal(
                403, "wrong_kind_of_key", "A live key registers live shops; log in for a test shop."
            )
        address = read_address(wanted.url, self._rules(), test=wanted.test)
        ids = list(ids_for(wanted))
        findings = None
        if check_now:
            sealed = self._registry.sealing().seal(wanted.key, caller.tenant, ids[0])
            findings = _usable(await self._registry.look(caller.tenant, ids[0], address, sealed))
        settings = stated_terms(wanted.settings) | {
            "name": wanted.name.strip(),
            "url": address,
            "test": wanted.test,
        }
        shop = await self._registry.add(caller.tenant, ids, settings, wanted.key, findings)
        answer = enveloped(request, await self._shown(request, shop), "Shop registered", status=201)
        answer.headers["Location"] = f"/api/v1/shops/{shop}"
        return answer

    async def patch(self, request: web.Request) -> web.Response:
        """200 with the shop as it is now; 409 for one of the operator's, 422 where it cannot be used."""
        tenant, shop = request[CALLER].tenant, await self._own(request)
        check_now = _word(request, "check", WORDS_OF_CHECK)
        change = read_shop(presentable(await read_json(request)), ShopChange)
        stated = change.model_fields_set
        before = (await self._registry.one_of(tenant, shop)).registration
        settings = stated_terms(change.settings) | ({"name": change.name.strip()} if "name" in stated else {})
        key = change.key if "key" in stated else None
        url = str(before.settings["url"])
        if "url" in stated:
            address = read_address(change.url, self._rules(), test=before.settings.get("test") is True)
            if key is None and URL(address).origin() != URL(url).origin():
                message = "Another host needs the key again: a key is only sent where it was given for."
                raise violated([Reason(code="field_missing", field="key", message=message)])
            url = settings["url"] = address
        findings = None
        if check_now and (key is not None or "url" in stated):
            sealed = before.sealed_key
            if key is not None:
                sealed = self._registry.sealing().seal(key, tenant, shop)
            findings = _usable(await self._registry.look(tenant, shop, url, sealed))
        await self._registry.change(tenant, shop, settings, key, findings)
        return enveloped(request, await self._shown(request, shop), "Shop changed")

    async def delete(self, request: web.Request) -> web.Response:
        """204; 409 for one of the operator's, and where work for it is open."""
        shop, force = await self._own(request), _word(request, "force", WORDS_OF_FORCE)
        await self._registry.remove(request[CALLER].tenant, shop, force=force)
        return web.Response(status=204)

    async def check(self, request: web.Request) -> web.Response:
        """200 with the shop and what was found now; that it cannot be used is a finding too."""
        tenant, shop = request[CALLER].tenant, request.match_info["shop_id"]
        await self._shown(request, shop)
        configured = self._configured(tenant).get(shop)
        if configured is not None:
            url, sealed = configured.url, self._registry.sealing().seal(configured.key, tenant, shop)
        else:
            kept = (await self._registry.one_of(tenant, shop)).registration
            url, sealed = str(kept.settings["url"]), kept.sealed_key
        await self._registry.note(tenant, shop, await self._registry.look(tenant, shop, url, sealed))
        return enveloped(request, await self._shown(request, shop), "Shop checked")

    async def _own(self, request: web.Request) -> str:
        """The shop in the path, which the caller may change. Raises `Refusal`: 404, 409."""
        shop = await self._shown(request, request.match_info["shop_id"])
        if shop["managed_by"] == "operator":
            message = "This shop stands in the operator's settings, and is only changed there."
            raise Refusal(409, "configured", message)
        return shop["id"]

    async def _shown(self, request: web.Request, shop_id: str) -> ShownShop:
        for shop in await self._all(request):
            if shop["id"] == shop_id:
                return shop
        raise no_such_shop()

    async def _all(self, request: web.Request) -> list[ShownShop]:
        caller, registry = request[CALLER], self._registry
        kept, checks = await registry.all_of(caller.tenant)
        found = [
            shown_configured(shop, checks.get(shop.id)) for shop in self._configured(caller.tenant).values()
        ]
        found += [
            shown_registered(one, registry.keys, checks.get(one.registration.shop))
            for one in kept
            if not registry.shops.is_configured(one.registration.shop)
        ]
        return [shop for shop in found if caller.works_with(test_shop=shop["test"])]

    def _configured(self, tenant: str) -> dict[str, ShopSettings]:
        known = self._registry.shops
        return {shop.id: shop for shop in known.of_tenant(tenant) if known.is_configured(shop.id)}

    def _rules(self) -> AddressRules:
        settings, known = self._surface.settings, self._registry.shops
        test_shops = [shop for shop in known.by_id.values() if shop.test and known.is_configured(shop.id)]
        return AddressRules(
            settings.shops_allow_http,
            settings.shops_allow_private,
            frozenset(plain_address(shop.url) for shop in test_shops),
        )


def _usable(findings: ShopFindings) -> ShopFindings:
    """Raises `Refusal` (422) for a shop that cannot be reached, or does not take the key."""
    if findings.problem is None:
        return findings
    code = {"url": "shop_not_reached", "key": "key_not_taken"}[findings.problem.field]
    raise violated([Reason(code=code, field=findings.problem.field, message=findings.problem.message)])


def _word(request: web.Request, name: str, words: dict[Any, bool]) -> bool:
    value = request.query.get(name)
    if value not in words:
        known = " or ".join(word for word in words if word)
        raise violated([Reason(code="value_invalid", field=name, message=f"{name} must be {known}.")])
    return words[value]
