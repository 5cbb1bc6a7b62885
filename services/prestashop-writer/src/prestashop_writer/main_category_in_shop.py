"""A main category that is told without a list of categories: it joins those that the product lies in.

The list is read, because it was never told: people keep it in the back office, and what we remember of it is
but what we once wrote.
"""

from collections.abc import Sequence
from dataclasses import replace

from prestashop import ShopRefusal, id_of, links_of
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import ProductPlan
from prestashop_writer.proof import CATEGORIES
from prestashop_writer.target import MAIN_CATEGORY


async def joining_main_category(current: Pass, plans: Sequence[ProductPlan]) -> list[ProductPlan]:
    """The plans, with the whole list where the main category alone changes: one request for all of them."""
    ids = {plan.product.presta_id or 0: plan for plan in plans if _is_alone(plan)}
    held = await _held(current, list(ids)) if ids else {}
    return [_joined(plan, held.get(plan.product.presta_id or 0)) for plan in plans]


def _is_alone(plan: ProductPlan) -> bool:
    return MAIN_CATEGORY in plan.content and CATEGORIES not in plan.product.living


def _joined(plan: ProductPlan, held: Sequence[int] | None) -> ProductPlan:
    if held is None:
        return plan
    joined = sorted({*held, int(plan.content[MAIN_CATEGORY])})
    return replace(plan, content={**plan.content, CATEGORIES: joined})


async def _held(current: Pass, presta_ids: Sequence[int]) -> dict[int, list[int]]:
    """The categories of products, by id; nothing where the shop cannot show them: they are left alone.

    With PHP notices on, PrestaShop 1.7.8.11 answers 500 to all fields of a product without a picture.
    """
    try:
        nodes = await current.client.list("products", filters={"id": list(presta_ids)})
    except ShopRefusal as refusal:
        if not refusal.from_php:
            raise
        return {}
    return {id_of(node): [id_of(link) for link in links_of(node, CATEGORIES)] for node in nodes}
