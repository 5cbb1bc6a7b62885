"""Accepting a submission: one transaction gives ids and sequences, records the items and says so.

After the commit everything that was accepted will be worked on; before it nothing was.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

import structlog

from common.database import Database, UnitOfWork
from common.messages import Chunk, ChunkSubmitted
from common.messaging.broker import Broker
from gateway import store
from gateway.changes import Cut, cut_into_chunks
from gateway.drafts import Draft, RefusedItem
from gateway.errors import unavailable
from gateway.submissions import Accepted, Kind, Origin

log = structlog.get_logger()

_PREFIXES = {Kind.SYNC: "sync_", Kind.BATCH: "sync_", Kind.BULK: "bulk_"}
_ID_DIGITS = 13  # seed 004: bulk_675c53516d618


@dataclass(frozen=True)
class Admission:
    """Where submissions are taken in."""

    database: Database
    broker: Broker

    async def accept(self, origin: Origin, entries: Sequence[Draft | RefusedItem]) -> Accepted:
        """Take the entries in. Raises `Refusal` (503) where the broker is away."""
        if not self.broker.connected:
            raise unavailable("The message broker is away; nothing was accepted.")
        submission = Accepted(_PREFIXES[origin.kind] + token_hex(7)[:_ID_DIGITS], origin, datetime.now(UTC))
        drafts = [entry for entry in entries if isinstance(entry, Draft)]
        refused = [entry for entry in entries if isinstance(entry, RefusedItem)]
        async with self.database.unit_of_work() as work:
            known = await store.resolve_products(work.connection, origin.tenant, drafts)
            sequences = await store.next_sequences(work.connection, len(drafts))
            made = await asyncio.to_thread(cut_into_chunks, drafts, known, sequences)
            submission.refused = sorted([*refused, *made.refused], key=lambda item: item.position)
            submission.chunks = len(made.chunks)
            await store.record_submission(work.connection, submission, made)
            _publish(work, submission, made)
        log.info(
            "submission.accepted",
            submission_id=submission.submission_id,
            kind=origin.kind.value,
            items=len(entries),
            chunks=submission.chunks,
            refused=len(submission.refused),
        )
        return submission


def _publish(work: UnitOfWork, submission: Accepted, made: Cut) -> None:
    for partition, run in enumerate(made.chunks):
        chunk = Chunk(
            chunk_id=f"{submission.submission_id}_{partition}",
            submission_id=submission.submission_id,
            partition=partition,
            tenant=submission.origin.tenant,
            shop=submission.origin.shop,
            submitted_at=submission.submitted_at,
            total_items=len(run),
        )
        work.publish(ChunkSubmitted(chunk=chunk, changes=tuple(made.changes[run.start : run.stop])))
