"""Telling that a submission is whole: once, with its last chunk, however often its facts are told."""

from collections.abc import Mapping

from common.database import UnitOfWork
from common.messages import SubmissionCompleted
from gateway import completion_store, store
from gateway.submissions import Kind, SubmissionState


async def tell_completed(work: UnitOfWork, traces: Mapping[str, str | None]) -> None:
    """Tell of those of these submissions that have become whole. `traces` has their traceparents.

    Called after the steps and outcomes of chunks were recorded, in the same transaction.
    """
    completed = await completion_store.mark_completed(work.connection, traces.keys())
    for tenant, ids in completed.items():
        submissions = await store.load_submissions(work.connection, tenant, ids, tuple(Kind))
        for submission_id, submission in submissions.items():
            message = completed_message(tenant, submission)
            work.publish(message, step=submission_id, traceparent=traces[submission_id])


def completed_message(tenant: str, submission: SubmissionState) -> SubmissionCompleted:
    """What is told of a submission that is finished."""
    chunks = submission.chunks
    return SubmissionCompleted(
        submission_id=submission.submission_id,
        tenant=tenant,
        shop=submission.shop,
        kind=submission.kind.value,
        status=submission.status.value,
        submitted_at=submission.submitted_at,
        completed_at=submission.finished_at or submission.submitted_at,
        chunks=len(chunks),
        total_items=submission.total_items,
        created=sum(chunk.created for chunk in chunks),
        updated=sum(chunk.updated for chunk in chunks),
        unchanged=sum(chunk.unchanged for chunk in chunks),
        deleted=sum(chunk.deleted for chunk in chunks),
        refused=submission.refused,
        cancelled=submission.cancelled_items,
        images_processed=sum(chunk.images_processed for chunk in chunks),
        retry_of=submission.retry_of,
    )
