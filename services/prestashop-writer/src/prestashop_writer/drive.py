"""How a shop is brought to its desired state: one pass.

plan → deletions → look up what may exist → names → creates and changes → stock → discounts → settle the
items. Every step records what it did before the next begins, so that a pass may end anywhere.
"""

from collections.abc import Iterable, Mapping, Sequence

import structlog
from opentelemetry import trace

from common.database.lease import LeaseLost
from common.messaging.envelope import context_of
from common.shop_driver import DATABASE_AWAY, ShopUnfit
from common.telemetry import tracer
from prestashop import ShopError
from prestashop_writer import store
from prestashop_writer.deletions_in_shop import delete_products
from prestashop_writer.discounts_in_shop import set_discounts
from prestashop_writer.look_up import without_existing
from prestashop_writer.names_in_shop import bring_names, with_names
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, names_needed, plan_product
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
            await _bring_products(current, kept)
        except EXPECTED:
            raise
        except Exception:  # a bug that one product brings out must not stop its shop
            log.exception("pass.failed", shop=current.shop_id, products=len(kept))
            await _bring_singly(current, list(kept))
        await settle(current, list(kept))
    return True


async def _bring_singly(current: Pass, references: Sequence[str]) -> None:
    """Find the product that brings a bug out: each on its own, as it is now."""
    for reference in references:
        async with current.database.transaction() as connection:
            kept = await store.load_products(connection, current.shop_id, [reference])
        try:
            await _bring_products(current, kept)
        except EXPECTED:
            raise
        except Exception as error:
            log.exception("product.failed", shop=current.shop_id, reference=reference)
            plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
            await record_failures(current, kept, plans, {reference: type(error).__name__})


async def _bring_products(current: Pass, kept: Kept) -> None:
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    await delete_products(current, kept, [plan for plan in plans if plan.is_delete])
    creates = await without_existing(current, [plan for plan in plans if plan.is_create])
    changes = [plan for plan in plans if not plan.is_create and not plan.is_delete and not plan.is_nothing]
    names = await bring_names(current, names_needed([*creates, *changes]))
    await create_products(current, kept, await with_names(current, kept, creates, names), names)
    await change_products(current, kept, await with_names(current, kept, changes, names), names)
    await set_stocks(current, list(kept))
    await set_discounts(current, list(kept))


def _links(traceparents: Iterable[str]) -> list[trace.Link]:
    """The other products' traces, so that each finds the pass that wrote it."""
    spans = [trace.get_current_span(context_of(traceparent)) for traceparent in dict.fromkeys(traceparents)]
    return [trace.Link(span.get_span_context()) for span in spans[:MOST_LINKS]]


async def _due(current: Pass) -> dict[str, KeptProduct]:
    kept = await store.due_products(current.pool, current.shop_id, current.settings.pass_products)
    return {entry.product.reference: entry for entry in kept}
