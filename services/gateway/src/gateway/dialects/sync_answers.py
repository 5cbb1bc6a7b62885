"""Answers of the sync dialect: seed 000's success and error forms, batches, and where the work stands."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Literal, TypeVar, cast

from common.messages import Result
from gateway.answers.envelopes import Success
from gateway.answers.plans import Plan
from gateway.answers.sync import (
    BatchData,
    BatchResult,
    BatchStatus,
    CancelledSync,
    FinishedProduct,
    ListedSync,
    OpenProduct,
    ProductData,
    Queued,
    SingleStatus,
    Standing,
    Step,
    SyncList,
)
from gateway.dialects.plans import plan_of, proof_of, shop_requests, told, told_as_sent
from gateway.errors import Refusal
from gateway.paging import Page
from gateway.retrying import Retry
from gateway.submissions import ChunkState, ItemState, Status, SubmissionState
from gateway.vocabulary import as_sent, operation_of

_STATUS_OF_REASON = {"product_exists": 409, "product_not_found": 404, "image_too_large": 413}


T = TypeVar("T")


def single_answer(
    submission: SubmissionState, items: Sequence[ItemState]
) -> Success[FinishedProduct] | Success[OpenProduct]:
    """The answer about one product, finished or not. Raises `Refusal` where it was refused."""
    [item] = items
    return going_on(submission, item) if item.result is None else finished(submission, item)


def not_known_yet(submission_id: str) -> Success[Queued]:
    """202: accepted, and nothing more is known at the moment."""
    data: Queued = {"syncId": submission_id, "status": Status.QUEUED}
    return {"success": True, "message": "Accepted, synchronization in progress", "data": data}


def finished(submission: SubmissionState, item: ItemState) -> Success[FinishedProduct]:
    """200: exactly seed 000's success response. Raises `Refusal` for an item that was refused."""
    if item.result is Result.REFUSED:
        raise refusal_of(item, dry_run=submission.dry_run)
    if submission.dry_run:
        message = "Dry run: nothing was changed"
    else:
        message = f"Product {'deleted' if item.result is Result.DELETED else 'synchronized'} successfully"
    data = cast("FinishedProduct", product_data(submission, item))  # whose further key follows
    if plan := _plan_of_single(submission, item):
        data["plan"] = plan
    return _told(submission, data, message)


def _told(submission: SubmissionState, data: T, message: str, *, success: bool = True) -> Success[T]:
    """The data in seed 000's envelope, which says so where it is a dry run's."""
    body: Success[T] = {"success": success, "message": message, "data": data}
    if submission.dry_run:
        body["dryRun"] = True
    return body


def _plan_of_single(submission: SubmissionState, item: ItemState) -> Plan | None:
    plan = plan_of(submission, item)
    return None if plan is None else {**plan, "shopRequests": shop_requests(submission.chunks)}


def product_data(submission: SubmissionState, item: ItemState) -> ProductData:
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


def shop_away(submission: SubmissionState, headers: Mapping[str, str]) -> Refusal:
    """502: the shop is not reached. What was sent is accepted all the same, as the `syncId` says."""
    kept = "the dry run goes on" if submission.dry_run else "the change is kept and will be written"
    return Refusal(
        502,
        "shop_unreachable",
        f"The shop cannot be reached; {kept} when it answers.",
        headers=headers,
        dry_run=submission.dry_run,
        told={"syncId": submission.submission_id},
    )


_SENTENCES = {
    "product_exists": "A product with this reference exists already",
    "product_not_found": "Product not found",
}


def going_on(submission: SubmissionState, item: ItemState) -> Success[OpenProduct]:
    """202: accepted, the result is asked for by syncId."""
    data: OpenProduct = {**product_data(submission, item), "status": submission.status}
    message = f"{'Dry run' if submission.dry_run else 'Product'} accepted, synchronization in progress"
    return _told(submission, data, message)


def batch_answer(submission: SubmissionState, items: Sequence[ItemState]) -> Success[BatchData]:
    """The results of a batch, one for each product in the order of the request."""
    data = _batch_data(submission, items)
    failed, done = data["failed"], "would be synchronized" if submission.dry_run else "synchronized"
    message = f"{data['succeeded']} of {len(items)} products {done}, {failed} refused"
    return _told(submission, data, message, success=failed == 0)


def _batch_data(submission: SubmissionState, items: Sequence[ItemState]) -> BatchData:
    failed = sum(item.result is Result.REFUSED for item in items)
    settled = sum(item.result is not None for item in items)
    data: BatchData = {
        "syncId": submission.submission_id,
        "status": submission.status,
        "total": len(items),
        "succeeded": settled - failed,
        "failed": failed,
        "results": [_batch_result(submission, item) for item in items],
    }
    if submission.dry_run:
        data["shopRequests"] = shop_requests(submission.chunks)
    return data


def retried_answer(
    retry: Retry, submission: SubmissionState, items: Sequence[ItemState]
) -> Success[BatchData]:
    """The results of products that were handed in again, with their places in the earlier synchronization."""
    answer = batch_answer(submission, items)
    for result, index in zip(answer["data"]["results"], retry.positions, strict=True):
        result["retriedIndex"] = index
    answer["data"]["retryOf"] = submission.retry_of
    answer["data"]["notStored"] = list(retry.missing)
    return answer


def _batch_result(submission: SubmissionState, item: ItemState) -> BatchResult:
    result = cast("BatchResult", product_data(submission, item))  # whose further keys follow
    result["index"] = item.position
    result["success"] = None if item.result is None else item.result is not Result.REFUSED
    if item.result is None:
        result["status"] = Status.PROCESSING
        return result
    result["outcome"] = item.result
    if item.result is not Result.REFUSED:
        result["status"] = Status.COMPLETED
        if plan := plan_of(submission, item):
            result["plan"] = plan
        return result
    refusal = refusal_of(item)
    result["status"] = Status.FAILED
    result["error"] = refusal.message
    result["details"] = told(refusal.details)
    return result


def status_answer(
    submission: SubmissionState, items: Sequence[ItemState]
) -> Success[SingleStatus] | Success[BatchStatus]:
    """Where a synchronization stands: status, outcome, steps with their times, trace id."""
    message = f"{'Dry run' if submission.dry_run else 'Synchronization'} {submission.status}"
    if len(items) == 1:
        return _told(submission, _single_status(submission, items[0]), message)
    batch: BatchStatus = {**_batch_data(submission, items), **_standing(submission)}
    return _told(submission, batch, message)


def _standing(submission: SubmissionState) -> Standing:
    standing: Standing = {
        "steps": steps_of(submission),
        "shop": submission.shop,
        "traceId": submission.trace_id,
        "submittedAt": submission.submitted_at.isoformat(),
        "finishedAt": submission.finished_at.isoformat() if submission.finished_at else None,
    }
    if submission.retry_of:
        standing["retryOf"] = submission.retry_of
    return standing


def _single_status(submission: SubmissionState, item: ItemState) -> SingleStatus:
    standing = {**product_data(submission, item), **_standing(submission)}
    status = cast("SingleStatus", standing)  # whose further keys follow
    status["status"] = submission.status
    status["outcome"] = item.result
    status["details"] = told_as_sent(item.reasons)
    status["warnings"] = told_as_sent(item.warnings)
    if plan := _plan_of_single(submission, item):
        status["plan"] = plan
    return status


def list_answer(
    submissions: Sequence[SubmissionState], singles: Mapping[str, ItemState], total: int, page: Page
) -> Success[SyncList]:
    """A page of synchronizations; one of a single product says how that ended."""
    entries = [_entry(one, singles.get(one.submission_id)) for one in submissions]
    data: SyncList = {"syncs": entries, **page.of(total)}
    return {"success": True, "message": f"{total} synchronizations", "data": data}


def _entry(submission: SubmissionState, single: ItemState | None) -> ListedSync:
    entry: ListedSync = {
        "syncId": submission.submission_id,
        "kind": submission.kind,
        "status": submission.status,
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
        entry["productId"] = single.product_id
        entry["reference"] = single.reference
        entry["presta_id"] = single.presta_id
        entry["operation"] = operation_of(single.intent)
        entry["outcome"] = single.result
        entry["details"] = told_as_sent(single.reasons)
    if submission.dry_run:
        entry["dryRun"] = True
    return entry


def cancelled(submission: SubmissionState) -> Success[CancelledSync]:
    """What of a synchronization was cancelled, and how much of it goes on."""
    items, rest = submission.cancelled_items, submission.open_items
    message = f"{items} products cancelled" + (f", {rest} go on" if rest else "")
    data: CancelledSync = {
        "syncId": submission.submission_id,
        "status": submission.status,
        "cancelled": items,
        "open": rest,
    }
    return {"success": True, "message": message, "data": data}


Station = Literal["validated", "written", "completed"]
STATIONS: tuple[Station, ...] = ("validated", "written", "completed")


def steps_of(submission: SubmissionState) -> list[Step]:
    """The stations that the work has passed; of several chunks the last one counts."""
    steps = [Step(step="accepted", at=submission.submitted_at.isoformat())]
    for step in STATIONS:
        times = [_time_of(chunk, step) for chunk in submission.chunks]
        reached = [time for time in times if time is not None]
        if reached and len(reached) == len(times):
            steps.append(Step(step=step, at=max(reached).isoformat()))
    return steps


def _time_of(chunk: ChunkState, station: Station) -> datetime | None:
    match station:
        case "validated":
            return chunk.validated_at
        case "written":
            return chunk.written_at
        case "completed":
            return chunk.completed_at
