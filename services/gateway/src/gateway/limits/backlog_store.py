"""The SQL of accepted work that is not done."""

from gateway.limits.backlog import ShopWork, Work
from gateway.store import Connection

_SHOPS = """
    select shop,
        coalesce(sum(chunks.total_items - created - updated - unchanged - deleted - refused)
            filter (where completed_at is null), 0)::bigint as open_items,
        coalesce(sum(chunks.total_items) filter (where completed_at is not null), 0)::bigint as done_items,
        extract(epoch from now() - greatest(min(submitted_at), now() - make_interval(secs => $1)))::float8
            as seconds
    from chunks join submissions using (submission_id)
    where (completed_at is null or completed_at > now() - make_interval(secs => $1))
        and cancelled_at is null
    group by shop
"""


async def measure(connection: Connection, window_seconds: float) -> Work:
    """What is open, and what was done within the last `window_seconds`."""
    rows = await connection.fetch(_SHOPS, window_seconds)
    waiting: int = await connection.fetchval("select count(*) from outbox")
    shops = {row["shop"]: ShopWork(row["open_items"], row["done_items"], row["seconds"]) for row in rows}
    return Work(shops, waiting)
