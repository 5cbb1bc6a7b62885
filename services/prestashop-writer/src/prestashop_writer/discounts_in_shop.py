"""Discounts brought into the shop: those of all products of a lot in one request of each kind."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from prestashop import Node, Outcome, Written, text_of
from prestashop_writer import store
from prestashop_writer.discounts import COLUMNS, DISCOUNTS, DiscountPlan, Row, discount_node, held_row
from prestashop_writer.ends import Ends
from prestashop_writer.merge import newest_sequence
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, Product, ProductPlan, plan_product
from prestashop_writer.setbacks import together_and_alone
from prestashop_writer.store import rewritten

RESOURCE = "specific_prices"
IDENTITY = ("id_product", "from_quantity", "from", "to")
IDS_PER_REQUEST = 50

Kept = Mapping[str, KeptProduct]


async def set_discounts(current: Pass, references: Sequence[str]) -> None:
    """Make the discounts of products that the shop has equal to the desired lists."""
    kept, plans = await _waiting(current, references)
    unread = [plan for plan in plans if plan.discounts is None]
    if unread:
        await _read_held(current, unread)
        kept, plans = await _waiting(current, references)
    plans = [plan for plan in plans if plan.discounts is not None]
    for some in together_and_alone(kept, plans, lambda plan: plan.product.reference):
        await _bring(current, kept, some)


async def _waiting(current: Pass, references: Sequence[str]) -> tuple[Kept, list[ProductPlan]]:
    async with current.database.transaction() as connection:
        kept = await store.load_products(connection, current.shop_id, references)
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    return kept, [plan for plan in plans if not plan.is_create and plan.discounts_differ]


async def _read_held(current: Pass, plans: Sequence[ProductPlan]) -> None:
    """Ask the shop for the discounts that it holds of products of which we do not know it."""
    held: dict[str, list[Row]] = defaultdict(list)
    ids = [str(plan.product.presta_id) for plan in plans]
    for start in range(0, len(ids), IDS_PER_REQUEST):
        nodes = await current.client.list_all(
            RESOURCE, display=("id", *COLUMNS), filters={"id_product": ids[start : start + IDS_PER_REQUEST]}
        )
        for node in nodes:
            row = held_row(node)
            if row is not None:
                held[text_of(node, "id_product")].append(row)
    read = [
        rewritten(plan.product, DISCOUNTS, held[str(plan.product.presta_id)], _sent(plan.product))
        for plan in plans
    ]
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, read)


async def _bring(current: Pass, kept: Kept, plans: Sequence[ProductPlan]) -> None:
    async with current.fenced() as work:
        doubts = {plan.product.reference: [DISCOUNTS] for plan in plans}
        await store.doubt(work.connection, current.shop_id, doubts)
    ends = Ends(together=len(plans) > 1)
    deletes = [(plan, row_id) for plan in plans for row_id in _of(plan).deletes]
    if deletes:
        async with current.turns.deleting:
            deleted = await current.client.delete(RESOURCE, [row for _, row in deletes])
        await ends.note(current, RESOURCE, _references(deletes), deleted)
    changes = [(plan, row) for plan in plans for row in _of(plan).changes]
    if changes:
        changed = await current.client.modify(RESOURCE, _nodes(changes))
        await ends.note(current, RESOURCE, _references(changes), changed)
    creates = [(plan, row) for plan in plans for row in _of(plan).creates]
    created: list[Outcome] = []
    if creates:
        created = await current.client.create(RESOURCE, _nodes(creates), identity=IDENTITY)
        await ends.note(current, RESOURCE, _references(creates), created)
    await _record(current, kept, plans, ends, list(zip(creates, created, strict=True)))


async def _record(
    current: Pass,
    kept: Kept,
    plans: Sequence[ProductPlan],
    ends: Ends,
    created: Sequence[tuple[tuple[ProductPlan, Row], Outcome]],
) -> None:
    done = [
        rewritten(plan.product, DISCOUNTS, _held_after(plan, created), newest_sequence(plan.product.desired))
        for plan in plans
        if ends.goes_on(plan.product.reference)
    ]
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, done)
    await ends.record(current, kept, {plan.product.reference: plan for plan in plans})


def _sent(product: Product) -> int:
    """The change that a request of unknown end contained; 0 where none was sent."""
    return newest_sequence(product.desired) if DISCOUNTS in product.doubtful else 0


def _held_after(plan: ProductPlan, created: Sequence[tuple[tuple[ProductPlan, Row], Outcome]]) -> list[Row]:
    """The rows that the shop holds once everything that was planned for the product has been done."""
    discounts = _of(plan)
    changed = {row["id"]: row for row in discounts.changes}
    rows = [
        changed.get(row["id"], row)
        for row in plan.product.written.get(DISCOUNTS, ())
        if row["id"] not in discounts.deletes
    ]
    rows += [
        {**row, "id": outcome.id}
        for (owner, row), outcome in created
        if owner is plan and isinstance(outcome, Written)
    ]
    return rows


def _of(plan: ProductPlan) -> DiscountPlan:
    return plan.discounts or DiscountPlan()


def _nodes(pairs: Sequence[tuple[ProductPlan, Row]]) -> list[Node]:
    return [discount_node(plan.product.presta_id or 0, row) for plan, row in pairs]


def _references(pairs: Iterable[tuple[ProductPlan, object]]) -> list[str]:
    return [plan.product.reference for plan, _ in pairs]
