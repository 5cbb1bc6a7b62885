"""Items that wait for pictures, and the chunks that they complete."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import asyncpg

from common.messages import Chunk, ImageReference, ItemOutcome
from image_processor.store.rows import Executor, as_json


@dataclass(frozen=True)
class OpenItem:
    """An item of a chunk that waits for its product's pictures."""

    chunk_id: str
    position: int
    reference: str
    sequence: int
    images: tuple[ImageReference, ...]
    outcome: ItemOutcome


@dataclass(frozen=True)
class FinishedChunk:
    """A chunk of which no item is open any more."""

    chunk: Chunk
    traceparent: str | None
    outcomes: tuple[ItemOutcome, ...]


async def open_items_of(connection: Executor, shop: str, reference: str) -> list[OpenItem]:
    """Items that wait for a product's pictures, oldest change first."""
    rows = await connection.fetch(
        "select * from open_items where shop = $1 and reference = $2 order by sequence", shop, reference
    )
    return [
        OpenItem(
            chunk_id=row["chunk_id"],
            position=row["position"],
            reference=row["reference"],
            sequence=row["sequence"],
            images=tuple(ImageReference.model_validate(image) for image in row["images"]),
            outcome=ItemOutcome.model_validate(row["outcome"]),
        )
        for row in rows
    ]


async def settle_items(
    connection: asyncpg.Connection, shop: str, reference: str, settled: Mapping[OpenItem, ItemOutcome]
) -> None:
    """Move a product's items to their chunks' outcomes; nothing is due for the product now."""
    await connection.execute(
        """
        delete from open_items i using unnest($1::text[], $2::int[]) as s(chunk_id, position)
        where i.chunk_id = s.chunk_id and i.position = s.position
        """,
        [item.chunk_id for item in settled],
        [item.position for item in settled],
    )
    # In one order: two products that share chunks would else wait for each other.
    for item, outcome in sorted(settled.items(), key=lambda end: end[0].chunk_id):
        await connection.execute(
            "update chunks set outcomes = outcomes || $2::jsonb where chunk_id = $1",
            item.chunk_id,
            [as_json(outcome)],
        )
    await connection.execute(
        "update products set due = false, changed = false, attempts = 0, last_error = null "
        "where shop = $1 and reference = $2",
        shop,
        reference,
    )


async def take_finished(connection: asyncpg.Connection, chunk_ids: Iterable[str]) -> list[FinishedChunk]:
    """Those of the chunks that have no open item left; they are forgotten here."""
    rows = await connection.fetch(
        """
        delete from chunks c where chunk_id = any($1::text[])
          and not exists (select from open_items i where i.chunk_id = c.chunk_id)
        returning *
        """,
        sorted(set(chunk_ids)),
    )
    return [
        FinishedChunk(
            chunk=Chunk.model_validate(row["chunk"]),
            traceparent=row["traceparent"],
            outcomes=tuple(ItemOutcome.model_validate(entry) for entry in row["outcomes"]),
        )
        for row in rows
    ]


# ── progress ──


@dataclass(frozen=True)
class ChunkState:
    """How far a chunk is that is being worked on."""

    chunk: Chunk
    traceparent: str | None
    items_done: int
    pictures_done: int


async def states_of(connection: Executor, chunk_ids: Iterable[str]) -> list[ChunkState]:
    """How far these chunks are; those that are completed are left out."""
    rows = await connection.fetch(
        """
        select c.chunk, c.traceparent,
            (select count(*) from open_items i where i.chunk_id = c.chunk_id) as open_items,
            (select coalesce(sum((o ->> 'images_processed')::int), 0)
             from jsonb_array_elements(c.outcomes) o) as settled_pictures,
            (select count(distinct (i.position, l.sha256))
             from open_items i
             cross join lateral jsonb_array_elements(i.images) image
             join ledger l on l.shop = i.shop and l.presta_id = (i.outcome ->> 'presta_id')::bigint
                          and l.sha256 = image ->> 'sha256' and l.image_id is not null
             where i.chunk_id = c.chunk_id) as open_pictures
        from chunks c where c.chunk_id = any($1::text[])
        """,
        sorted(set(chunk_ids)),
    )
    chunks = [Chunk.model_validate(row["chunk"]) for row in rows]
    return [
        ChunkState(
            chunk=chunk,
            traceparent=row["traceparent"],
            items_done=chunk.total_items - row["open_items"],
            pictures_done=row["settled_pictures"] + row["open_pictures"],
        )
        for chunk, row in zip(chunks, rows, strict=True)
    ]
