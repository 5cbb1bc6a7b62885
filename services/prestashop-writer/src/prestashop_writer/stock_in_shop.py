"""Stock set in the shop: all products of a lot in one request."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import structlog

from prestashop import Node, Outcome, Refused, Written, id_of, text_of
from prestashop_writer import store
from prestashop_writer.ends import NO_SUCH_ENTITY, Ends
from prestashop_writer.merge import newest_sequence
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import QUANTITY, KeptProduct, ProductPlan, plan_product
from prestashop_writer.setbacks import record_failures, together_and_alone
from prestashop_writer.store import WrittenProduct, rewritten
from prestashop_writer.target import QUANTITY_TOLD, stock_told_at

log = structlog.get_logger()

IDS_PER_REQUEST = 50
NO_STOCK_ROW = "the shop has no stock entry for it"

Kept = Mapping[str, KeptProduct]


async def set_stocks(current: Pass, references: Sequence[str]) -> None:
    """Set the stock of all products of the lot that the shop has, in one request."""
    async with current.database.transaction() as connection:
        kept = await store.load_products(connection, current.shop_id, references)
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    waiting = [plan for plan in plans if not plan.is_create and plan.quantity is not None]
    if not waiting:
        return
    stock_ids = await _stock_ids(current, waiting)
    without_row = [plan for plan in waiting if plan.product.reference not in stock_ids]
    await _missing_rows(current, kept, without_row)
    with_row = [plan for plan in waiting if plan not in without_row]
    for some in together_and_alone(kept, with_row, lambda plan: plan.product.reference):
        await _change_stocks(current, kept, some, stock_ids)


async def _change_stocks(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], stock_ids: Mapping[str, int]
) -> None:
    nodes: list[Node] = [
        {"id": stock_ids[plan.product.reference], "quantity": plan.quantity} for plan in plans
    ]
    async with current.fenced() as work:
        fields = {plan.product.reference: [QUANTITY] for plan in plans}
        await store.doubt(work.connection, current.shop_id, fields)
    outcomes = await current.client.modify("stock_availables", nodes)
    await _record_stocks(current, kept, plans, outcomes)


async def _record_stocks(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], outcomes: Sequence[Outcome]
) -> None:
    written: list[WrittenProduct] = []
    gone = []
    others: dict[str, Outcome] = {}
    for plan, outcome in zip(plans, outcomes, strict=True):
        match outcome:
            case Written(stock_id):
                written.append(_written(current, plan, stock_id))
            case Refused(code=code) if code == NO_SUCH_ENTITY:
                gone.append(plan.product.reference)
            case _:
                others[plan.product.reference] = outcome
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, written)
        await store.forget_stock_rows(work.connection, current.shop_id, gone)
    ends = Ends(together=len(plans) > 1)
    await ends.note(current, "stock_availables", list(others), list(others.values()))
    await ends.record(current, kept, {plan.product.reference: plan for plan in plans})


def _written(current: Pass, plan: ProductPlan, stock_id: int) -> WrittenProduct:
    desired = plan.product.desired
    known = rewritten(plan.product, QUANTITY, plan.quantity, newest_sequence(desired), stock_id)
    if not current.profile.repeat_stocks:
        return known
    return replace(known, written={**known.written, QUANTITY_TOLD: stock_told_at(desired)})


async def _missing_rows(current: Pass, kept: Kept, plans: Sequence[ProductPlan]) -> None:
    """Products without a stock row: gone from the shop altogether, or damaged there.

    The row goes with its product when somebody deletes it; the next pass then looks the product up anew. (A
    PUT without `id_shop` also hides the row: measured on PrestaShop 8.2.1.)
    """
    if not plans:
        return
    ids = {plan.product.reference: str(plan.product.presta_id) for plan in plans}
    found: set[str] = set()
    for some in _slices(sorted(ids.values())):
        rows = await current.client.list("products", display=("id",), filters={"id": some})
        found |= {text_of(row, "id") for row in rows}
    gone = [reference for reference, presta_id in ids.items() if presta_id not in found]
    async with current.fenced() as work:
        await store.forget_shop_product(work.connection, current.shop_id, gone)
    for reference in gone:
        log.info("product.gone", reference=reference, presta_id=ids[reference])
    damaged = [plan for plan in plans if plan.product.reference not in gone]
    await record_failures(current, kept, damaged, dict.fromkeys(ids, NO_STOCK_ROW))


async def _stock_ids(current: Pass, plans: Sequence[ProductPlan]) -> dict[str, int]:
    """The stock rows of the products; those of adopted products are asked for."""
    known = {plan.product.reference: plan.product.stock_id for plan in plans if plan.product.stock_id}
    unknown = {plan.product.presta_id: plan.product.reference for plan in plans if not plan.product.stock_id}
    if not unknown:
        return known
    for some in _slices([str(presta_id) for presta_id in unknown]):
        rows = await current.client.list(
            "stock_availables",
            display=("id", "id_product"),
            filters={"id_product": some, "id_product_attribute": "0"},
        )
        known |= {unknown[int(text_of(row, "id_product"))]: id_of(row) for row in rows}
    return known


def _slices(values: Sequence[str]) -> list[Sequence[str]]:
    """So many at a time that the address of the request stays short."""
    return [values[start : start + IDS_PER_REQUEST] for start in range(0, len(values), IDS_PER_REQUEST)]
