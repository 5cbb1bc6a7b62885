"""Stock set in the shop: all products of a pass in one request."""

from collections.abc import Sequence

from prestashop import Node, Refused, Written, id_of, text_of
from prestashop_writer import store
from prestashop_writer.admission import shop_refused
from prestashop_writer.merge import newest_sequence
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import QUANTITY, ProductPlan, plan_product
from prestashop_writer.settling import Refusal, Refusals, refuse
from prestashop_writer.store import WrittenProduct


async def set_stocks(current: Pass, references: Sequence[str]) -> None:
    """Set the stock of all products of the pass that the shop has, in one request."""
    async with current.database.transaction() as connection:
        kept = await store.load_products(connection, current.shop_id, references)
    plans = [plan_product(entry.product, current.profile) for entry in kept.values()]
    waiting = [plan for plan in plans if not plan.is_create and plan.quantity is not None]
    if not waiting:
        return
    stock_ids = await _stock_ids(current, waiting)
    plans = [plan for plan in waiting if plan.product.reference in stock_ids]
    nodes: list[Node] = [
        {"id": stock_ids[plan.product.reference], "quantity": plan.quantity} for plan in plans
    ]
    outcomes = await current.client.patch("stock_availables", nodes)
    written: list[WrittenProduct] = []
    refusals: Refusals = {}
    for plan, outcome in zip(plans, outcomes, strict=True):
        match outcome:
            case Written(stock_id):
                written.append(_stocked(plan, stock_id))
            case Refused(code, message):
                refusals[plan.product.reference] = Refusal(shop_refused(code, message))
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, written)
    await refuse(current, refusals)
    current.stop_where_the_shop_failed(outcomes)


async def _stock_ids(current: Pass, plans: Sequence[ProductPlan]) -> dict[str, int]:
    """The stock rows of the products; those of adopted products are asked for."""
    known = {plan.product.reference: plan.product.stock_id for plan in plans if plan.product.stock_id}
    unknown = {plan.product.presta_id: plan.product.reference for plan in plans if not plan.product.stock_id}
    if not unknown:
        return known
    for start in range(0, len(unknown), 40):
        rows = await current.client.list(
            "stock_availables",
            display=("id", "id_product"),
            filters={
                "id_product": [str(presta_id) for presta_id in list(unknown)[start : start + 40]],
                "id_product_attribute": "0",
            },
        )
        known |= {unknown[int(text_of(row, "id_product"))]: id_of(row) for row in rows}
    return known


def _stocked(plan: ProductPlan, stock_id: int) -> WrittenProduct:
    product = plan.product
    assert product.presta_id is not None  # noqa: S101 - only products that the shop has get here
    return WrittenProduct(
        reference=product.reference,
        presta_id=product.presta_id,
        stock_id=stock_id,
        written={**product.written, QUANTITY: plan.quantity},
        created_sequence=None,
        changed_sequence=newest_sequence(product.desired),
    )
