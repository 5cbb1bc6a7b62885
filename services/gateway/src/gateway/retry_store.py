"""The SQL of what is kept so that it can be handed in again."""

from collections.abc import Sequence

from common.messages import ChunkSubmitted
from gateway.retrying import KEPT_DAYS
from gateway.store import Connection

_FORGET_BATCH = 1000


async def keep_changes(connection: Connection, submitted: Sequence[ChunkSubmitted]) -> None:
    """Keep the changes of chunks."""
    await connection.execute(
        """
        insert into submitted_changes (submission_id, tenant, partition, body)
        select * from unnest($1::text[], $2::text[], $3::int[], $4::bytea[])
        """,
        [one.chunk.submission_id for one in submitted],
        [one.chunk.tenant for one in submitted],
        [one.chunk.partition for one in submitted],
        [one.to_json() for one in submitted],
    )


async def load_kept(connection: Connection, submission_id: str) -> list[bytes]:
    """Those chunks of a submission that are still kept."""
    rows = await connection.fetch(
        "select body from submitted_changes where submission_id = $1 order by partition", submission_id
    )
    return [row["body"] for row in rows]


async def count_kept_bytes(connection: Connection, submission_id: str) -> int:
    """How many bytes `load_kept` would give."""
    count: int = await connection.fetchval(
        "select coalesce(sum(octet_length(body)), 0) from submitted_changes where submission_id = $1",
        submission_id,
    )
    return count


async def load_refused_positions(connection: Connection, submission_id: str) -> list[int]:
    """Which items of a submission were refused."""
    rows = await connection.fetch(
        "select position from items where submission_id = $1 and result = 'refused' order by position",
        submission_id,
    )
    return [row["position"] for row in rows]


async def forget_what_came_through(connection: Connection, chunks: Sequence[tuple[str, int]]) -> None:
    """The changes of those of these completed chunks that have no refusal are needed no more."""
    await connection.execute(
        """
        delete from submitted_changes as kept
        using chunks, unnest($1::text[], $2::int[]) as told (submission_id, partition)
        where (kept.submission_id, kept.partition) = (told.submission_id, told.partition)
            and (chunks.submission_id, chunks.partition) = (told.submission_id, told.partition)
            and chunks.completed_at is not null and chunks.refused = 0
        """,
        [submission_id for submission_id, _ in chunks],
        [partition for _, partition in chunks],
    )


async def forget_old_changes(connection: Connection) -> bool:
    """Remove a batch of changes that are kept long enough; False where none is left."""
    done = await connection.execute(
        """
        delete from submitted_changes where ctid in (
            select ctid from submitted_changes where kept_since < now() - make_interval(days => $1) limit $2
        )
        """,
        KEPT_DAYS,
        _FORGET_BATCH,
    )
    return str(done) == f"DELETE {_FORGET_BATCH}"
