"""Descriptions of brands brought into the shop: those of all brands of a lot in one request."""

from collections.abc import Mapping, Sequence

import structlog

from prestashop import Node, Outcome, Refused, ShopMethodNotAllowed, Unknown, Written
from prestashop_writer import store
from prestashop_writer.admission import shop_refused
from prestashop_writer.brand_texts import BrandText, Told, differing, newest, told_of
from prestashop_writer.names import RESOURCES
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import BRAND, KeptProduct, Name, ProductPlan
from prestashop_writer.setbacks import record_failures
from prestashop_writer.settling import refusal_of, refuse

log = structlog.get_logger()

NO_SUCH_BRAND = 92  # the shop's code for a change of a brand that it does not have

Kept = Mapping[str, KeptProduct]


async def bring_brand_texts(current: Pass, kept: Kept, plans: Sequence[ProductPlan]) -> set[str]:
    """Write the descriptions that differ, in all languages; return the products to be left alone now.

    A brand that has no id yet is left to the pass in which its products are written.
    """
    told = told_of(plans, current.profile)
    if not told:
        return set()
    ids, held = await store.brand_texts(current.pool, current.shop_id, {one.brand for one in told})
    wanted = {name: text for name, text in newest(told, held).items() if name in ids}
    outcomes = await _send(current, wanted, differing(wanted, held), ids)
    said = [one for one in told if one.brand in outcomes and one.text == wanted[one.brand].text]
    written = {name for name in outcomes if _is_over(outcomes[name])}
    async with current.fenced() as work:
        over = {name: text for name, text in wanted.items() if name not in outcomes or name in written}
        await store.record_brand_texts(work.connection, current.shop_id, over)
        changed = {one.plan.product.reference: one.sequence for one in said if one.brand in written}
        await store.mark_changed(work.connection, current.shop_id, changed)
    return await _sort_out(current, kept, said, outcomes)


async def _send(
    current: Pass, wanted: Mapping[Name, BrandText], brands: Sequence[Name], ids: Mapping[Name, int]
) -> dict[Name, Outcome]:
    if not brands:
        return {}
    languages = [language.id for language in current.profile.languages]
    nodes: list[Node] = [
        {"id": ids[name], "description": dict.fromkeys(languages, wanted[name].text or "")} for name in brands
    ]
    outcomes = await current.client.modify(RESOURCES[BRAND], nodes)
    log.info("brands.described", brands=len(brands))
    return dict(zip(brands, outcomes, strict=True))


async def _sort_out(
    current: Pass, kept: Kept, said: Sequence[Told], outcomes: Mapping[Name, Outcome]
) -> set[str]:
    """A refused text refuses the products that say it; one over which the shop failed has failed for them."""
    refusals = {}
    failures: dict[str, str] = {}
    for one in said:
        reference, outcome = one.plan.product.reference, outcomes[one.brand]
        match outcome:
            case Refused(code, message) if not _is_over(outcome):
                refusals[reference] = refusal_of(one.plan, shop_refused(code, message))
            case Unknown(error) if _is_forbidden(outcome):
                log.warning("brand.forbidden", brand=one.brand.name, cause=str(error))
            case Unknown(error):
                failures[reference] = str(error)
    current.stop_where_the_shop_failed([o for o in outcomes.values() if not _is_forbidden(o)])
    await refuse(current, refusals)
    if failures:
        await current.make_sure_the_shop_works()
    failed = [one.plan for one in said if one.plan.product.reference in failures]
    await record_failures(current, kept, failed, failures)
    return {*failures, *refusals}


def _is_over(outcome: Outcome) -> bool:
    """Written, or the brand is gone from the shop: nothing is left to do."""
    return isinstance(outcome, Written) or (isinstance(outcome, Refused) and outcome.code == NO_SUCH_BRAND)


def _is_forbidden(outcome: Outcome) -> bool:
    """The key may not change brands: the products are written all the same."""
    return isinstance(outcome, Unknown) and isinstance(outcome.error, ShopMethodNotAllowed)
