"""Answers of the sync dialect: seed 000's success and error forms, batches, and where the work stands."""

from collections.abc import Mapping, Sequence
from typing import Any

from common.messages import Result
from gateway.dialects.plans import plan_of, proof_of, shop_requests
from gateway.errors import Refusal
from gateway.paging import Page
from gateway.retrying import Retry
from gateway.submissions import ChunkState, ItemState, Status, SubmissionState
from gateway.vocabulary import as_sent, operation_of

_STATUS_OF_REASON = {"product_exists": 409, "product_not_found": 404, "image_too_large": 413}


def single_answer(submission: SubmissionState, items: Sequence[ItemState]) -> dict[str, Any]:
    """The answer about one product, finished or not. Raises `Refusal` where it was refused."""
    [item] = items
    return going_on(submission, item) if item.result is None else finished(submission, item)


def not_known_yet(submission_id: str) -> dict[str, Any]:
    """202: accepted, and nothing more is known at the moment."""
    data = {"syncId": submission_id, "status": Status.QUEUED.value}
    return {"success": True, "message": "Accepted, synchronization in progress", "data": data}


def finished(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    """200: exactly seed 000's success response. Raises `Refusal` for an item that was refused."""
    if item.result is Result.REFUSED:
        raise refusal_of(item, dry_run=submission.dry_run)
    if submission.dry_run:
        message = "Dry run: nothing was changed"
    else:
        message = f"Product {'deleted' if item.result is Result.DELETED else 'synchronized'} successfully"
    data = product_data(submission, item) | _plan_of_single(submission, item)
    return _told(submission, {"success": True, "message": message, "data": data})


def _told(submission: SubmissionState, body: dict[str, Any]) -> dict[str, Any]:
    """The body, which says so where it is a dry run's."""
    return body | ({"dryRun": True} if submission.dry_run else {})


def _plan_of_single(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    plan = plan_of(submission, item)
    if plan is None:
        return {}
    return {"plan": plan | {"shopRequests": shop_requests(submission.chunks)}}


def product_data(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    """Seed 000's `data`, and whether the shop was read afterwards."""
    return {
        "productId": item.product_id,
        "reference": item.reference,
        "presta_id": item.presta_id,
        "syncId": submission.submission_id,
        "operation": operation_of(item.intent),
        "imagesProcessed": item.images_processed,
        "technicalDataProcessed": item.technical_data_processed,
        **proof_of(item),
    }


def refusal_of(item: ItemState, *, dry_run: bool = False) -> Refusal:
    """What a refused item is answered with: 409, 404, 413 or 422, in seed 000's error form."""
    status = 422
    for reason in item.reasons:
        status = _STATUS_OF_REASON.get(reason.code, status)
    code = item.reasons[0].code if item.reasons else "refused"
    sentence = _SENTENCES.get(code, "Validation failed")
    return Refusal(status, code, sentence, as_sent(item.reasons), dry_run=dry_run)


_SENTENCES = {
    "product_exists": "A product with this reference exists already",
    "product_not_found": "Product not found",
}


def going_on(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    """202: accepted, the result is asked for by syncId."""
    data = product_data(submission, item) | {"status": submission.status.value}
    message = f"{'Dry run' if submission.dry_run else 'Product'} accepted, synchronization in progress"
    return _told(submission, {"success": True, "message": message, "data": data})


def batch_answer(submission: SubmissionState, items: Sequence[ItemState]) -> dict[str, Any]:
    """The results of a batch, one for each product in the order of the request."""
    failed = sum(item.result is Result.REFUSED for item in items)
    settled = sum(item.result is not None for item in items)
    done = "would be synchronized" if submission.dry_run else "synchronized"
    data: dict[str, Any] = {
        "syncId": submission.submission_id,
        "status": submission.status.value,
        "total": len(items),
        "succeeded": settled - failed,
        "failed": failed,
        "results": [_batch_result(submission, item) for item in items],
    }
    if submission.dry_run:
        data["shopRequests"] = shop_requests(submission.chunks)
    message = f"{settled - failed} of {len(items)} products {done}, {failed} refused"
    return _told(submission, {"success": failed == 0, "message": message, "data": data})


def retried_answer(retry: Retry, submission: SubmissionState, items: Sequence[ItemState]) -> dict[str, Any]:
    """The results of products that were handed in again, with their places in the earlier synchronization."""
    answer = batch_answer(submission, items)
    for result, index in zip(answer["data"]["results"], retry.positions, strict=True):
        result["retriedIndex"] = index
    answer["data"] |= {"retryOf": submission.retry_of, "notStored": list(retry.missing)}
    return answer


def _batch_result(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    base = {"index": item.position, "success": None, **product_data(submission, item)}
    if item.result is None:
        return base | {"status": Status.PROCESSING.value}
    if item.result is not Result.REFUSED:
        plan = plan_of(submission, item)
        done = {"success": True, "status": Status.COMPLETED.value, "outcome": item.result.value}
        return base | done | ({"plan": plan} if plan else {})
    refusal = refusal_of(item)
    return base | {
        "success": False,
        "status": Status.FAILED.value,
        "outcome": item.result.value,
        "error": refusal.message,
        "details": [reason.model_dump() for reason in refusal.details],
    }


def status_answer(submission: SubmissionState, items: Sequence[ItemState]) -> dict[str, Any]:
    """Where a synchronization stands: status, outcome, steps with their times, trace id."""
    data = (
        batch_answer(submission, items)["data"] if len(items) != 1 else _single_status(submission, items[0])
    )
    data |= {
        **({"retryOf": submission.retry_of} if submission.retry_of else {}),
        "steps": steps_of(submission),
        "shop": submission.shop,
        "traceId": submission.trace_id,
        "submittedAt": submission.submitted_at.isoformat(),
        "finishedAt": submission.finished_at.isoformat() if submission.finished_at else None,
    }
    message = f"{'Dry run' if submission.dry_run else 'Synchronization'} {submission.status.value}"
    return _told(submission, {"success": True, "message": message, "data": data})


def _single_status(submission: SubmissionState, item: ItemState) -> dict[str, Any]:
    return {
        **product_data(submission, item),
        "status": submission.status.value,
        "outcome": item.result.value if item.result else None,
        "details": [reason.model_dump() for reason in as_sent(item.reasons)],
        "warnings": [reason.model_dump() for reason in as_sent(item.warnings)],
        **_plan_of_single(submission, item),
    }


def list_answer(
    submissions: Sequence[SubmissionState], singles: Mapping[str, ItemState], total: int, page: Page
) -> dict[str, Any]:
    """A page of synchronizations; one of a single product says how that ended."""
    entries = [_entry(one, singles.get(one.submission_id)) for one in submissions]
    message = f"{total} synchronizations"
    return {"success": True, "message": message, "data": {"syncs": entries, **page.of(total)}}


def _entry(submission: SubmissionState, single: ItemState | None) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "syncId": submission.submission_id,
        "kind": submission.kind.value,
        "status": submission.status.value,
        "total": submission.total_items,
        "succeeded": submission.total_items - submission.open_items - submission.refused,
        "failed": submission.refused,
        "shop": submission.shop,
        "traceId": submission.trace_id,
        "submittedAt": submission.submitted_at.isoformat(),
        "finishedAt": submission.finished_at.isoformat() if submission.finished_at else None,
    }
    if submission.retry_of:
        entry["retryOf"] = submission.retry_of
    if single is not None:
        entry |= {
            "productId": single.product_id,
            "reference": single.reference,
            "presta_id": single.presta_id,
            "operation": operation_of(single.intent),
            "outcome": single.result.value if single.result else None,
            "details": [reason.model_dump() for reason in as_sent(single.reasons)],
        }
    return _told(submission, entry)


def cancelled(submission: SubmissionState) -> dict[str, Any]:
    """What of a synchronization was cancelled, and how much of it goes on."""
    items, rest = submission.cancelled_items, submission.open_items
    message = f"{items} products cancelled" + (f", {rest} go on" if rest else "")
    data = {
        "syncId": submission.submission_id,
        "status": submission.status.value,
        "cancelled": items,
        "open": rest,
    }
    return {"success": True, "message": message, "data": data}


def steps_of(submission: SubmissionState) -> list[dict[str, Any]]:
    """The stations that the work has passed; of several chunks the last one counts."""
    steps = [{"step": "accepted", "at": submission.submitted_at.isoformat()}]
    for step in ("validated", "written", "completed"):
        times = [_time_of(chunk, step) for chunk in submission.chunks]
        reached = [time for time in times if time is not None]
        if reached and len(reached) == len(times):
            steps.append({"step": step, "at": max(reached).isoformat()})
    return steps


def _time_of(chunk: ChunkState, step: str) -> Any:  # Any: getattr by a name from our own list
    return getattr(chunk, f"{step}_at")
