"""How a shop is brought to its desired state: one pass.

plan → deletions → look up what may exist → names, brand texts → creates and changes → stock → discounts →
settle the items. Every step records what it did before the next begins, so that a pass may end anywhere.
"""

from collections.abc import Iterable, Mapping, Sequence, Set

import structlog
from opentelemetry import trace

from common.database.lease import LeaseLost
from common.messaging.envelope import context_of
from common.shop_driver import DATABASE_AWAY, ShopUnfit
from common.telemetry import tracer
from prestashop import ShopError
from prestashop_writer import store
from prestashop_writer.brand_texts_in_shop import bring_brand_texts
from prestashop_writer.deletions_in_shop import delete_products
from prestashop_writer.discounts_in_shop import set_discounts
from prestashop_writer.look_up import without_existing
from prestashop_writer.names_in_shop import bring_names, with_names
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, ProductPlan, names_needed, plan_product
from prestashop_writer.products_in_shop import change_products, create_products
from prestashop_writer.setbacks import record_failures
from prestashop_writer.settling import settle
from prestashop_writer.stock_in_shop import set_stocks

log = structlog.get_logger()

MOST_LINKS = 100

EXPECTED = (ShopError, ShopUnfit, LeaseLost, *DATABASE_AWAY)
"""What ends a pass without being a bug."""

Kept = Mapping[str, KeptProduct]


async def drive(current: Pass) -> bool:
    """One pass over the products that are due. True when there was something to do.

    Raises `ShopError` when the shop is away, `LeaseLost` when another writer took over.
    """
    kept = await _due(current)
    if not kept:
        return False
    traces = await store.traces_of(current.pool, current.shop_id, list(kept))
    first = next(iter(traces.values()), None)
    with tracer.start_as_current_span("drive shop", context=context_of(first), links=_links(traces.values())):
        try:
            put_off = await _bring_products(current, kept)
        except EXPECTED:
            raise
        except Exception:  # a bug that one product brings out must not stop its shop
            log.exception("pass.failed", shop=current.shop_id, products=len(kept))
            put_off = await _bring_singly(current, list(kept))
        await settle(current, [reference for reference in kept if reference not in put_off])
    return True


async def _bring_singly(current: Pass, references: Sequence[str]) -> set[str]:
    """Find the product that brings a bug out: each on its own, as it is now."""
    put_off: set[str] = set()
    for reference in references:
        async with current.database.transaction() as connection:
            kept = await store.load_products(connection, current.shop_id, [reference])
        try:
            put_off |= await _bring_products(current, kept)
        except EXPECTED:
            raise
        except Exception as error:
            log.exception("product.failed", shop=current.shop_id, reference=reference)
            plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
            await record_failures(current, kept, plans, {reference: type(error).__name__})
    return put_off


async def _bring_products(current: Pass, kept: Kept) -> set[str]:
    """Bring products; return those that are not to be settled, whatever is left to do of them."""
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    await delete_products(current, kept, [plan for plan in plans if plan.is_delete])
    creates = await without_existing(current, [plan for plan in plans if plan.is_create])
    changes = [plan for plan in plans if not plan.is_create and not plan.is_delete and not plan.is_nothing]
    names = await bring_names(current, names_needed([*creates, *changes]))
    creates = await with_names(current, kept, creates, names)
    changes = await with_names(current, kept, changes, names)
    as_they_are = [plan for plan in plans if plan.is_nothing]
    put_off = await bring_brand_texts(current, kept, [*creates, *changes, *as_they_are], names)
    await create_products(current, kept, _without(creates, put_off), names)
    await change_products(current, kept, _without(changes, put_off), names)
    await set_stocks(current, list(kept))
    await set_discounts(current, list(kept))
    return put_off


def _without(plans: Sequence[ProductPlan], references: Set[str]) -> list[ProductPlan]:
    return [plan for plan in plans if plan.product.reference not in references]


def _links(traceparents: Iterable[str]) -> list[trace.Link]:
    """The other products' traces, so that each finds the pass that wrote it."""
    spans = [trace.get_current_span(context_of(traceparent)) for traceparent in dict.fromkeys(traceparents)]
    return [trace.Link(span.get_span_context()) for span in spans[:MOST_LINKS]]


async def _due(current: Pass) -> dict[str, KeptProduct]:
    kept = await store.due_products(current.pool, current.shop_id, current.settings.pass_products)
    return {entry.product.reference: entry for entry in kept}
