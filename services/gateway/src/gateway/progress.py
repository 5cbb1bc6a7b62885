"""What the gateway does when the stations tell how far a chunk is: steps, outcomes, read model."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TypeVar

from common.database import UnitOfWork
from common.messages import ChunkCompleted, ChunkValidated, ChunkWritten, ItemOutcome, ShopRequests
from common.messaging.envelope import Received
from gateway.completion import tell_completed
from gateway.progress_store import (
    ChunkKey,
    Step,
    hold_chunks,
    record_planned_requests,
    record_steps,
    settle_items,
)
from gateway.retry_store import forget_what_came_through
from gateway.waiting import Waiting

Told = TypeVar("Told", ChunkValidated, ChunkWritten, ChunkCompleted)


class Progress:
    """Takes in what was told about chunks and wakes the requests that wait for it."""

    def __init__(self, waiting: Waiting) -> None:
        self._waiting = waiting

    async def take_validated(self, work: UnitOfWork, received: Sequence[Received[ChunkValidated]]) -> None:
        await self._take("validated", work, received)

    async def take_written(self, work: UnitOfWork, received: Sequence[Received[ChunkWritten]]) -> None:
        await self._take("written", work, received)

    async def take_completed(self, work: UnitOfWork, received: Sequence[Received[ChunkCompleted]]) -> None:
        planned = {
            (item.message.chunk.submission_id, item.message.chunk.partition): item.message.planned_requests
            for item in reversed(received)
            if item.message.chunk.dry_run
        }
        await self._take("completed", work, received, planned)

    async def _take(
        self,
        step: str,
        work: UnitOfWork,
        received: Sequence[Received[Told]],
        planned: Mapping[ChunkKey, Sequence[ShopRequests]] | None = None,
    ) -> None:
        steps: list[Step] = []
        told: dict[tuple[str, int], tuple[ItemOutcome, datetime]] = {}
        for item in received:
            chunk, at = item.message.chunk, item.envelope.time
            steps.append(Step(chunk.submission_id, chunk.partition, step, at))
            for outcome in item.message.outcomes:
                told.setdefault((chunk.submission_id, outcome.position), (outcome, at))
        chunks = [(one.submission_id, one.partition) for one in steps]
        await hold_chunks(work.connection, chunks)
        if planned:
            await record_planned_requests(work.connection, planned)
        await record_steps(work.connection, steps)
        await settle_items(work.connection, [(key[0], outcome, at) for key, (outcome, at) in told.items()])
        changed = {one.submission_id for one in steps}
        if step == "completed":
            await forget_what_came_through(work.connection, chunks)
            traces = {item.message.chunk.submission_id: item.envelope.traceparent for item in received}
            await tell_completed(work, traces)
        work.after_commit(lambda: self._waiting.wake(changed))
