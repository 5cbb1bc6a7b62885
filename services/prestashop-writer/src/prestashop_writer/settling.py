"""The end of items: their product stands as desired, or somebody said no."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import structlog

from common.database import UnitOfWork
from common.messages import Intent, ItemOutcome, Reason
from common.messaging.envelope import context_of
from common.telemetry import tracer
from prestashop_writer import store
from prestashop_writer.admission import plan_incomplete
from prestashop_writer.handlers import publish_finished
from prestashop_writer.items import OpenItem
from prestashop_writer.merge import without
from prestashop_writer.outcomes import refused_outcome, settled_outcomes, warnings_of, with_pictures
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct, ProductPlan, plan_product
from prestashop_writer.proof import Proof, with_proof

log = structlog.get_logger()


@dataclass(frozen=True)
class Refusal:
    """Why items of a product end with a no: those of the refused plan, or `only` those with one intent.

    What has come in since, perhaps the correction, is not among them.
    """

    reason: Reason
    newest_change: int
    only: Intent | None = None

    def concerns(self, item: OpenItem) -> bool:
        return item.sequence <= self.newest_change and self.only in (None, item.intent)


def refusal_of(plan: ProductPlan, reason: Reason, *, only: Intent | None = None) -> Refusal:
    """The refusal of what a plan held."""
    return Refusal(reason, plan.product.newest_change, only)


Refusals = dict[str, Refusal]
"""By reference: why items of a product end here."""

Settled = list[tuple[OpenItem, ItemOutcome]]


async def settle(current: Pass, references: Sequence[str], proofs: Mapping[str, Proof]) -> None:
    """Settle the items of products that need nothing more; changes that came meanwhile keep theirs open.

    What the shop was found to hold otherwise is in doubt from now on: the next change sends it again.
    """
    async with current.fenced() as work:
        kept = await store.load_products(work.connection, current.shop_id, references)
        plans = {reference: plan_product(entry.product, current.profile) for reference, entry in kept.items()}
        done = {reference: kept[reference] for reference, plan in plans.items() if plan.is_nothing}
        items = await store.open_items_of(work.connection, current.shop_id, list(done))
        settled: Settled = []
        for reference, waiting in items.items():
            ended = settled_outcomes(done[reference], waiting)
            warned = [_warned(plans[reference], item, outcome) for item, outcome in ended]
            settled += [(item, with_proof(outcome, proofs.get(reference))) for item, outcome in warned]
        await _finish(current, work, kept, list(done), settled)
        gaps = {reference: proofs[reference].doubtful for reference in done if reference in proofs}
        if gaps:
            await store.doubt_gaps(work.connection, current.shop_id, gaps)


def _warned(plan: ProductPlan, item: OpenItem, outcome: ItemOutcome) -> tuple[OpenItem, ItemOutcome]:
    warnings = () if outcome.reasons else warnings_of(plan, item)
    return item, outcome.model_copy(update={"warnings": outcome.warnings + warnings}) if warnings else outcome


@dataclass(frozen=True)
class Deletion:
    """A deletion that was carried out: by which change, and which product of the shop, if it had one."""

    sequence: int
    presta_id: int | None


async def settle_deleted(current: Pass, deletions: Mapping[str, Deletion]) -> None:
    """Record that products are gone, and settle the items up to the deletion; newer ones stay open."""
    if not deletions:
        return
    done = {reference: (entry.sequence, entry.presta_id) for reference, entry in deletions.items()}
    async with current.fenced() as work:
        await store.record_deleted(work.connection, current.shop_id, done)
        kept = await store.load_products(work.connection, current.shop_id, list(deletions))
        items = await store.open_items_of(work.connection, current.shop_id, list(deletions))
        settled: Settled = []
        for reference, waiting in items.items():
            over = [item for item in waiting if item.sequence <= kept[reference].product.deleted]
            settled += settled_outcomes(kept[reference], over)
        await _finish(current, work, kept, list(deletions), settled)


async def refuse(current: Pass, refusals: Mapping[str, Refusal]) -> None:
    """End open items of products with a no, and take what they asked for out of the desired state."""
    if not refusals:
        return
    async with current.fenced() as work:
        kept = await store.load_products(work.connection, current.shop_id, list(refusals))
        items = await store.open_items_of(work.connection, current.shop_id, list(refusals))
        settled: Settled = []
        desired = {}
        for reference, waiting in items.items():
            refusal = refusals[reference]
            state = dict(kept[reference].product.desired)
            for item in filter(refusal.concerns, waiting):
                state = without(state, item.sequence)
                settled.append(refused_outcome(kept[reference], item, refusal.reason))
            desired[reference] = state
        await store.withdraw_posts(work.connection, current.shop_id, list(desired))
        await _finish(current, work, kept, list(refusals), settled)
        await store.drop_changes(work.connection, current.shop_id, desired)


async def settle_as_known(current: Pass, references: Sequence[str]) -> None:
    """Settle items of a rehearsal whose end cannot be foreseen, with what is known and a warning."""
    async with current.fenced() as work:
        kept = await store.load_products(work.connection, current.shop_id, references)
        items = await store.open_items_of(work.connection, current.shop_id, references)
        settled: Settled = []
        for reference, waiting in items.items():
            warnings = (plan_incomplete(reference),)
            settled += [
                (item, outcome.model_copy(update={"warnings": outcome.warnings + warnings}))
                for item, outcome in settled_outcomes(kept[reference], waiting)
            ]
        await _finish(current, work, kept, list(items), settled)


async def _finish(
    current: Pass,
    work: UnitOfWork,
    kept: Mapping[str, KeptProduct],
    references: Sequence[str],
    settled: Settled,
) -> None:
    if not references:
        return
    traces = await store.traces_of(work.connection, current.shop_id, references)
    ends = [(item, with_pictures(item, outcome, kept[item.reference].product)) for item, outcome in settled]
    finished = await store.settle_items(work.connection, current.shop_id, references, ends)
    publish_finished(work, await store.take_finished(work.connection, finished))
    work.after_commit(lambda: _tell(settled, traces))


def _tell(settled: Settled, traces: Mapping[str, str]) -> None:
    """One log line per product, under the trace of the request that asked for it."""
    for item, outcome in settled:
        with tracer.start_as_current_span("product settled", context=context_of(traces.get(item.reference))):
            log.info(
                "product.settled",
                reference=item.reference,
                chunk_id=item.chunk_id,
                result=outcome.result.value,
                presta_id=outcome.presta_id,
                reasons=[reason.code for reason in outcome.reasons],
            )
