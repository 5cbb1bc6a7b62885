"""SQL of what has been told of submissions: each chunk once, and their end once, after the last of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta

import asyncpg

from common.messages import Chunk, SubmissionCompleted


@dataclass(frozen=True, slots=True)
class Ended:
    """The end of a submission, and the trace that it belongs to."""

    message: SubmissionCompleted
    traceparent: str | None


# Whoever notes something holds the submission's row until its transaction ends, so that of two that note the
# last two things at the same time the later one sees both. In order, so that nobody deadlocks.
_HOLD = """
    insert into submissions (submission_id, tenant)
    select submission_id, tenant from unnest($1::text[], $2::text[]) as told (submission_id, tenant)
    order by submission_id
    on conflict (submission_id) do update set changed_at = now()
"""


async def note_told_chunks(connection: asyncpg.Connection, chunks: Iterable[Chunk]) -> set[str]:
    """These chunks are being told; the ids of those that had not been told before."""
    told = {(chunk.submission_id, chunk.partition): chunk for chunk in chunks}
    await _hold(connection, {chunk.submission_id: chunk.tenant for chunk in told.values()})
    rows = await connection.fetch(
        """
        insert into told_chunks (submission_id, partition, tenant)
        select * from unnest($1::text[], $2::int[], $3::text[]) on conflict do nothing
        returning submission_id, partition
        """,
        [submission_id for submission_id, _ in told],
        [partition for _, partition in told],
        [chunk.tenant for chunk in told.values()],
    )
    return {told[row["submission_id"], row["partition"]].chunk_id for row in rows}


async def note_ended(connection: asyncpg.Connection, ended: Sequence[Ended]) -> None:
    """These submissions have ended."""
    by_id = {one.message.submission_id: one for one in ended}
    await _hold(connection, {name: one.message.tenant for name, one in by_id.items()})
    await connection.execute(
        """
        update submissions set ended = told.ended, chunks = told.chunks, traceparent = told.traceparent
        from unnest($1::text[], $2::bytea[], $3::int[], $4::text[])
            as told (submission_id, ended, chunks, traceparent)
        where submissions.submission_id = told.submission_id
        """,
        list(by_id),
        [one.message.to_json() for one in by_id.values()],
        [one.message.chunks for one in by_id.values()],
        [one.traceparent for one in by_id.values()],
    )


async def take_whole(connection: asyncpg.Connection, submission_ids: Iterable[str]) -> list[Ended]:
    """Those of these submissions that have ended and whose chunks have all been told; each is found once."""
    rows = await connection.fetch(
        """
        update submissions set told_at = now()
        where submission_id = any($1::text[]) and ended is not null and told_at is null and chunks = (
            select count(*) from told_chunks where told_chunks.submission_id = submissions.submission_id
        )
        returning ended, traceparent
        """,
        sorted(set(submission_ids)),
    )
    return [Ended(SubmissionCompleted.model_validate_json(row["ended"]), row["traceparent"]) for row in rows]


async def forget_submissions(connection: asyncpg.Connection, age: timedelta, limit: int) -> int:
    """Forget up to `limit` submissions of which nothing was told for so long; how many."""
    rows = await connection.fetch(
        """
        delete from submissions where submission_id in (
            select submission_id from submissions where changed_at < now() - $1::interval
            limit $2 for update skip locked
        ) returning submission_id
        """,
        age,
        limit,
    )
    return len(rows)


async def _hold(connection: asyncpg.Connection, tenants: dict[str, str]) -> None:
    await connection.execute(_HOLD, list(tenants), list(tenants.values()))
