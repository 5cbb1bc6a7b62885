"""Chunks, their open items and their outcomes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import asyncpg

from common.database.json_texts import json_texts
from common.messages import (
    Chunk,
    ImageReference,
    Intent,
    ItemOutcome,
    PictureWork,
    ProductChange,
)
from prestashop_writer.items import OpenItem
from prestashop_writer.store.rows import Executor, Row


async def lock_intake(connection: asyncpg.Connection, shop: str) -> None:
    """One intake of a shop at a time, until the end of the transaction.

    Two writers that take the first changes of one product together would each see no desired state to merge
    into, and the later one would overwrite what the other has just said.
    """
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('intake ' || $1, 0))", shop)


async def new_chunks(connection: asyncpg.Connection, chunks: Iterable[tuple[Chunk, str | None]]) -> set[str]:
    """Keep chunks with their trace; return the ids of those that are not being worked on already."""
    listed = list(chunks)
    rows = await connection.fetch(
        """
        insert into chunks (chunk_id, shop, chunk, traceparent)
        select * from unnest($1::text[], $2::text[], $3::jsonb[], $4::text[])
        on conflict do nothing returning chunk_id
        """,
        [chunk.chunk_id for chunk, _ in listed],
        [chunk.shop for chunk, _ in listed],
        [chunk.model_dump(mode="json") for chunk, _ in listed],
        [traceparent for _, traceparent in listed],
    )
    return {row["chunk_id"] for row in rows}


async def add_open_items(
    connection: asyncpg.Connection, items: Sequence[tuple[Chunk, str, ProductChange]]
) -> None:
    """Items that wait for their products: chunk, reference, change."""
    await connection.execute(
        """
        insert into open_items
            (chunk_id, position, shop, reference, sequence, intent, product_id, images, technical_data,
             variant_images)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                             $7::bigint[], $8::text[]::jsonb[], $9::int[], $10::text[]::jsonb[])
        """,
        [chunk.chunk_id for chunk, _, _ in items],
        [change.position for _, _, change in items],
        [chunk.shop for chunk, _, _ in items],
        [reference for _, reference, _ in items],
        [change.sequence for _, _, change in items],
        [change.intent.value for _, _, change in items],
        [change.product_id for _, _, change in items],
        json_texts(_images(change) for _, _, change in items),
        [len(change.fields.technical_data or ()) for _, _, change in items],
        json_texts(_variant_images(change) for _, _, change in items),
    )


async def open_items_of(
    connection: Executor, shop: str, references: Sequence[str]
) -> dict[str, list[OpenItem]]:
    """Items that wait for these products, oldest change first."""
    rows = await connection.fetch(
        "select * from open_items where shop = $1 and reference = any($2::text[]) order by sequence",
        shop,
        references,
    )
    items: dict[str, list[OpenItem]] = {}
    for row in rows:
        items.setdefault(row["reference"], []).append(_open_item(row))
    return items


async def settle_items(
    connection: asyncpg.Connection,
    shop: str,
    references: Sequence[str],
    settled: Sequence[tuple[OpenItem, ItemOutcome | PictureWork]],
) -> list[str]:
    """Move items to their chunks' outcomes (or picture work); return the chunks that have none open left.

    Of the products in `references` only those that have items left are due any more.
    """
    await connection.execute(
        """
        delete from open_items i using unnest($1::text[], $2::int[]) as s(chunk_id, position)
        where i.chunk_id = s.chunk_id and i.position = s.position
        """,
        [item.chunk_id for item, _ in settled],
        [item.position for item, _ in settled],
    )
    await add_outcomes(connection, [(item.chunk_id, end) for item, end in settled])
    await connection.execute(
        """
        update products p set due = exists (
            select from open_items i where i.shop = p.shop and i.reference = p.reference)
        where shop = $1 and reference = any($2::text[])
        """,
        shop,
        references,
    )
    return await without_open_items(connection, list({item.chunk_id for item, _ in settled}))


async def without_open_items(connection: asyncpg.Connection, chunk_ids: Sequence[str]) -> list[str]:
    """Those of the chunks of which no item is open, oldest first."""
    rows = await connection.fetch(
        """
        select chunk_id from chunks c
        where chunk_id = any($1::text[])
          and not exists (select from open_items i where i.chunk_id = c.chunk_id)
          and not exists (select from unaddressed u where u.chunk_id = c.chunk_id)
        order by arrived_at, chunk_id
        """,
        chunk_ids,
    )
    return [row["chunk_id"] for row in rows]


async def add_outcomes(
    connection: asyncpg.Connection, settled: Sequence[tuple[str, ItemOutcome | PictureWork]]
) -> None:
    """Add outcomes, or work for the image-processor, to chunks, which are locked from then on."""
    outcomes: dict[str, list[Any]] = {}
    pictures: dict[str, list[Any]] = {}
    for chunk_id, entry in settled:
        group = pictures if isinstance(entry, PictureWork) else outcomes
        group.setdefault(chunk_id, []).append(entry.model_dump(mode="json", exclude_unset=True))
    chunk_ids = sorted({chunk_id for chunk_id, _ in settled})
    # In one order: two lots that share chunks would else wait for each other.
    await connection.execute(
        "select from chunks where chunk_id = any($1::text[]) order by chunk_id for update", chunk_ids
    )
    await connection.execute(
        """
        update chunks c set outcomes = c.outcomes || a.outcomes, pictures = c.pictures || a.pictures
        from unnest($1::text[], $2::text[]::jsonb[], $3::text[]::jsonb[]) as a(chunk_id, outcomes, pictures)
        where c.chunk_id = a.chunk_id
        """,
        chunk_ids,
        json_texts(outcomes.get(chunk_id, []) for chunk_id in chunk_ids),
        json_texts(pictures.get(chunk_id, []) for chunk_id in chunk_ids),
    )


@dataclass(frozen=True)
class FinishedChunk:
    """A chunk of which no item is open here."""

    chunk: Chunk
    traceparent: str | None
    outcomes: tuple[ItemOutcome, ...]
    pictures: tuple[PictureWork, ...]


async def take_finished(connection: asyncpg.Connection, chunk_ids: Sequence[str]) -> list[FinishedChunk]:
    """Finished chunks, which are forgotten here."""
    rows = await connection.fetch(
        "delete from chunks where chunk_id = any($1::text[]) returning *", chunk_ids
    )
    return [
        FinishedChunk(
            chunk=Chunk.model_validate(row["chunk"]),
            traceparent=row["traceparent"],
            outcomes=tuple(ItemOutcome.model_validate(entry) for entry in row["outcomes"]),
            pictures=tuple(PictureWork.model_validate(entry) for entry in row["pictures"]),
        )
        for row in rows
    ]


async def traces_of(connection: Executor, shop: str, references: Sequence[str]) -> dict[str, str]:
    """The trace of the oldest open item of each product."""
    rows = await connection.fetch(
        """
        select distinct on (i.reference) i.reference, c.traceparent
        from open_items i join chunks c using (chunk_id)
        where i.shop = $1 and i.reference = any($2::text[]) and c.traceparent is not null
        order by i.reference, i.sequence
        """,
        shop,
        references,
    )
    return {row["reference"]: row["traceparent"] for row in rows}


def _open_item(row: Row) -> OpenItem:
    images, variant_images = row["images"], row["variant_images"]
    return OpenItem(
        chunk_id=row["chunk_id"],
        position=row["position"],
        reference=row["reference"],
        sequence=row["sequence"],
        intent=Intent(row["intent"]),
        product_id=row["product_id"],
        images=None if images is None else tuple(ImageReference.model_validate(image) for image in images),
        technical_data=row["technical_data"],
        variant_images=None if variant_images is None else {r: tuple(n) for r, n in variant_images.items()},
    )


def _images(change: ProductChange) -> list[dict[str, Any]] | None:
    if "images" not in change.fields.model_fields_set:
        return None
    return [image.model_dump(mode="json") for image in change.fields.images or ()]


def _variant_images(change: ProductChange) -> dict[str, list[str]] | None:
    stated = {
        variant.reference: list(variant.images or ())
        for variant in change.fields.variants or ()
        if "images" in variant.model_fields_set
    }
    return stated or None


async def drop_open_work(connection: asyncpg.Connection, shops: Sequence[str]) -> None:
    """Forget what is open for shops that were removed: chunks with their items, dry runs."""
    await connection.execute("delete from chunks where shop = any($1::text[])", list(shops))
    await connection.execute("delete from dry_runs where shop = any($1::text[])", list(shops))
