"""What arrives: chunks, the desired pictures in them, what shops accept."""

from collections.abc import Iterable, Sequence

import asyncpg

from common.database.json_texts import json_texts
from common.messages import Chunk, ItemOutcome, PictureWork, ShopSnapshot
from image_processor.store.rows import as_json


async def new_chunks(
    connection: asyncpg.Connection, chunks: Iterable[tuple[Chunk, Sequence[ItemOutcome], str | None]]
) -> set[str]:
    """Keep chunks with what is settled of them; return the ids of those not being worked on already."""
    listed = list(chunks)
    rows = await connection.fetch(
        """
        insert into chunks (chunk_id, shop, chunk, outcomes, traceparent)
        select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[]::jsonb[], $5::text[])
        on conflict do nothing returning chunk_id
        """,
        [chunk.chunk_id for chunk, _, _ in listed],
        [chunk.shop for chunk, _, _ in listed],
        [chunk.model_dump(mode="json") for chunk, _, _ in listed],
        json_texts([as_json(outcome) for outcome in outcomes] for _, outcomes, _ in listed),
        [traceparent for _, _, traceparent in listed],
    )
    return {row["chunk_id"] for row in rows}


async def save_desired(connection: asyncpg.Connection, shop: str, work: Sequence[PictureWork]) -> None:
    """Keep desired lists: the newest of each product wins. A product that was made anew starts anew.

    Pictures that could not be shown are forgotten, so that they are tried once more: the bytes may have come
    meanwhile, the shop may be well again.
    """
    newest = {str(entry.outcome.reference): entry for entry in sorted(work, key=lambda w: w.outcome.sequence)}
    references = sorted(newest)
    await connection.execute(
        """
        insert into products (shop, reference, presta_id, desired, sequence)
        select $1, * from unnest($2::text[], $3::bigint[], $4::text[]::jsonb[], $5::bigint[])
        on conflict (shop, reference) do update set
            due = true,
            (presta_id, desired, sequence, cover_id, attempts, not_before) = (
                select
                    case when is_newer then excluded.presta_id else products.presta_id end,
                    case when is_newer then excluded.desired else products.desired end,
                    greatest(excluded.sequence, products.sequence),
                    case when not is_another then products.cover_id end,
                    case when is_another then 0 else products.attempts end,
                    case when is_another then now() else products.not_before end
                from (select excluded.sequence > products.sequence as is_newer) n,
                     lateral (select is_newer and excluded.presta_id <> products.presta_id as is_another) a
            )
        """,
        shop,
        references,
        [newest[reference].outcome.presta_id for reference in references],
        json_texts([as_json(image) for image in newest[reference].images] for reference in references),
        [newest[reference].outcome.sequence for reference in references],
    )
    await connection.execute(
        """
        delete from ledger l using products p
        where p.shop = $1 and p.reference = any($2::text[])
          and l.shop = p.shop and l.presta_id = p.presta_id and l.refused is not null
        """,
        shop,
        references,
    )


async def forget_deleted(
    connection: asyncpg.Connection, shop: str, deleted: Sequence[tuple[Chunk, PictureWork]]
) -> set[str]:
    """Forget the pictures of products that were deleted from the shop; a newer list of pictures stays.

    The deletions are settled, and with them the older items that waited for pictures. Returns the chunks
    that may be finished by that.
    """
    if not deleted:
        return set()
    outcomes = [work.outcome for _, work in deleted]
    references = [outcome.reference for outcome in outcomes]
    sequences = [outcome.sequence for outcome in outcomes]
    await connection.execute(
        """
        delete from products p using unnest($2::text[], $3::bigint[]) as d(reference, sequence)
        where p.shop = $1 and p.reference = d.reference and p.sequence < d.sequence
        """,
        shop,
        references,
        sequences,
    )
    await connection.execute(
        "delete from ledger where shop = $1 and presta_id = any($2::bigint[])",
        shop,
        [outcome.presta_id for outcome in outcomes],
    )
    waiting = await connection.fetch(
        """
        delete from open_items i using unnest($2::text[], $3::bigint[]) as d(reference, sequence)
        where i.shop = $1 and i.reference = d.reference and i.sequence < d.sequence
        returning i.chunk_id, i.outcome
        """,
        shop,
        references,
        sequences,
    )
    settled = [(chunk.chunk_id, as_json(work.outcome)) for chunk, work in deleted]
    settled += [(row["chunk_id"], row["outcome"]) for row in waiting]
    for chunk_id, outcome in settled:
        await connection.execute(
            "update chunks set outcomes = outcomes || $2::jsonb where chunk_id = $1", chunk_id, [outcome]
        )
    return {chunk_id for chunk_id, _ in settled}


async def add_open_items(connection: asyncpg.Connection, items: Sequence[tuple[Chunk, PictureWork]]) -> None:
    """Items that wait for their product's pictures."""
    await connection.execute(
        """
        insert into open_items (chunk_id, position, shop, reference, sequence, images, outcome)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[],
                             $6::text[]::jsonb[], $7::jsonb[])
        on conflict do nothing
        """,
        [chunk.chunk_id for chunk, _ in items],
        [work.outcome.position for _, work in items],
        [chunk.shop for chunk, _ in items],
        [work.outcome.reference for _, work in items],
        [work.outcome.sequence for _, work in items],
        json_texts([as_json(image) for image in work.images] for _, work in items),
        [as_json(work.outcome) for _, work in items],
    )


async def save_limits(connection: asyncpg.Connection, snapshots: Sequence[ShopSnapshot]) -> None:
    """Keep what shops accept as pictures; an older snapshot never overwrites a newer one."""
    newest = {snapshot.shop: snapshot for snapshot in sorted(snapshots, key=lambda s: s.taken_at)}
    await connection.execute(
        """
        insert into shop_limits (shop, taken_at, image_bytes)
        select * from unnest($1::text[], $2::timestamptz[], $3::int[])
        on conflict (shop) do update set taken_at = excluded.taken_at, image_bytes = excluded.image_bytes
            where shop_limits.taken_at < excluded.taken_at
        """,
        list(newest),
        [snapshot.taken_at for snapshot in newest.values()],
        [snapshot.limits.image_bytes for snapshot in newest.values()],
    )
