"""What the shop holds of products' variants, read where it is not known, and what became of lost creates."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog

from common.create_protocol import Wait
from prestashop import Node, ShopError, text_of
from prestashop_writer import store
from prestashop_writer.admission import shop_forbids
from prestashop_writer.merge import VARIANTS, newest_sequence
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import Product, ProductPlan
from prestashop_writer.rights import lacks_right
from prestashop_writer.settling import refusal_of, refuse
from prestashop_writer.store import WrittenProduct, rewritten
from prestashop_writer.variants import LOOKED_FOR, RESOURCE, Row, read_row

log = structlog.get_logger()

IDS_PER_REQUEST = 50


@dataclass
class Reading:
    """What was read: products whose variants are known now, those that are gone, those that have to wait."""

    known: list[WrittenProduct] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    waits: dict[str, Wait] = field(default_factory=dict)


async def read_held(current: Pass, plans: Sequence[ProductPlan]) -> set[str]:
    """Read the combinations of products; return the products of which they are known now.

    While a create that was sent may still be written, its product waits. One that is gone from the shop is
    looked up anew by the next pass.
    """
    try:
        held = await _combinations(current, plans)
    except ShopError as error:
        if not await lacks_right(current, RESOURCE, error):
            raise
        reason = shop_forbids(RESOURCE, VARIANTS)
        await refuse(current, {plan.product.reference: refusal_of(plan, reason) for plan in plans})
        return set()
    reading = Reading()
    gone = await _gone(current, [plan.product for plan in plans if not held[plan.product.presta_id or 0]])
    for plan in plans:
        _judge(current, plan.product, held[plan.product.presta_id or 0], gone, reading)
    known = [written.reference for written in reading.known]
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, reading.known)
        await store.withdraw_variant_posts(work.connection, current.shop_id, known)
        await store.forget_shop_product(work.connection, current.shop_id, reading.gone)
        await store.wait_for_variant_posts(work.connection, current.shop_id, reading.waits)
    for reference in reading.gone:
        log.info("product.gone", reference=reference)
    return set(known)


def _judge(current: Pass, product: Product, nodes: Sequence[Node], gone: set[int], reading: Reading) -> None:
    reference = product.reference
    if product.presta_id in gone:
        reading.gone.append(reference)
        return
    found = {text_of(node, "reference") for node in nodes}
    verdict = current.judge(product.variants_post, found=product.variants_posted <= found)
    if isinstance(verdict, Wait):
        reading.waits[reference] = verdict
        return
    in_doubt = VARIANTS in product.doubtful
    known: Mapping[int, Row] = {row["id"]: row for row in product.written.get(VARIANTS, ())}
    rows = [read_row(node, known.get(int(text_of(node, "id")), {}), in_doubt=in_doubt) for node in nodes]
    sent = newest_sequence(product.desired) if in_doubt else 0  # what a request of unknown end contained
    known_now = rewritten(product, VARIANTS, rows, sent)
    looked_for = {LOOKED_FOR: newest_sequence(product.desired)}
    reading.known.append(replace(known_now, written={**known_now.written, **looked_for}))


async def _combinations(current: Pass, plans: Sequence[ProductPlan]) -> dict[int, list[Node]]:
    """The combinations of each product by its id, in full: a list shows their links in no other way."""
    held: dict[int, list[Node]] = {plan.product.presta_id or 0: [] for plan in plans}
    ids = [str(presta_id) for presta_id in held]
    for start in range(0, len(ids), IDS_PER_REQUEST):
        some = ids[start : start + IDS_PER_REQUEST]
        for node in await current.client.list_all(RESOURCE, filters={"id_product": some}):
            held[int(text_of(node, "id_product"))].append(node)
    return held


async def _gone(current: Pass, products: Sequence[Product]) -> set[int]:
    """Which of the products the shop does not have: it would take combinations of them all the same."""
    ids = [product.presta_id for product in products if product.presta_id is not None]
    there: set[int] = set()
    for start in range(0, len(ids), IDS_PER_REQUEST):
        some = [str(presta_id) for presta_id in ids[start : start + IDS_PER_REQUEST]]
        nodes = await current.client.list("products", display=("id",), filters={"id": some})
        there |= {int(text_of(node, "id")) for node in nodes}
    return set(ids) - there
