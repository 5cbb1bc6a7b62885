"""Taking back what no station has seen: chunks that still wait here to be published.

Whatever was published is on its way: the stations take it in within moments, and it cannot be taken back.
"""

from collections.abc import Sequence
from datetime import UTC, datetime

import structlog

from common.database import TenantDatabase
from common.messages import ChunkCompleted, ChunkSubmitted, ItemOutcome, Reason
from gateway import cancel_store
from gateway.completion import tell_completed
from gateway.progress_store import Step, record_steps, settle_items

log = structlog.get_logger()

CANCELLED = Reason(code="cancelled", field="", message="Was cancelled before any station had begun with it.")


async def cancel(rows: TenantDatabase, submission_id: str) -> int:
    """Cancel what is still here; return the number of chunks. Their items are refused as `cancelled`."""
    async with rows.unit_of_work() as work:
        taken = await cancel_store.take_unpublished(work.connection, submission_id)
        now = datetime.now(UTC)
        told = [_completed(submitted) for submitted in taken]
        for completed in told:
            work.publish(completed, step=completed.chunk.chunk_id)
        await _settle(work.connection, told, now)
        if told:
            await tell_completed(work, {submission_id: None})
    log.info("submission.cancelled", submission_id=submission_id, chunks=len(taken))
    return len(taken)


async def _settle(connection: cancel_store.Connection, told: Sequence[ChunkCompleted], now: datetime) -> None:
    steps = [Step(one.chunk.submission_id, one.chunk.partition, "completed", now) for one in told]
    await record_steps(connection, steps)
    await settle_items(
        connection, [(one.chunk.submission_id, outcome, now) for one in told for outcome in one.outcomes]
    )
    await cancel_store.mark_cancelled(connection, [(step.submission_id, step.partition) for step in steps])


def _completed(submitted: ChunkSubmitted) -> ChunkCompleted:
    outcomes = tuple(ItemOutcome.refused(change, CANCELLED) for change in submitted.changes)
    return ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)
