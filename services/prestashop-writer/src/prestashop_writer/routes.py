"""The internal API through which the gateway has shops checked: the writer knows what it needs there."""

import asyncio

import structlog
from aiohttp import web

from common.http.internal import Refused, body_of, guarded
from common.registered_shops.findings import CHECK_PATH, CheckWanted
from common.sealing import SealNotOpened
from common.shops import Shops
from prestashop_writer.settings import WriterSettings
from prestashop_writer.shop_check import check_shop

log = structlog.get_logger()

CHECKS_AT_ONCE = 4


def internal_routes(settings: WriterSettings, shops: Shops) -> list[web.RouteDef]:
    """The routes; none where no internal token is set."""
    if settings.internal_token is None:
        log.info("internal_api.not_served", cause="SKUWIRE_INTERNAL_TOKEN is not set")
        return []
    return [web.post(CHECK_PATH, guarded(settings.internal_token, Checks(settings, shops).post))]


class Checks:
    """Looks at shops, a few at a time."""

    def __init__(self, settings: WriterSettings, shops: Shops) -> None:
        self._keys = settings.shop_keys()
        self._allow_private = settings.shops_allow_private
        self._shops = shops
        self._under_way = asyncio.Semaphore(CHECKS_AT_ONCE)

    async def post(self, request: web.Request) -> web.Response:
        """200 with what was found."""
        wanted = await body_of(request, CheckWanted)
        if self._keys is None:
            raise Refused(503, "unavailable", "SKUWIRE_SHOPS_SEALING_SECRET is not set here.")
        if self._under_way.locked():
            raise Refused(503, "too_many_checks", "Too many checks are under way; try again in a moment.")
        try:
            key = self._keys.open(wanted.sealed_key, wanted.tenant, wanted.shop)
        except SealNotOpened as error:
            log.error("shop.key_not_opened", shop=wanted.shop, cause=str(error))  # noqa: TRY400 - no bug
            raise Refused(503, "unavailable", "The key was sealed with another secret.") from None
        async with self._under_way:
            found = await check_shop(wanted.url, key, allow_private=self._may_be_private(wanted))
        log.info(
            "shop.checked",
            shop=wanted.shop,
            tenant=wanted.tenant,
            version=found.version,
            missing=len(found.missing),
            problem=found.problem.field if found.problem else None,
        )
        return web.json_response(found.model_dump(mode="json"))

    def _may_be_private(self, wanted: CheckWanted) -> bool:
        """The operator's own shops are where the operator says."""
        known = self._shops.by_id.get(wanted.shop)
        is_at_home = known is not None and known.url == wanted.url
        return self._allow_private or (is_at_home and self._shops.is_configured(wanted.shop))
