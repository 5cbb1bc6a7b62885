"""What the shop may have already: a new product is looked up by reference before it is created."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, field

import structlog

from common.create_protocol import Absent, Adopt, Wait
from common.messages import Intent
from prestashop import Node, id_of, texts_of
from prestashop_writer import store
from prestashop_writer.admission import name_missing, product_conflict, product_exists, product_not_found
from prestashop_writer.merge import newest_sequence
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import ProductPlan, has_name
from prestashop_writer.settling import Refusals, refusal_of, refuse
from prestashop_writer.store import WrittenProduct
from prestashop_writer.target import SHOP_TEXTS, Content

log = structlog.get_logger()


async def without_existing(current: Pass, plans: Sequence[ProductPlan]) -> list[ProductPlan]:
    """Look the new products up by reference; return the plans of those that the shop surely does not have.

    One that is found is adopted (its plan comes with the next pass). "Not found" counts for a create that was
    sent before only once the shop can no longer be writing it; a look-up that fails counts for nothing.
    """
    if not plans:
        return []
    references = [plan.product.reference for plan in plans]
    display = ("id", *SHOP_TEXTS.values())
    found = await current.client.find("products", "reference", references, display=display)
    items = await store.open_items_of(current.pool, current.shop_id, references)
    judged = Judged()
    for plan in plans:
        waiting = items.get(plan.product.reference, ())
        intents = {item.intent for item in waiting if item.sequence > plan.product.deleted}
        _judge(current, plan, found[plan.product.reference], intents, judged)
    async with current.fenced() as work:
        await store.record_written(work.connection, current.shop_id, judged.adopted)
        await store.wait_for_posts(work.connection, current.shop_id, judged.waits)
    await refuse(current, judged.refusals)
    for adopted in judged.adopted:
        log.info("product.adopted", reference=adopted.reference, presta_id=adopted.presta_id)
    return judged.absent


@dataclass
class Judged:
    """What a look-up has decided about products that were to be created."""

    absent: list[ProductPlan] = field(default_factory=list)
    adopted: list[WrittenProduct] = field(default_factory=list)
    refusals: Refusals = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)


def _judge(
    current: Pass, plan: ProductPlan, found: Sequence[Node], intents: Set[Intent], judged: Judged
) -> None:
    reference = plan.product.reference
    match current.judge(plan.product.post, found=bool(found)):
        case Adopt() if len(found) > 1:  # perhaps one of them is ours: nobody can tell which
            ids = [id_of(node) for node in found]
            judged.refusals[reference] = refusal_of(plan, product_conflict(reference, ids))
        case Adopt(ours=True):
            judged.adopted.append(_adopted(current, plan, found[0], ours=True))
        case Adopt() if Intent.CREATE in intents:
            judged.refusals[reference] = refusal_of(plan, product_exists(reference), only=Intent.CREATE)
        case Adopt():
            judged.adopted.append(_adopted(current, plan, found[0], ours=False))
        case Wait() as wait:
            judged.waits[reference] = wait
        case Absent() if intents <= {Intent.UPDATE} and plan.product.post is None:
            # Without any intent nobody has asked for it: the shop lost it, a repeated write found that out.
            judged.refusals[reference] = refusal_of(plan, product_not_found(reference))
        case Absent() if not has_name(plan):
            judged.refusals[reference] = refusal_of(plan, name_missing(reference))
        case Absent():
            judged.absent.append(plan)


def _adopted(current: Pass, plan: ProductPlan, node: Node, *, ours: bool) -> WrittenProduct:
    """A product that the shop has: its texts are known, everything else is written anew."""
    written: Content = {}
    for text in SHOP_TEXTS.values():
        texts = texts_of(node, text)
        written[text] = {lang.iso_code: texts.get(lang.id, "") for lang in current.profile.languages}
    newest = newest_sequence(plan.product.desired)
    return WrittenProduct(
        reference=plan.product.reference,
        presta_id=id_of(node),
        stock_id=None,
        written=written,
        created_sequence=newest if ours else None,
        changed_sequence=0,
    )
