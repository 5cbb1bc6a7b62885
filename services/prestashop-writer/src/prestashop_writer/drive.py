"""How a shop is brought to its desired state: one pass.

A pass takes lots of due products, several of them side by side, so that the shop has always something to
do. A lot goes through its steps in order:

plan → deletions → look up what may exist → names, brand texts → creates and changes → stock → variants →
suppliers → discounts → proof, where it is wanted → settle the items. Every step records what it did before
the next begins, so that a pass may end anywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence, Set
from dataclasses import replace

import structlog
from opentelemetry import trace

from common.database.lease import LeaseLost
from common.messages import MAX_CHUNK_ITEMS
from common.messaging.envelope import context_of
from common.shop_driver import DATABASE_AWAY, ShopUnfit
from common.telemetry import tracer
from prestashop import ShopError
from prestashop_writer import store
from prestashop_writer.addresses_in_shop import address_changes
from prestashop_writer.brand_texts_in_shop import bring_brand_texts
from prestashop_writer.deletions_in_shop import delete_products
from prestashop_writer.discounts_in_shop import set_discounts
from prestashop_writer.look_up import without_existing
from prestashop_writer.names_in_shop import bring_names, with_names
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, ProductPlan, names_needed, plan_product
from prestashop_writer.products_in_shop import change_products, create_products
from prestashop_writer.proof_in_shop import prove_writes
from prestashop_writer.setbacks import record_failures
from prestashop_writer.settling import settle
from prestashop_writer.stock_in_shop import set_stocks
from prestashop_writer.suppliers_in_shop import set_suppliers
from prestashop_writer.variants_in_shop import set_variants

log = structlog.get_logger()

LOT_PRODUCTS = MAX_CHUNK_ITEMS
"""A chunk's products go together, so that a submission costs the requests that its chunks promise."""

LOTS_AHEAD = 2
"""Beside those whose requests are under way: the next ones are looked up and recorded meanwhile."""

MOST_LINKS = 100

EXPECTED = (ShopError, ShopUnfit, LeaseLost, *DATABASE_AWAY)
"""What ends a pass without being a bug."""

Kept = Mapping[str, KeptProduct]

SetBeside = Callable[[Pass, Sequence[str]], Awaitable[None]]

BESIDE_THE_PRODUCT: tuple[tuple[SetBeside, Callable[[ProductPlan], bool]], ...] = (
    (set_stocks, lambda plan: plan.quantity is not None),
    (set_variants, lambda plan: plan.variants_differ),
    (set_suppliers, lambda plan: plan.supplier_differs),
    (set_discounts, lambda plan: plan.discounts_differ),
)
"""What is kept in resources of its own, in this order, and whether a plan needs it."""


async def drive(current: Pass) -> bool:
    """One pass over the products that are due. True when there was something to do.

    It takes at most `pass_products`, and no further lot once one has failed or the pass is to end; lots that
    are under way are finished. Raises `ShopError` when the shop is away, `LeaseLost` when another writer took
    over.
    """
    async with current.fenced() as work:
        await store.repeat_what_may_be_undone(work.connection, current.shop_id)
        await store.expect_late_writes(work.connection, current.shop_id, current.patience)
    await address_changes(current)
    under_way: dict[asyncio.Task[None], Set[str]] = {}
    taken = 0
    try:
        while True:
            while len(under_way) < current.link.shop.concurrency + LOTS_AHEAD and not current.is_to_end():
                kept = await _due(current, taken, set().union(*under_way.values()))
                if not kept:
                    break
                taken += len(kept)
                under_way[asyncio.create_task(_drive_lot(current, kept), name="lot")] = kept.keys()
            if not under_way:
                return taken > 0
            for lot in await _next_ended(under_way):
                del under_way[lot]
                lot.result()
    except asyncio.CancelledError:
        for lot in under_way:
            lot.cancel()
        raise
    finally:
        await asyncio.gather(*under_way, return_exceptions=True)


async def _next_ended(lots: Iterable[asyncio.Task[None]]) -> set[asyncio.Task[None]]:
    ended, _ = await asyncio.wait(lots, return_when=asyncio.FIRST_COMPLETED)
    return ended


async def _due(current: Pass, taken: int, under_way: Set[str]) -> dict[str, KeptProduct]:
    most = min(LOT_PRODUCTS, current.settings.pass_products - taken)
    if most <= 0:
        return {}
    kept = await store.due_products(current.pool, current.shop_id, most, under_way)
    return {entry.product.reference: entry for entry in kept}


async def _drive_lot(of_pass: Pass, kept: Kept) -> None:
    current = replace(of_pass, now=await of_pass.pool.fetchval("select now()"))
    traces = await store.traces_of(current.pool, current.shop_id, list(kept))
    first = next(iter(traces.values()), None)
    with tracer.start_as_current_span("drive shop", context=context_of(first), links=_links(traces.values())):
        try:
            put_off = await bring_products(current, kept)
        except EXPECTED:
            raise
        except Exception:  # a bug that one product brings out must not stop its shop
            log.exception("lot.failed", shop=current.shop_id, products=len(kept))
            put_off = await _bring_singly(current, list(kept))
        proofs = await prove_writes(current, kept)
        await settle(current, [reference for reference in kept if reference not in put_off], proofs)


async def _bring_singly(current: Pass, references: Sequence[str]) -> set[str]:
    """Find the product that brings a bug out: each on its own, as it is now."""
    put_off: set[str] = set()
    for reference in references:
        async with current.database.transaction() as connection:
            kept = await store.load_products(connection, current.shop_id, [reference])
        try:
            put_off |= await bring_products(current, kept)
        except EXPECTED:
            raise
        except Exception as error:
            log.exception("product.failed", shop=current.shop_id, reference=reference)
            plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
            await record_failures(current, kept, plans, {reference: type(error).__name__})
    return put_off


async def bring_products(current: Pass, kept: Kept) -> set[str]:
    """Bring products; return those that are not to be settled, whatever is left to do of them."""
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    await delete_products(current, kept, [plan for plan in plans if plan.is_delete])
    creates = await without_existing(current, [plan for plan in plans if plan.is_create])
    changes = [plan for plan in plans if not plan.is_create and not plan.is_delete and not plan.is_nothing]
    needed = names_needed([*creates, *changes])
    current.turns.want_names(needed)
    async with current.turns.naming:
        names = await bring_names(current, current.turns.take_wanted_names() | needed)
        creates = await with_names(current, kept, creates, names)
        changes = await with_names(current, kept, changes, names)
        as_they_are = [plan for plan in plans if plan.is_nothing]
        put_off = await bring_brand_texts(current, kept, [*creates, *changes, *as_they_are])
    await create_products(current, kept, _without(creates, put_off), names)
    await change_products(current, kept, _without(changes, put_off), names)
    for set_beside, differs in BESIDE_THE_PRODUCT:
        references = [plan.product.reference for plan in plans if differs(plan)]
        if references:
            await set_beside(current, references)
    return put_off


def _without(plans: Sequence[ProductPlan], references: Set[str]) -> list[ProductPlan]:
    return [plan for plan in plans if plan.product.reference not in references]


def _links(traceparents: Iterable[str]) -> list[trace.Link]:
    """The other products' traces, so that each finds the lot that wrote it."""
    spans = [trace.get_current_span(context_of(traceparent)) for traceparent in dict.fromkeys(traceparents)]
    return [trace.Link(span.get_span_context()) for span in spans[:MOST_LINKS]]
