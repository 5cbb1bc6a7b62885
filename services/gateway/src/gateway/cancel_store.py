"""The SQL of cancelling."""

from collections.abc import Sequence

from common.messages import ChunkSubmitted
from gateway.store import Connection

__all__ = ["Connection", "mark_cancelled", "take_unpublished"]


async def take_unpublished(connection: Connection, submission_id: str) -> list[ChunkSubmitted]:
    """Take the submission's chunks out of the outbox that nobody has tried to publish yet."""
    rows = await connection.fetch(
        """
        delete from outbox
        where claimed_until = '-infinity' and message_type = $2 and headers ->> 'correlation-id' = $1
        returning body
        """,
        submission_id,
        ChunkSubmitted.message_type,
    )
    taken = [ChunkSubmitted.model_validate_json(row["body"]) for row in rows]
    return sorted(taken, key=lambda submitted: submitted.chunk.partition)


async def mark_cancelled(connection: Connection, chunks: Sequence[tuple[str, int]]) -> None:
    """These chunks, by submission and partition, were cancelled."""
    await connection.execute(
        """
        update chunks set cancelled_at = now()
        from unnest($1::text[], $2::int[]) as taken(submission_id, partition)
        where chunks.submission_id = taken.submission_id and chunks.partition = taken.partition
        """,
        [submission_id for submission_id, _ in chunks],
        [partition for _, partition in chunks],
    )
