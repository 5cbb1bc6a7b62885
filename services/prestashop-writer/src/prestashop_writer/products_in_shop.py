"""Products created and changed in the shop, several per request, each with an outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from prestashop import Node, Outcome, Refused, Unknown, Written, id_of, links_of, text_of
from prestashop_writer import store
from prestashop_writer.admission import shop_failed, shop_refused
from prestashop_writer.merge import newest_sequence
from prestashop_writer.names_in_shop import Names
from prestashop_writer.pass_context import Pass, speaks_against_the_shop
from prestashop_writer.plan import KeptProduct, ProductPlan, after_write, product_node
from prestashop_writer.settling import Refusal, Refusals, refuse
from prestashop_writer.store import WrittenProduct

FIRST_PAUSE_SECONDS = 1.0
NO_SUCH_PRODUCT = 92  # the shop's code for a PATCH of a product that it does not have

Kept = Mapping[str, KeptProduct]
CarryOut = Callable[[Sequence[ProductPlan]], Awaitable[list[Outcome]]]


async def create_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    """Create products, the intent of each committed before its request."""
    await _in_requests(current, plans, lambda batch: _create_batch(current, kept, batch, names))


async def _create_batch(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names
) -> list[Outcome]:
    references = [plan.product.reference for plan in plans]
    nodes = [product_node(plan, names.ids, current.profile) for plan in plans]
    async with current.fenced() as work:
        await store.record_intents(work.connection, current.shop_id, references)
    outcomes = await current.client.create("products", nodes, identity="reference")
    await _record_products(current, kept, plans, outcomes)
    return outcomes


async def change_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    """Change what differs of products that the shop has."""
    await _in_requests(
        current,
        [plan for plan in plans if plan.content],
        lambda batch: _change_batch(current, kept, batch, names),
    )


async def _change_batch(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names
) -> list[Outcome]:
    nodes = [product_node(plan, names.ids, current.profile) for plan in plans]
    outcomes = await current.client.patch("products", nodes)
    await _record_products(current, kept, plans, outcomes)
    return outcomes


async def _in_requests(current: Pass, plans: Sequence[ProductPlan], carry_out: CarryOut) -> None:
    """Bodies of bounded size, several at once; the client bounds how many."""
    size = current.link.shop.entities_per_request
    batches = [plans[start : start + size] for start in range(0, len(plans), size)]
    results = await asyncio.gather(*(carry_out(batch) for batch in batches), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
        current.stop_where_the_shop_failed(result)


async def _record_products(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], outcomes: Sequence[Outcome]
) -> None:
    written: list[WrittenProduct] = []
    refusals: Refusals = {}
    failures: dict[str, str] = {}
    unsent, gone = [], []
    for plan, outcome in zip(plans, outcomes, strict=True):
        reference = plan.product.reference
        match outcome:
            case Written(presta_id, node):
                written.append(_written(plan, presta_id, node))
            case Refused(code=code) if code == NO_SUCH_PRODUCT and not plan.is_create:
                gone.append(reference)
            case Refused(code, message):
                refusals[reference] = Refusal(shop_refused(code, message))
                unsent.append(reference)
            case Unknown(error=error, sent=False):
                unsent.append(reference)
            case Unknown(error) if not speaks_against_the_shop(outcome):
                attempts = kept[reference].attempts + 1
                failures[reference] = str(error)
                if attempts >= current.settings.attempts:
                    refusals[reference] = Refusal(shop_failed(str(error), attempts))
    async with current.fenced() as work:
        connection = work.connection
        await store.record_written(connection, current.shop_id, written)
        await store.withdraw_intents(connection, current.shop_id, unsent)
        await store.forget_shop_product(connection, current.shop_id, gone)
        await store.record_failures(connection, current.shop_id, failures, FIRST_PAUSE_SECONDS)
    await refuse(current, refusals)


def _written(plan: ProductPlan, presta_id: int, node: Node) -> WrittenProduct:
    stocks = [link for link in links_of(node, "stock_availables") if _is_own_stock(link)]
    newest = newest_sequence(plan.product.desired)
    return WrittenProduct(
        reference=plan.product.reference,
        presta_id=presta_id,
        stock_id=id_of(stocks[0]) if stocks else plan.product.stock_id,
        written=after_write(plan),
        created_sequence=newest if plan.is_create else None,
        changed_sequence=newest,
    )


def _is_own_stock(link: Node) -> bool:
    return text_of(link, "id_product_attribute") in ("", "0")
