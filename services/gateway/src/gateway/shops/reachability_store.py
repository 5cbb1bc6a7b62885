"""The SQL of what the writer tells about reaching shops."""

from collections.abc import Sequence

from common.messages import Reachability, ShopReachability
from gateway.store import Connection


async def save_reports(connection: Connection, reports: Sequence[ShopReachability]) -> None:
    """One of each shop. An older one than the one that is kept changes nothing."""
    ordered = sorted(reports, key=lambda report: report.shop)  # so that two transactions never deadlock
    await connection.execute(
        """
        insert into shop_reachability (shop, tenant, is_away, reported_at)
        select * from unnest($1::text[], $2::text[], $3::boolean[], $4::timestamptz[])
        on conflict (shop) do update
        set tenant = excluded.tenant, is_away = excluded.is_away, reported_at = excluded.reported_at
        where (excluded.reported_at, not excluded.is_away)
            > (shop_reachability.reported_at, not shop_reachability.is_away)
        """,
        [report.shop for report in ordered],
        [report.tenant for report in ordered],
        [report.reachability is Reachability.UNREACHABLE for report in ordered],
        [report.at for report in ordered],
    )


async def is_away(connection: Connection, shop: str) -> bool:
    """Whether the writer told last that it cannot reach the shop."""
    return bool(await connection.fetchval("select is_away from shop_reachability where shop = $1", shop))
