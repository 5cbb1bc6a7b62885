"""Chunks that wait to be rehearsed, and the copies of tables that a rehearsal works on."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import asyncpg

from common.messages import ChunkValidated
from prestashop_writer.store.rows import Executor

SHADOWED = ("products", "names", "chunks", "open_items", "unaddressed", "leases")
"""The tables that bringing products to a shop writes to."""


@dataclass(frozen=True)
class DryRun:
    """A chunk to be rehearsed, and how often that has failed."""

    message: ChunkValidated
    traceparent: str | None
    attempts: int

    @property
    def chunk_id(self) -> str:
        return self.message.chunk.chunk_id


async def keep_dry_runs(
    connection: asyncpg.Connection, messages: Iterable[tuple[ChunkValidated, str | None]]
) -> None:
    """Keep chunks, with their traces, until they have been rehearsed."""
    listed = list(messages)
    await connection.execute(
        """
        insert into dry_runs (chunk_id, shop, message, traceparent, arrived_at)
        select *, clock_timestamp() from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[])
        on conflict do nothing
        """,
        [message.chunk.chunk_id for message, _ in listed],
        [message.chunk.shop for message, _ in listed],
        [message.model_dump(mode="json", exclude_unset=True) for message, _ in listed],
        [traceparent for _, traceparent in listed],
    )


async def next_dry_run(connection: Executor, shop: str) -> DryRun | None:
    """The chunk that waits longest."""
    row = await connection.fetchrow(
        "select * from dry_runs where shop = $1 and not_before <= now() "
        "order by arrived_at, chunk_id limit 1",
        shop,
    )
    if row is None:
        return None
    return DryRun(ChunkValidated.model_validate(row["message"]), row["traceparent"], row["attempts"])


async def postpone_dry_run(connection: asyncpg.Connection, chunk_id: str, pause_seconds: float) -> None:
    """A rehearsal has failed: try again after others."""
    await connection.execute(
        """
        update dry_runs set attempts = attempts + 1, not_before = now() + make_interval(secs => $2)
        where chunk_id = $1
        """,
        chunk_id,
        pause_seconds,
    )


async def forget_dry_run(connection: asyncpg.Connection, chunk_id: str) -> None:
    """A chunk has been rehearsed."""
    await connection.execute("delete from dry_runs where chunk_id = $1", chunk_id)


async def fill_shadow(
    connection: asyncpg.Connection, shop: str, references: Sequence[str], presta_ids: Sequence[int]
) -> None:
    """Copy what products of a shop are brought with, from the tables that the copies stand before.

    Pauses do not count in a rehearsal, and the lease, which others make sure of, lasts.
    """
    await connection.execute(
        """
        insert into products select * from prestashop_writer.products
        where shop = $1 and (reference = any($2::text[]) or presta_id = any($3::bigint[]))
        """,
        shop,
        references,
        presta_ids,
    )
    await connection.execute("update products set not_before = least(not_before, now()), due = false")
    await connection.execute("insert into names select * from prestashop_writer.names where shop = $1", shop)
    await connection.execute(
        """
        insert into leases (shop, epoch, owner, held_until)
        select shop, epoch, owner, 'infinity' from prestashop_writer.leases where shop = $1
        """,
        shop,
    )


async def references_in_shadow(connection: Executor) -> list[str]:
    """The products of a rehearsal."""
    return [row["reference"] for row in await connection.fetch("select reference from products")]
