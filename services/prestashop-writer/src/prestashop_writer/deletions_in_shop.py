"""Products deleted from the shop: known by their ids, else looked up by reference."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from common.create_protocol import Absent, Adopt, Wait
from prestashop import Outcome, ShopMethodNotAllowed, Unknown, Written, id_of
from prestashop_writer import store
from prestashop_writer.admission import product_conflict, shop_forbids_deleting
from prestashop_writer.ends import Ends
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, ProductPlan
from prestashop_writer.setbacks import together_and_alone
from prestashop_writer.settling import Deletion, Refusals, refusal_of, refuse, settle_deleted

log = structlog.get_logger()

Kept = Mapping[str, KeptProduct]


async def delete_products(current: Pass, kept: Kept, plans: Sequence[ProductPlan]) -> None:
    """Delete products, and end the items that were waiting for it.

    What is created anew afterwards is left to the next pass, which looks it up first.
    """
    ids = await _ids(current, plans)
    going = [plan for plan in plans if plan.product.reference in ids]
    for batch in together_and_alone(kept, going, lambda plan: plan.product.reference):
        async with current.turns.deleting:
            outcomes = await current.client.delete(
                "products", [ids[plan.product.reference] for plan in batch]
            )
        await _record(current, kept, batch, outcomes)


async def _ids(current: Pass, plans: Sequence[ProductPlan]) -> dict[str, int]:
    """The shop's ids of the products; one that the shop surely does not have is settled at once."""
    ids = {plan.product.reference: plan.product.presta_id for plan in plans if plan.product.presta_id}
    unknown = [plan for plan in plans if plan.product.reference not in ids]
    if not unknown:
        return ids
    found = await current.client.find("products", "reference", [plan.product.reference for plan in unknown])
    judged = Judged()
    for plan in unknown:
        reference = plan.product.reference
        judged.take(current, plan, [id_of(node) for node in found[reference]])
    async with current.fenced() as work:
        await store.wait_for_posts(work.connection, current.shop_id, judged.waits)
    await refuse(current, judged.refusals)
    await settle_deleted(current, judged.absent)
    return ids | judged.ids


@dataclass
class Judged:
    """What a look-up has decided about products that are to be deleted."""

    ids: dict[str, int] = field(default_factory=dict)
    absent: dict[str, Deletion] = field(default_factory=dict)
    refusals: Refusals = field(default_factory=dict)
    waits: dict[str, Wait] = field(default_factory=dict)

    def take(self, current: Pass, plan: ProductPlan, found: Sequence[int]) -> None:
        reference = plan.product.reference
        match current.judge(plan.product.post, found=bool(found)):
            case Adopt() if len(found) > 1:
                self.refusals[reference] = refusal_of(plan, product_conflict(reference, list(found)))
            case Adopt():
                self.ids[reference] = found[0]
            case Wait() as wait:  # a create that was sent may still be written, and would outlive this
                self.waits[reference] = wait
            case Absent():
                self.absent[reference] = Deletion(plan.product.deletion, None)


async def _record(
    current: Pass, kept: Kept, plans: Sequence[ProductPlan], outcomes: Sequence[Outcome]
) -> None:
    deleted: dict[str, Deletion] = {}
    ends = Ends(together=len(plans) > 1)
    others: dict[str, Outcome] = {}
    for plan, outcome in zip(plans, outcomes, strict=True):
        reference = plan.product.reference
        match outcome:
            case Written(presta_id):
                deleted[reference] = Deletion(plan.product.deletion, presta_id)
            case Unknown() if _is_forbidden(outcome):
                ends.refusals[reference] = shop_forbids_deleting()
            case _:
                others[reference] = outcome
    await settle_deleted(current, deleted)
    for reference, deletion in deleted.items():
        log.info("product.deleted", reference=reference, presta_id=deletion.presta_id)
    await ends.note(current, "products", list(others), list(others.values()))
    await ends.record(current, kept, {plan.product.reference: plan for plan in plans})


def _is_forbidden(outcome: Outcome) -> bool:
    """The key lacks the right to delete: that is no reason to stop writing to the shop."""
    return isinstance(outcome, Unknown) and isinstance(outcome.error, ShopMethodNotAllowed)
