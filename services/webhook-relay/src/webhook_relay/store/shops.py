"""SQL of what services report about shops."""

from collections.abc import Iterable

import asyncpg

from common.messages import Reachability, ShopReachability
from webhook_relay.reachability import ShopView


async def load_views(
    connection: asyncpg.Connection, shops: Iterable[ShopReachability]
) -> dict[str, ShopView]:
    """What is known of these shops, locked until the transaction ends; in order, so that nobody deadlocks."""
    tenants = {told.shop: told.tenant for told in shops}
    names = sorted(tenants)
    await connection.execute(
        "insert into shops (shop, tenant) select * from unnest($1::text[], $2::text[]) "
        "on conflict (shop) do update set tenant = excluded.tenant where shops.tenant <> excluded.tenant",
        names,
        [tenants[name] for name in names],
    )
    views = await connection.fetch(
        "select shop, unreachable_since from shops where shop = any($1) order by shop for update", names
    )
    reports = await connection.fetch(
        "select shop, service, reachability, at, cause from shop_reports where shop = any($1)", names
    )
    known: dict[str, dict[str, ShopReachability]] = {name: {} for name in names}
    for row in reports:
        known[row["shop"]][row["service"]] = ShopReachability(
            tenant=tenants[row["shop"]],
            shop=row["shop"],
            service=row["service"],
            reachability=Reachability(row["reachability"]),
            at=row["at"],
            cause=row["cause"],
        )
    return {row["shop"]: ShopView(known[row["shop"]], row["unreachable_since"]) for row in views}


async def save_views(connection: asyncpg.Connection, views: dict[str, ShopView]) -> None:
    """Store the views that `load_views` has locked."""
    await connection.executemany(
        "update shops set unreachable_since = $2 where shop = $1",
        [(shop, view.unreachable_since) for shop, view in views.items()],
    )
    await connection.executemany(
        """
        insert into shop_reports (shop, tenant, service, reachability, at, cause)
        select shop, tenant, $2, $3, $4, $5 from shops where shop = $1
        on conflict (shop, service) do update
        set reachability = excluded.reachability, at = excluded.at, cause = excluded.cause
        """,
        [
            (shop, report.service, report.reachability.value, report.at, report.cause)
            for shop, view in views.items()
            for report in view.reports.values()
        ],
    )
