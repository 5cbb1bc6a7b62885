"""Brands, features and feature values with the shop's ids."""

from collections.abc import Iterable, Mapping, Sequence

import asyncpg

from common.create_protocol import Post
from prestashop_writer.brand_texts import BrandText
from prestashop_writer.names import KnownName
from prestashop_writer.plan import BRAND, Name
from prestashop_writer.store.rows import Executor


async def known_names(connection: Executor, shop: str, names: Iterable[Name]) -> list[KnownName]:
    """Those of the names that the writer has met before."""
    listed = list(names)
    rows = await connection.fetch(
        """
        select n.* from names n
        join unnest($2::text[], $3::text[], $4::text[]) as w(kind, parent, name) using (kind, parent, name)
        where shop = $1
        """,
        shop,
        [name.kind for name in listed],
        [name.parent for name in listed],
        [name.name for name in listed],
    )
    return [
        KnownName(
            Name(row["kind"], row["name"], row["parent"]),
            row["presta_id"],
            None if row["presta_id"] is not None else Post(row["posted_epoch"], row["waiting_since"]),
        )
        for row in rows
    ]


async def brand_texts(
    connection: Executor, shop: str, brands: Iterable[Name]
) -> tuple[dict[Name, int], dict[Name, BrandText]]:
    """Ids of the brands that have one, and the descriptions that they were given last."""
    rows = await connection.fetch(
        """
        select name, presta_id, detail, detail_sequence from names
        where shop = $1 and kind = $2 and parent = '' and name = any($3::text[]) and presta_id is not null
        """,
        shop,
        BRAND,
        [brand.name for brand in brands],
    )
    ids = {Name(BRAND, row["name"]): row["presta_id"] for row in rows}
    texts = {Name(BRAND, row["name"]): BrandText(row["detail"], row["detail_sequence"]) for row in rows}
    return ids, texts


async def record_brand_texts(
    connection: asyncpg.Connection, shop: str, texts: Mapping[Name, BrandText]
) -> None:
    """The descriptions that brands have now, and the changes that said them."""
    await connection.execute(
        """
        update names n set detail = t.text, detail_sequence = t.sequence
        from unnest($3::text[], $4::text[], $5::bigint[]) as t(name, text, sequence)
        where n.shop = $1 and n.kind = $2 and n.parent = '' and n.name = t.name
        """,
        shop,
        BRAND,
        [brand.name for brand in texts],
        [entry.text for entry in texts.values()],
        [entry.sequence for entry in texts.values()],
    )


async def record_names(connection: asyncpg.Connection, shop: str, names: Mapping[Name, int | Post]) -> None:
    """Names with their ids, or with what is outstanding of their creates."""
    entries = names.values()
    await connection.execute(
        """
        insert into names (shop, kind, parent, name, presta_id, posted_epoch, waiting_since)
        select $1, * from unnest($2::text[], $3::text[], $4::text[],
                                 $5::bigint[], $6::bigint[], $7::timestamptz[])
        on conflict (shop, kind, parent, name) do update
            set presta_id = excluded.presta_id, posted_epoch = excluded.posted_epoch,
                waiting_since = excluded.waiting_since
        """,
        shop,
        [name.kind for name in names],
        [name.parent for name in names],
        [name.name for name in names],
        [entry if isinstance(entry, int) else None for entry in entries],
        [entry.epoch if isinstance(entry, Post) else None for entry in entries],
        [entry.waiting_since if isinstance(entry, Post) else None for entry in entries],
    )


async def forget_names(connection: asyncpg.Connection, shop: str, names: Sequence[Name]) -> None:
    """Creates that were surely not written."""
    await connection.execute(
        """
        delete from names n using unnest($2::text[], $3::text[], $4::text[]) as w(kind, parent, name)
        where n.shop = $1 and n.kind = w.kind and n.parent = w.parent and n.name = w.name
          and n.presta_id is null
        """,
        shop,
        [name.kind for name in names],
        [name.parent for name in names],
        [name.name for name in names],
    )
