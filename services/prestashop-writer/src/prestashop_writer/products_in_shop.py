"""Products created and changed in the shop, several per request, each with an outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from common.create_protocol import Answer, after_answer
from common.database import UnitOfWork
from prestashop import Node, Outcome, Refused, Written, id_of, links_of, text_of
from prestashop_writer import store
from prestashop_writer.ends import NO_SUCH_ENTITY, Ends
from prestashop_writer.main_category_in_shop import joining_main_category
from prestashop_writer.merge import newest_sequence
from prestashop_writer.names_in_shop import Names
from prestashop_writer.pass_context import Pass, answer_of
from prestashop_writer.plan import EVERY_FIELD, KeptProduct, ProductPlan, after_write, product_node
from prestashop_writer.store import WrittenProduct

Kept = Mapping[str, KeptProduct]
CarryOut = Callable[[Sequence[ProductPlan]], Awaitable[None]]


async def create_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    """Create products, the intent of each committed before its request."""
    size = current.link.shop.creates_per_request
    await _in_requests(kept, plans, size, lambda batch: _create_batch(current, kept, batch, names))


async def _create_batch(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    references = [plan.product.reference for plan in plans]
    nodes = [product_node(plan, names.ids, current.profile) for plan in plans]
    async with current.turns.sending:
        async with current.fenced() as work:
            await store.record_posts(work.connection, current.shop_id, references, current.post)
        outcomes = await current.client.create("products", nodes, identity="reference")
    await _record_products(current, kept, plans, outcomes)


async def change_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    """Change what differs of products that the shop has.

    The fields are in doubt until the answer is recorded: were a request lost that the shop has written, and
    the old value wanted again meanwhile, the shop would seem to hold it.
    """
    await _in_requests(
        kept,
        await joining_main_category(current, [plan for plan in plans if plan.content]),
        current.link.shop.changes_per_request,
        lambda batch: _change_batch(current, kept, batch, names),
    )


async def _change_batch(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    nodes = [product_node(plan, names.ids, current.profile) for plan in plans]
    fields = {plan.product.reference: _fields_sent(current, plan) for plan in plans}
    async with current.turns.sending:
        async with current.fenced() as work:
            await store.doubt(work.connection, current.shop_id, fields)
        outcomes = await current.client.modify("products", nodes)
    await _record_products(current, kept, plans, outcomes)


async def _in_requests(kept: Kept, plans: Sequence[ProductPlan], size: int, carry_out: CarryOut) -> None:
    """Bodies of `size` products, several at once; the client bounds how many.

    A product whose last request failed goes alone: it may be the one that takes the shop too long.
    """
    alone = [plan for plan in plans if kept[plan.product.reference].last_error is not None]
    others = [plan for plan in plans if kept[plan.product.reference].last_error is None]
    batches = [others[start : start + size] for start in range(0, len(others), size)]
    batches += [[plan] for plan in alone]
    results = await asyncio.gather(*(carry_out(batch) for batch in batches), return_exceptions=True)
    for result in results:
        if result is not None:
            raise result


async def _record_products(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], outcomes: Sequence[Outcome]
) -> None:
    written: list[WrittenProduct] = []
    gone = []
    others: dict[str, Outcome] = {}
    for plan, outcome in zip(plans, outcomes, strict=True):
        match outcome:
            case Written(presta_id, node):
                written.append(_written(current, plan, presta_id, node))
            case Refused(code=code) if code == NO_SUCH_ENTITY and not plan.is_create:
                gone.append(plan.product.reference)
            case _:
                others[plan.product.reference] = outcome
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, written)
        await store.forget_shop_product(work.connection, current.shop_id, gone)
        await _record_answers(current, work, plans, outcomes)
    ends = Ends(together=len(plans) > 1)
    await ends.note(current, "products", list(others), list(others.values()))
    await ends.record(current, kept, {plan.product.reference: plan for plan in plans})


async def _record_answers(
    current: Pass, work: UnitOfWork, plans: Sequence[ProductPlan], outcomes: Sequence[Outcome]
) -> None:
    """What is still outstanding of creates, by their answers."""
    answers: dict[Answer, list[str]] = {}
    for plan, outcome in zip(plans, outcomes, strict=True):
        if plan.is_create:
            answers.setdefault(answer_of(outcome), []).append(plan.product.reference)
    for answer, references in answers.items():
        post = after_answer(current.post, answer)
        if post is not None:
            await store.record_posts(work.connection, current.shop_id, references, post)
        elif answer is Answer.NOT_WRITTEN:
            await store.withdraw_posts(work.connection, current.shop_id, references)


def _fields_sent(current: Pass, plan: ProductPlan) -> set[str]:
    """The fields that a request writes."""
    is_whole = not plan.is_create and current.client.writes_whole("products")
    return {*plan.content, EVERY_FIELD} if is_whole else set(plan.content)


def _written(current: Pass, plan: ProductPlan, presta_id: int, node: Node) -> WrittenProduct:
    stocks = [link for link in links_of(node, "stock_availables") if _is_own_stock(link)]
    newest = newest_sequence(plan.product.desired)
    return WrittenProduct(
        reference=plan.product.reference,
        presta_id=presta_id,
        stock_id=id_of(stocks[0]) if stocks else plan.product.stock_id,
        written=after_write(plan),
        created_sequence=newest if plan.is_create else None,
        changed_sequence=newest,
        doubtful=plan.product.doubtful.difference(_fields_sent(current, plan)),
    )


def _is_own_stock(link: Node) -> bool:
    return text_of(link, "id_product_attribute") in ("", "0")
