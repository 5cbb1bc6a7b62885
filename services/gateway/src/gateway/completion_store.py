"""The SQL of what has become whole."""

from collections.abc import Collection

from gateway.store import Connection

# The lock makes those that complete the last chunks of a submission at the same time take turns: each then
# sees what the one before has committed, and the last of them finds nothing open.
_LOCK = """
    select from submissions where submission_id = any($1::text[]) order by submission_id for no key update
"""
_MARK = """
    update submissions
    set finished_at = coalesce(
        (select max(completed_at) from chunks where chunks.submission_id = submissions.submission_id),
        submitted_at
    )
    where submission_id = any($1::text[]) and finished_at is null and not exists (
        select from chunks where chunks.submission_id = submissions.submission_id and completed_at is null
    )
    returning submission_id, tenant, dry_run
"""


async def mark_completed(connection: Connection, submission_ids: Collection[str]) -> dict[str, list[str]]:
    """Those of these submissions that have become whole, by tenant; each is found once. Not the dry runs."""
    ids = sorted(submission_ids)
    await connection.execute(_LOCK, ids)
    found: dict[str, list[str]] = {}
    for row in await connection.fetch(_MARK, ids):
        if not row["dry_run"]:
            found.setdefault(row["tenant"], []).append(row["submission_id"])
    return found
