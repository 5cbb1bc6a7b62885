"""Products created and changed in the shop, several per request, each with an outcome."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence

from common.database import UnitOfWork
from prestashop import Node, Outcome, Refused, Unknown, Written, id_of, links_of, text_of
from prestashop_writer import store
from prestashop_writer.admission import shop_refused
from prestashop_writer.create_protocol import Answer, after_answer
from prestashop_writer.merge import newest_sequence
from prestashop_writer.names_in_shop import Names
from prestashop_writer.pass_context import Pass, answer_of, speaks_against_the_shop
from prestashop_writer.plan import KeptProduct, ProductPlan, after_write, product_node
from prestashop_writer.setbacks import record_failures, set_back
from prestashop_writer.settling import Refusals, refusal_of, refuse
from prestashop_writer.store import WrittenProduct

NO_SUCH_PRODUCT = 92  # the shop's code for a change of a product that it does not have

Kept = Mapping[str, KeptProduct]
CarryOut = Callable[[Sequence[ProductPlan]], Awaitable[list[Outcome]]]


async def create_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    """Create products, the intent of each committed before its request."""
    size = current.link.shop.creates_per_request
    await _in_requests(current, kept, plans, size, lambda batch: _create_batch(current, kept, batch, names))


async def _create_batch(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names
) -> list[Outcome]:
    references = [plan.product.reference for plan in plans]
    nodes = [product_node(plan, names.ids, current.profile) for plan in plans]
    async with current.fenced() as work:
        await store.record_posts(work.connection, current.shop_id, references, current.post)
    outcomes = await current.client.create("products", nodes, identity="reference")
    await _record_products(current, kept, plans, outcomes)
    return outcomes


async def change_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names) -> None:
    """Change what differs of products that the shop has.

    The fields are in doubt until the answer is recorded: were a request lost that the shop has written, and
    the old value wanted again meanwhile, the shop would seem to hold it.
    """
    await _in_requests(
        current,
        kept,
        [plan for plan in plans if plan.content],
        current.link.shop.changes_per_request,
        lambda batch: _change_batch(current, kept, batch, names),
    )


async def _change_batch(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], names: Names
) -> list[Outcome]:
    nodes = [product_node(plan, names.ids, current.profile) for plan in plans]
    async with current.fenced() as work:
        fields = {plan.product.reference: plan.content for plan in plans}
        await store.doubt(work.connection, current.shop_id, fields)
    outcomes = await current.client.modify("products", nodes)
    await _record_products(current, kept, plans, outcomes)
    return outcomes


async def _in_requests(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], size: int, carry_out: CarryOut
) -> None:
    """Bodies of `size` products, several at once; the client bounds how many.

    A product whose last request failed goes alone: it may be the one that takes the shop too long.
    """
    alone = [plan for plan in plans if kept[plan.product.reference].last_error is not None]
    others = [plan for plan in plans if kept[plan.product.reference].last_error is None]
    batches = [others[start : start + size] for start in range(0, len(others), size)]
    batches += [[plan] for plan in alone]
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
    behind: dict[str, list[str]] = {}  # by error
    gone = []
    for plan, outcome in zip(plans, outcomes, strict=True):
        reference = plan.product.reference
        match outcome:
            case Written(presta_id, node):
                written.append(_written(plan, presta_id, node))
            case Refused(code=code) if code == NO_SUCH_PRODUCT and not plan.is_create:
                gone.append(reference)
            case Refused(code, message):
                refusals[reference] = refusal_of(plan, shop_refused(code, message))
            case Unknown(error) if speaks_against_the_shop(outcome) or len(plans) > 1:
                behind.setdefault(str(error), []).append(reference)
            case Unknown(error):
                failures[reference] = str(error)
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, written)
        await store.forget_shop_product(work.connection, current.shop_id, gone)
        await _record_answers(current, work, plans, outcomes)
    await refuse(current, refusals)
    for cause, references in behind.items():
        await set_back(current, references, cause)
    failed = [plan for plan in plans if plan.product.reference in failures]
    await record_failures(current, kept, failed, failures)


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
        doubtful=plan.product.doubtful.difference(plan.content),
    )


def _is_own_stock(link: Node) -> bool:
    return text_of(link, "id_product_attribute") in ("", "0")
