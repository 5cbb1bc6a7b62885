"""The SQL of what is kept so that it can be handed in again."""

from collections.abc import Iterable, Sequence

from common.messages import ChunkSubmitted, ProductChange
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


async def load_changes(connection: Connection, submission_id: str) -> list[ProductChange]:
    """The changes of a submission that are still kept."""
    rows = await connection.fetch(
        "select body from submitted_changes where submission_id = $1 order by partition", submission_id
    )
    return [change for row in rows for change in ChunkSubmitted.model_validate_json(row["body"]).changes]


async def forget_what_came_through(connection: Connection, submission_ids: Iterable[str]) -> None:
    """The changes of completed chunks without a refusal are needed no more."""
    await connection.execute(
        """
        delete from submitted_changes using chunks
        where submitted_changes.submission_id = any($1::text[])
            and chunks.submission_id = submitted_changes.submission_id
            and chunks.partition = submitted_changes.partition
            and chunks.completed_at is not null and chunks.refused = 0
        """,
        sorted(submission_ids),
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
