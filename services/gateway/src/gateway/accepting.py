"""Accepting a submission: one transaction gives ids and sequences, records the items and says so.

After the commit everything that was accepted will be worked on; before it nothing was.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from secrets import token_hex

import asyncpg
import structlog

from common.database import RowsOf
from common.messages import Chunk, ChunkSubmitted
from common.messaging.broker import Broker
from gateway import retry_store, store
from gateway.changes import Cut, cut_into_chunks
from gateway.completion import tell_completed
from gateway.drafts import Draft, RefusedItem, SentProducts
from gateway.errors import unavailable
from gateway.limits.backpressure import Backpressure
from gateway.submissions import OF_SYNC, Accepted, Kind, Origin

log = structlog.get_logger()

_PREFIXES = {Kind.BULK: "bulk_"} | dict.fromkeys(OF_SYNC, "sync_")
_ID_DIGITS = 13  # seed 004: bulk_675c53516d618


Claim = Callable[[asyncpg.Connection, str], Awaitable[bool]]
"""Takes what may be there once for the submission with this id; False where it is taken."""

Keep = Callable[[asyncpg.Connection, Accepted], Awaitable[None]]
"""Records what belongs to the submission, in its transaction."""


class KeyTaken(Exception):
    """What may be there once is another submission's; nothing was accepted."""


@dataclass(frozen=True)
class Admission:
    """Where submissions are taken in."""

    rows_of: RowsOf
    broker: Broker
    backpressure: Backpressure

    async def accept(
        self, origin: Origin, sent: SentProducts, *, claim: Claim | None = None, keep: Keep | None = None
    ) -> Accepted:
        """Take the products in. Raises `KeyTaken`, and `Refusal` (503): the broker is away, too much is open.

        A dry run is recorded and worked on as any other submission, but hands out no product ids.
        """
        if not self.broker.connected:
            raise unavailable("The message broker is away; nothing was accepted.")
        submission_id = _PREFIXES[origin.kind] + token_hex(7)[:_ID_DIGITS]
        submission = Accepted(submission_id, origin, datetime.now(UTC), sent.dry_run)
        drafts = [entry for entry in sent.entries if isinstance(entry, Draft)]
        refused = [entry for entry in sent.entries if isinstance(entry, RefusedItem)]
        self.backpressure.admit(origin.shop, len(drafts))
        async with self.rows_of(origin.tenant).unit_of_work() as work:
            if claim and not await claim(work.connection, submission_id):
                raise KeyTaken
            known = await store.resolve_products(
                work.connection, origin.tenant, origin.shop, drafts, hand_out_ids=not sent.dry_run
            )
            sequences = await store.next_sequences(work.connection, len(drafts))
            made = await asyncio.to_thread(cut_into_chunks, drafts, known, sequences)
            submission.refused = sorted([*refused, *made.refused], key=lambda item: item.position)
            submission.chunks = len(made.chunks)
            await store.record_submission(work.connection, submission, made)
            if keep:
                await keep(work.connection, submission)
            submitted = _submitted(submission, made)
            await retry_store.keep_changes(work.connection, submitted)
            for message in submitted:
                work.publish(message)
            if not submitted:  # all refused at the door: there is nobody else to tell its end
                await tell_completed(work, {submission_id: None})
        self.backpressure.took(origin.shop, len(made.changes))
        log.info(
            "submission.accepted",
            submission_id=submission.submission_id,
            kind=origin.kind.value,
            dry_run=sent.dry_run,
            items=len(sent.entries),
            chunks=submission.chunks,
            refused=len(submission.refused),
        )
        return submission


def _submitted(submission: Accepted, made: Cut) -> list[ChunkSubmitted]:
    messages = []
    for partition, run in enumerate(made.chunks):
        chunk = Chunk(
            chunk_id=f"{submission.submission_id}_{partition}",
            submission_id=submission.submission_id,
            partition=partition,
            tenant=submission.origin.tenant,
            shop=submission.origin.shop,
            submitted_at=submission.submitted_at,
            total_items=len(run),
            dry_run=submission.dry_run,
        )
        messages.append(ChunkSubmitted(chunk=chunk, changes=tuple(made.changes[run.start : run.stop])))
    return messages
