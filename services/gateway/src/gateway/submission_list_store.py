"""The SQL of the list of synchronizations."""

from gateway.paging import Page
from gateway.store import Connection
from gateway.submission_filter import SubmissionFilter, VisibleShops
from gateway.submissions import OF_SYNC

LOOKED_THROUGH = 10_000
"""So many submissions, the newest, are looked through: a list costs no more however many there are."""

# The states are those of `SubmissionState.status`.
_FIND = """
with recent as materialized (
    select submission_id, submitted_at, total_items, refused_at_the_door
    from submissions
    where tenant = $1 and kind = any($2::text[])
        and ($3::text[] is null or shop = any($3)) and not shop = any($4::text[])
        and ($5::timestamptz is null or submitted_at >= $5)
        and ($6::timestamptz is null or submitted_at < $6)
        and ($7::text is null or submission_id in (
            select submission_id from items where starts_with(submission_id, 'sync_') and reference = $7
        ))
    order by submitted_at desc, submission_id desc limit $11
), found as (
    select submission_id, submitted_at from recent
    where $8::text is null or $8 = (
        select case
            when count(*) > 0 and bool_and(cancelled_at is not null) then 'cancelled'
            when not coalesce(bool_and(completed_at is not null), true) then
                case when bool_or(coalesce(validated_at, written_at, completed_at) is not null)
                    then 'processing' else 'queued' end
            when recent.refused_at_the_door + coalesce(sum(chunks.refused), 0) = recent.total_items
                then 'failed'
            else 'completed'
        end
        from chunks where chunks.submission_id = recent.submission_id
    )
)
select submission_id, count(*) over () as total from found
order by submitted_at desc, submission_id desc offset $9 limit $10
"""


async def find_submissions(
    connection: Connection, tenant: str, shops: VisibleShops, wanted: SubmissionFilter, page: Page
) -> tuple[list[str], int]:
    """The ids of a page of synchronizations, the newest first, and how many there are on all pages.

    A page beyond the last has none, and says nothing of how many there are.
    """
    rows = await connection.fetch(
        _FIND,
        tenant,
        [kind.value for kind in OF_SYNC],
        shops.only,
        shops.never,
        wanted.since,
        wanted.until,
        wanted.reference,
        wanted.status.value if wanted.status else None,
        page.offset,
        page.size,
        LOOKED_THROUGH,
    )
    return [row["submission_id"] for row in rows], rows[0]["total"] if rows else 0
