"""What each shop has, as it was read last."""

import asyncpg

from common.messages import (
    ShopSnapshot,
)
from prestashop_writer.store.rows import Executor


async def save_snapshot(connection: asyncpg.Connection, snapshot: ShopSnapshot) -> None:
    """Keep the newest snapshot of a shop."""
    await connection.execute(
        """
        insert into snapshots (shop, taken_at, snapshot) values ($1, $2, $3)
        on conflict (shop) do update set taken_at = excluded.taken_at, snapshot = excluded.snapshot
        """,
        snapshot.shop,
        snapshot.taken_at,
        snapshot.model_dump(mode="json"),
    )


async def load_snapshot(connection: Executor, shop: str) -> ShopSnapshot | None:
    """The snapshot that was kept, if any."""
    body = await connection.fetchval("select snapshot from snapshots where shop = $1", shop)
    return None if body is None else ShopSnapshot.model_validate(body)
