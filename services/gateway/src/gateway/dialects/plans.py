"""What all dialects answer about a dry run, and about whether the shop was read after a write."""

from collections.abc import Iterable
from typing import Any

from common.messages import Result
from gateway.plans import added
from gateway.submissions import ChunkState, ItemState, SubmissionState
from gateway.vocabulary import as_sent, changes_as_sent


def plan_of(submission: SubmissionState, item: ItemState) -> dict[str, Any] | None:
    """What a real run would do with the item; None for a real run, and where nothing would be done."""
    if not submission.dry_run or item.result is None or item.result is Result.REFUSED:
        return None
    return {
        "outcome": item.result.value,
        "changes": [change.model_dump() for change in changes_as_sent(item.changes)],
        "warnings": [warning.model_dump() for warning in as_sent(item.warnings)],
    }


def shop_requests(chunks: Iterable[ChunkState]) -> dict[str, Any]:
    """How many requests a real run would send to the shop, by method and resource."""
    requests = added([request for chunk in chunks for request in chunk.planned_requests])
    return {
        "total": sum(request.requests for request in requests),
        "requests": [request.model_dump() for request in requests],
    }


def proof_of(item: ItemState) -> dict[str, Any]:
    """Whether the shop holds what was written, where it was read; if not, with what it holds."""
    if item.verified is None:
        return {}
    gaps = [] if item.verified else [warning.model_dump() for warning in as_sent(item.warnings)]
    return {"verified": item.verified} | ({"warnings": gaps} if gaps else {})
