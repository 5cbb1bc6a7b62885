"""Changes of products that were named by the shop's id alone, by which we do not know them yet."""

from collections.abc import Sequence

import asyncpg

from common.messages import Chunk, ProductChange
from prestashop_writer.store.rows import Executor


async def keep_unaddressed(
    connection: asyncpg.Connection, changes: Sequence[tuple[Chunk, ProductChange]]
) -> None:
    """Keep changes until the shop has told which products they mean."""
    await connection.execute(
        """
        insert into unaddressed (chunk_id, position, shop, presta_id, change)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::bigint[], $5::jsonb[])
        """,
        [chunk.chunk_id for chunk, _ in changes],
        [change.position for _, change in changes],
        [chunk.shop for chunk, _ in changes],
        [change.presta_id for _, change in changes],
        [change.model_dump(mode="json", exclude_unset=True) for _, change in changes],
    )


async def unaddressed_ids(connection: Executor, shop: str, limit: int) -> list[int]:
    """The shop's ids in question."""
    rows = await connection.fetch(
        "select distinct presta_id from unaddressed where shop = $1 order by presta_id limit $2", shop, limit
    )
    return [row["presta_id"] for row in rows]


async def take_unaddressed(
    connection: asyncpg.Connection, shop: str, presta_ids: Sequence[int]
) -> list[tuple[Chunk, ProductChange]]:
    """Changes of these products, which are forgotten here, oldest first."""
    rows = await connection.fetch(
        """
        with taken as (
            delete from unaddressed where shop = $1 and presta_id = any($2::bigint[]) returning *
        )
        select t.change, c.chunk from taken t join chunks c using (chunk_id)
        """,
        shop,
        presta_ids,
    )
    changes = [
        (Chunk.model_validate(row["chunk"]), ProductChange.model_validate(row["change"])) for row in rows
    ]
    return sorted(changes, key=lambda pair: pair[1].sequence)
