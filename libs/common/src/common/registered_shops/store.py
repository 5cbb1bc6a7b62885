"""SQL of the registered shops: the table `registered_shops`, which every service's schema has."""

from collections.abc import Sequence
from decimal import Decimal

import asyncpg

from common.database.json_texts import json_texts
from common.registered_shops.registration import Registration

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy | asyncpg.Pool

COLUMNS = "tenant, shop, sequence, settings, sealed_key, removed_at is not null as removed"


async def keep_registrations(connection: Connection, told: Sequence[Registration]) -> None:
    """Keep what is newer than what is known. `told` names every shop once, in the order of the ids."""
    await connection.execute(
        """
        insert into registered_shops as known (tenant, shop, sequence, settings, sealed_key, removed_at)
        select tenant, shop, sequence, settings::jsonb, sealed_key, case when removed then now() end
        from unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[], $6::boolean[])
            as told(tenant, shop, sequence, settings, sealed_key, removed)
        on conflict (shop) do update set
            sequence = excluded.sequence, settings = excluded.settings, sealed_key = excluded.sealed_key,
            changed_at = now(), removed_at = excluded.removed_at
        where known.sequence < excluded.sequence
        """,
        [one.tenant for one in told],
        [one.shop for one in told],
        [one.sequence for one in told],
        json_texts([dict(one.settings) for one in told]),
        [one.sealed_key for one in told],
        [one.removed for one in told],
    )


async def registrations(connection: Connection) -> list[Registration]:
    """All registered shops, the oldest first, without the removed ones."""
    rows = await connection.fetch(
        f"select {COLUMNS} from registered_shops where removed_at is null order by registered_at, shop"  # noqa: S608 - a constant
    )
    return [registration_of_row(row) for row in rows]


def registration_of_row(row: asyncpg.Record) -> Registration:
    """What a row says that has `COLUMNS`."""
    return Registration(**{name: row[name] for name in Registration.__dataclass_fields__})


async def registrations_mark(connection: Connection) -> Decimal:
    """A number that every change makes greater: no row goes, and its sequence only rises."""
    mark: Decimal = await connection.fetchval("select coalesce(sum(sequence), 0) from registered_shops")
    return mark


async def removed_among(connection: Connection, shops: Sequence[str]) -> set[str]:
    """Which of these shops were registered once and removed."""
    rows = await connection.fetch(
        "select shop from registered_shops where shop = any($1::text[]) and removed_at is not null",
        list(shops),
    )
    return {row["shop"] for row in rows}
