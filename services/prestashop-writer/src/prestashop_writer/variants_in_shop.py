"""Variants brought into the shop: those of all products of a lot in one request of each kind.

What is known of a product's combinations is kept (`written`) and believed. It is read where it is not known,
where an older request is in doubt, and before a combination is added to others, because nothing about a
combination is unique. The creates of a product's combinations are outstanding together: create_protocol.py.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import structlog

from common.create_protocol import Answer, after_answer
from prestashop import Node, Written
from prestashop_writer import store
from prestashop_writer.admission import variant_conflict
from prestashop_writer.ends import Ends
from prestashop_writer.merge import VARIANTS, newest_sequence
from prestashop_writer.pass_context import Pass, answer_of
from prestashop_writer.plan import (
    OPTION_VALUE,
    QUANTITY,
    KeptProduct,
    Name,
    NameIds,
    ProductPlan,
    are_to_be_looked_for,
    option_names,
    plan_product,
)
from prestashop_writer.setbacks import together_and_alone
from prestashop_writer.settling import refusal_of, refuse
from prestashop_writer.store import VariantPosts, WrittenProduct, rewritten
from prestashop_writer.variants import (
    IDENTITY,
    RESOURCE,
    Options,
    Row,
    Twins,
    VariantPlan,
    after,
    change_node,
    create_node,
    plan_variants,
)
from prestashop_writer.variants_held import read_held

log = structlog.get_logger()

NO_SUCH_ENTITY = (
    92  # the shop's code for a change of an id that it does not have: what is known is out of date
)
NO_STOCK_ROW = "the shop has no stock entry for one of its combinations"

Kept = Mapping[str, KeptProduct]


async def set_variants(current: Pass, references: Sequence[str]) -> None:
    """Make the variants and their stocks of products that the shop has what is desired."""
    kept, plans = await _waiting(current, references)
    if not plans:
        return
    ids = await _ids(current, plans)
    unread = [plan for plan in plans if _is_to_be_read(plan, kept, ids)]
    if unread:
        known = {plan.product.reference for plan in plans if plan not in unread}
        known |= await read_held(current, unread)
        kept, plans = await _waiting(current, sorted(known))
        ids = await _ids(current, plans)
    tasks = await _tasks(current, plans, ids)
    for some in together_and_alone(kept, tasks, lambda task: task.reference):
        await _bring(current, kept, some)


@dataclass
class Task:
    """What is to be done for a product, and how far it is: ids and answers of its new combinations."""

    plan: ProductPlan
    todo: VariantPlan
    created: dict[str, int] = field(default_factory=dict)
    answers: dict[str, Answer] = field(default_factory=dict)
    stock_ids: dict[int, int] = field(default_factory=dict)

    @property
    def reference(self) -> str:
        return self.plan.product.reference

    @property
    def presta_id(self) -> int:
        return self.plan.product.presta_id or 0

    def combination_id(self, reference: str) -> int:
        """The shop's id of a variant that it has by now."""
        there = {row["reference"]: int(row["id"]) for row in self.todo.kept}
        return (there | self.created)[reference]


async def _waiting(current: Pass, references: Sequence[str]) -> tuple[Kept, list[ProductPlan]]:
    async with current.database.transaction() as connection:
        kept = await store.load_products(connection, current.shop_id, references)
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    return kept, [plan for plan in plans if plan.product.presta_id is not None and plan.variants_differ]


async def _ids(current: Pass, plans: Sequence[ProductPlan]) -> NameIds:
    """The ids of option values that are known; `bring_names` has brought them."""
    names = {name for plan in plans for name in option_names(plan)}
    known = await store.known_names(current.pool, current.shop_id, names)
    return {entry.name: entry.presta_id for entry in known if entry.presta_id is not None}


def _planned(plan: ProductPlan, ids: NameIds) -> VariantPlan | Twins | None:
    """What is to be done; None as long as an option value that is needed has no id."""
    if plan.variants is None or any(name not in ids for name in option_names(plan)):
        return None

    def value_ids(options: Options) -> list[int]:
        return sorted(ids[Name(OPTION_VALUE, value, option)] for option, value in options.items())

    return plan_variants(plan.variants, plan.product.variants or (), value_ids)


def _is_to_be_read(plan: ProductPlan, kept: Kept, ids: NameIds) -> bool:
    product = plan.product
    if product.variants is None or product.variants_post is not None:
        return True
    if plan.variants is not None and are_to_be_looked_for(product, plan.variants):
        return True
    planned = _planned(plan, ids)
    if not isinstance(planned, VariantPlan):
        return False
    is_empty = not product.variants and kept[product.reference].is_just_created
    return planned.moves_values or (bool(planned.creates) and not is_empty)


async def _tasks(current: Pass, plans: Sequence[ProductPlan], ids: NameIds) -> list[Task]:
    """What is to be done; products with twins among their combinations are refused."""
    tasks, refusals = [], {}
    for plan in plans:
        match _planned(plan, ids):
            case VariantPlan() as todo:
                tasks.append(Task(plan, todo))
            case Twins(reference, twins):
                refusals[plan.product.reference] = refusal_of(plan, variant_conflict(reference, twins))
    await refuse(current, refusals)
    return tasks


async def _bring(current: Pass, kept: Kept, tasks: Sequence[Task]) -> None:
    """Every product has a default at every moment, and what is new of it is there before the old goes."""
    async with current.fenced() as work:
        doubts = {task.reference: [VARIANTS] for task in tasks if not task.todo.is_nothing}
        await store.doubt(work.connection, current.shop_id, doubts)
    ends = Ends(VARIANTS, together=len(tasks) > 1)
    for step in (_change, _create, _move_defaults, _delete, _set_stocks):
        await step(current, [task for task in tasks if ends.goes_on(task.reference)], ends)
        if ends.against_the_shop:
            break
    done = [task for task in tasks if ends.goes_on(task.reference) and not ends.against_the_shop]
    await _record(current, tasks, done)
    await ends.record(current, kept, {task.reference: task.plan for task in tasks})


async def _change(current: Pass, tasks: Sequence[Task], ends: Ends) -> None:
    pairs = [(task, change) for task in tasks for change in task.todo.changes]
    if pairs:
        outcomes = await current.client.modify(RESOURCE, [change_node(change) for _, change in pairs])
        await ends.note(current, RESOURCE, [task.reference for task, _ in pairs], outcomes)


async def _create(current: Pass, tasks: Sequence[Task], ends: Ends) -> None:
    pairs = [(task, row) for task in tasks for row in task.todo.creates]
    if not pairs:
        return
    nodes = [create_node(task.presta_id, row) for task, row in pairs]
    posts = {
        task.reference: VariantPosts(current.post, [row["reference"] for row in task.todo.creates])
        for task, _ in pairs
    }
    async with current.turns.sending:
        async with current.fenced() as work:
            await store.record_variant_posts(work.connection, current.shop_id, posts)
        outcomes = await current.client.create(RESOURCE, nodes, identity=IDENTITY)
    for (task, row), outcome in zip(pairs, outcomes, strict=True):
        task.answers[row["reference"]] = answer_of(outcome)
        if isinstance(outcome, Written):
            task.created[row["reference"]] = outcome.id
    await ends.note(current, RESOURCE, [task.reference for task, _ in pairs], outcomes)


async def _move_defaults(current: Pass, tasks: Sequence[Task], ends: Ends) -> None:
    moving = [(task, task.todo.default) for task in tasks if task.todo.default is not None]
    if not moving:
        return
    nodes: list[Node] = [
        {"id": task.presta_id, "id_default_combination": task.combination_id(default)}
        for task, default in moving
    ]
    outcomes = await current.client.modify("products", nodes)
    await ends.note(current, "products", [task.reference for task, _ in moving], outcomes)


async def _delete(current: Pass, tasks: Sequence[Task], ends: Ends) -> None:
    pairs = [(task, combination) for task in tasks for combination in task.todo.deletes]
    if not pairs:
        return
    async with current.turns.deleting:
        outcomes = await current.client.delete(RESOURCE, [combination for _, combination in pairs])
    await ends.note(current, RESOURCE, [task.reference for task, _ in pairs], outcomes)
    for task in tasks:
        if task.todo.deletes:
            log.info("variants.deleted", reference=task.reference, presta_ids=task.todo.deletes)


async def _set_stocks(current: Pass, tasks: Sequence[Task], ends: Ends) -> None:
    await _find_stock_rows(current, tasks)
    stocks = [
        (task, task.combination_id(reference), pieces)
        for task in tasks
        for reference, pieces in task.todo.quantities.items()
    ]
    ends.failures |= {
        task.reference: NO_STOCK_ROW for task, combination, _ in stocks if combination not in task.stock_ids
    }
    stocks = [entry for entry in stocks if ends.goes_on(entry[0].reference)]
    if not stocks:
        return
    nodes: list[Node] = [
        {"id": task.stock_ids[combination], "quantity": pieces} for task, combination, pieces in stocks
    ]
    outcomes = await current.client.modify("stock_availables", nodes)
    await ends.note(current, "stock_availables", [task.reference for task, _, _ in stocks], outcomes)


async def _find_stock_rows(current: Pass, tasks: Sequence[Task]) -> None:
    """The stock rows of combinations: those that are kept, and all of products with one that is not."""
    for task in tasks:
        task.stock_ids |= {row["id"]: row["stock_id"] for row in task.todo.kept if row.get("stock_id")}
    unknown = {
        task.presta_id: task
        for task in tasks
        for reference in task.todo.quantities
        if task.combination_id(reference) not in task.stock_ids
    }
    if unknown:
        for row in await current.client.stock_rows(list(unknown)):
            unknown[row.product_id].stock_ids[row.combination_id] = row.id


async def _record(current: Pass, tasks: Sequence[Task], done: Sequence[Task]) -> None:
    posts = {task.reference: _outstanding(current, task) for task in tasks if task.answers}
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, [_written(task) for task in done])
        left = {reference: post for reference, post in posts.items() if post is not None}
        await store.record_variant_posts(work.connection, current.shop_id, left)
        over = [reference for reference, post in posts.items() if post is None]
        await store.withdraw_variant_posts(work.connection, current.shop_id, over)


def _outstanding(current: Pass, task: Task) -> VariantPosts | None:
    """What is left of the creates of a product's combinations by their answers; None for nothing."""
    posts = {reference: after_answer(current.post, answer) for reference, answer in task.answers.items()}
    left = {reference: post for reference, post in posts.items() if post is not None}
    if not left:
        return None
    return VariantPosts(max(left.values(), key=lambda post: post.epoch is not None), list(left))


def _written(task: Task) -> WrittenProduct:
    """What the shop holds now. The stock of the product itself is its own sum, as long as it has variants."""
    product = task.plan.product
    rows: Sequence[Row] = after(task.todo, task.plan.variants, task.created, task.stock_ids)
    known = rewritten(product, VARIANTS, rows, newest_sequence(product.desired))
    written: dict[str, Any] = dict(known.written)
    if rows or product.written.get(VARIANTS):
        written.pop(QUANTITY, None)
    return replace(known, written=written)
