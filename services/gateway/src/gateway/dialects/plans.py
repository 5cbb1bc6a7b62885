"""What all dialects answer about single items: reasons, a dry run's plan, whether the shop was read."""

from collections.abc import Iterable

from common.messages import Reason, Result
from gateway.answers.plans import ItemPlan, PlannedRequests, Proof, ShopRequestsTold, ToldChange, ToldReason
from gateway.plans import added
from gateway.submissions import ChunkState, ItemState, SubmissionState
from gateway.vocabulary import as_sent, changes_as_sent


def told(reasons: Iterable[Reason]) -> list[ToldReason]:
    """The reasons as they are."""
    return [ToldReason(code=one.code, field=one.field, message=one.message) for one in reasons]


def told_as_sent(reasons: Iterable[Reason]) -> list[ToldReason]:
    """The reasons with the senders' names of fields."""
    return told(as_sent(reasons))


def plan_of(submission: SubmissionState, item: ItemState) -> ItemPlan | None:
    """What a real run would do with the item; None for a real run, and where nothing would be done."""
    if not submission.dry_run or item.result is None or item.result is Result.REFUSED:
        return None
    changes = [
        ToldChange(field=change.field, before=change.before, after=change.after)
        for change in changes_as_sent(item.changes)
    ]
    return ItemPlan(outcome=item.result, changes=changes, warnings=told_as_sent(item.warnings))


def shop_requests(chunks: Iterable[ChunkState]) -> ShopRequestsTold:
    """How many requests a real run would send to the shop, by method and resource."""
    requests = added([request for chunk in chunks for request in chunk.planned_requests])
    return {
        "total": sum(request.requests for request in requests),
        "requests": [
            PlannedRequests(
                method=one.method, resource=one.resource, requests=one.requests, entities=one.entities
            )
            for one in requests
        ],
    }


def proof_of(item: ItemState) -> Proof:
    """Whether the shop holds what was written, where it was read; if not, with what it holds."""
    if item.verified is None:
        return {}
    gaps = [] if item.verified else told_as_sent(item.warnings)
    return {"verified": item.verified, "warnings": gaps} if gaps else {"verified": item.verified}
