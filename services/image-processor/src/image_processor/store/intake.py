"""What arrives: chunks, the desired pictures in them, what shops accept."""

from collections.abc import Iterable, Sequence
from operator import itemgetter

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

    What could not be shown is forgotten, so that it is tried once more: the bytes may have come meanwhile,
    the shop may be well again.
    """
    in_order = sorted(work, key=lambda entry: entry.outcome.sequence)
    newest = {str(entry.outcome.reference): entry for entry in in_order}
    lists = {str(entry.outcome.reference): entry for entry in in_order if not entry.keeps_images}
    references = sorted(newest)
    images = [lists[reference].images if reference in lists else () for reference in references]
    await connection.execute(
        """
        insert into products (shop, reference, presta_id, presta_sequence, desired, sequence)
        select $1, * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::text[]::jsonb[], $6::bigint[])
        on conflict (shop, reference) do update set
            due = true,
            (presta_id, presta_sequence, desired, sequence, cover_id, attempts, not_before) = (
                select
                    case when is_newer then excluded.presta_id else products.presta_id end,
                    greatest(excluded.presta_sequence, products.presta_sequence),
                    case when excluded.sequence > products.sequence then excluded.desired
                         else products.desired end,
                    greatest(excluded.sequence, products.sequence),
                    case when not is_another then products.cover_id end,
                    case when is_another then 0 else products.attempts end,
                    case when is_another then now() else products.not_before end
                from (select excluded.presta_sequence > products.presta_sequence as is_newer) n,
                     lateral (select is_newer and excluded.presta_id <> products.presta_id as is_another) a
            )
        """,
        shop,
        references,
        [newest[reference].outcome.presta_id for reference in references],
        [newest[reference].outcome.sequence for reference in references],
        json_texts([as_json(image) for image in listed] for listed in images),
        [lists[reference].outcome.sequence if reference in lists else 0 for reference in references],
    )
    await _save_variants(connection, shop, in_order)
    await _forget_refusals(connection, shop, references)


async def _save_variants(connection: asyncpg.Connection, shop: str, in_order: Sequence[PictureWork]) -> None:
    """Keep what variants are to show: the newest of each wins, those that are not named stay."""
    named = {
        (entry.outcome.presta_id, variant.reference): (variant, entry.outcome.sequence)
        for entry in in_order
        for variant in entry.variants or ()
    }
    variants = named.values()
    await connection.execute(
        """
        insert into variants as v (shop, presta_id, reference, combination_id, file_names, sequence)
        select $1, * from unnest($2::bigint[], $3::text[], $4::bigint[], $5::text[]::jsonb[], $6::bigint[])
        on conflict (shop, presta_id, reference) do update set
            combination_id = excluded.combination_id, file_names = excluded.file_names,
            sequence = excluded.sequence,
            image_ids = case when excluded.combination_id = v.combination_id then v.image_ids end
        where excluded.sequence > v.sequence
        """,
        shop,
        [presta_id for presta_id, _ in named],
        [reference for _, reference in named],
        [variant.presta_id for variant, _ in variants],
        json_texts(variant.file_names for variant, _ in variants),
        [sequence for _, sequence in variants],
    )


async def _forget_refusals(connection: asyncpg.Connection, shop: str, references: Sequence[str]) -> None:
    await connection.execute(
        """
        delete from ledger l using products p
        where p.shop = $1 and p.reference = any($2::text[])
          and l.shop = p.shop and l.presta_id = p.presta_id and l.refused is not null
        """,
        shop,
        references,
    )
    await connection.execute(
        """
        update variants v set image_ids = null, refused = null from products p
        where p.shop = $1 and p.reference = any($2::text[])
          and v.shop = p.shop and v.presta_id = p.presta_id and v.refused is not null
        """,
        shop,
        references,
    )


async def forget_deleted(
    connection: asyncpg.Connection, shop: str, deleted: Sequence[tuple[Chunk, PictureWork]]
) -> set[str]:
    """Forget the pictures of products that were deleted from the shop; what is newer stays.

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
        where p.shop = $1 and p.reference = d.reference
          and greatest(p.sequence, p.presta_sequence) < d.sequence
        """,
        shop,
        references,
        sequences,
    )
    await connection.execute(  # made anew since, by a change that says nothing of its list
        """
        update products p set desired = '[]', sequence = d.sequence
        from unnest($2::text[], $3::bigint[]) as d(reference, sequence)
        where p.shop = $1 and p.reference = d.reference and p.sequence < d.sequence
        """,
        shop,
        references,
        sequences,
    )
    for table in ("ledger", "variants"):
        await connection.execute(
            f"delete from {table} where shop = $1 and presta_id = any($2::bigint[])",  # noqa: S608 (one of two)
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
    for chunk_id, outcome in sorted(settled, key=itemgetter(0)):  # as where products are settled
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
        insert into shop_limits (shop, taken_at, image_bytes, version)
        select * from unnest($1::text[], $2::timestamptz[], $3::int[], $4::text[])
        on conflict (shop) do update set
            taken_at = excluded.taken_at, image_bytes = excluded.image_bytes, version = excluded.version
            where shop_limits.taken_at < excluded.taken_at
        """,
        list(newest),
        [snapshot.taken_at for snapshot in newest.values()],
        [snapshot.limits.image_bytes for snapshot in newest.values()],
        [snapshot.version for snapshot in newest.values()],
    )


async def version_of(connection: asyncpg.Connection, shop: str) -> str:
    """Which PrestaShop a shop is; empty before that was told."""
    version: str | None = await connection.fetchval("select version from shop_limits where shop = $1", shop)
    return version or ""


async def drop_open_work(connection: asyncpg.Connection, shops: Sequence[str]) -> None:
    """Forget the chunks, with their open items, of shops that were removed."""
    await connection.execute("delete from chunks where shop = any($1::text[])", list(shops))
