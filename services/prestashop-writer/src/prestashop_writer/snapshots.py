"""What a shop has now: languages, categories, limits — read from the shop, told to the other services."""

from datetime import UTC, datetime
from typing import Final

import structlog

from common.messages import ShopLanguage, ShopLimits, ShopSnapshot
from common.shop_driver import ShopUnfit
from common.shop_link import ShopLink
from prestashop import (
    Capabilities,
    ResourceSchema,
    Shop,
    ShopAnswerUnreadable,
    ShopBlocked,
    ShopCrashed,
    ShopMethodNotAllowed,
    ShopRefusal,
    text_of,
)
from prestashop_writer.needed_rights import missing_rights

log = structlog.get_logger()

DEFAULT_LANGUAGE_SETTING = "PS_LANG_DEFAULT"
LENGTHS: Final = {"name": "name_length", "reference": "reference_length"}
"""The shop's fields of products whose lengths it tells, and our limits. That of the summary it does not."""


async def read_snapshot(link: ShopLink) -> ShopSnapshot:
    """Ask the shop. Raises `ShopError`, and `ShopUnfit` where the key lacks rights."""
    client = link.client
    taken_at = datetime.now(UTC)
    capabilities = await client.capabilities()
    missing = missing_rights(capabilities)
    if missing:
        raise ShopUnfit(f"the webservice key of shop {link.shop.id} may not: {', '.join(missing)}")
    default_id = await _default_language_id(link)
    languages = tuple(
        ShopLanguage(id=language.id, iso_code=language.iso_code, is_default=language.id == default_id)
        for language in await client.languages()
    )
    categories = tuple(category.id for category in await client.categories())
    snapshot = ShopSnapshot(
        tenant=link.shop.tenant,
        shop=link.shop.id,
        taken_at=taken_at,
        version=capabilities.version,
        languages=languages,
        categories=categories,
        limits=await _limits(client),
        tax_rules_groups=await _tax_rules_groups(link, capabilities),
    )
    log.info(
        "shop.snapshot_taken",
        shop=link.shop.id,
        version=capabilities.version,
        languages=[language.iso_code for language in languages],
        categories=len(categories),
    )
    return snapshot


async def _limits(client: Shop) -> ShopLimits:
    """The limits that the shop tells; PrestaShop 8's for the others, and where it tells none.

    With PHP notices on, PrestaShop 1.7.8.11 answers 500 to the question.
    """
    image_bytes = await client.image_limit_bytes()
    try:
        lengths = lengths_of(await client.schema("products"))
    except (ShopRefusal, ShopCrashed, ShopAnswerUnreadable, ShopBlocked) as error:
        log.info("shop.lengths_unknown", cause=str(error))
        lengths = {}
    return ShopLimits().model_copy(update={"image_bytes": image_bytes, **lengths})


def lengths_of(products: ResourceSchema) -> dict[str, int]:
    """Our limits of texts of products, as far as the shop tells them. Pure."""
    rules = {limit: products.fields.get(name) for name, limit in LENGTHS.items()}
    return {limit: rule.max_size for limit, rule in rules.items() if rule is not None and rule.max_size}


async def _tax_rules_groups(link: ShopLink, capabilities: Capabilities) -> tuple[int, ...] | None:
    """The groups that products may refer to; None where the key may not read them, which it need not."""
    if not capabilities.allows("GET", "tax_rule_groups"):
        return None
    return tuple(group.id for group in await link.client.tax_rule_groups())


async def _default_language_id(link: ShopLink) -> int:
    """The shop's default language; the first one where the key may not read the setting."""
    try:
        rows = await link.client.list(
            "configurations", display=("name", "value"), filters={"name": DEFAULT_LANGUAGE_SETTING}
        )
    except ShopMethodNotAllowed:
        rows = []
    return int(text_of(rows[0], "value")) if rows else 1
