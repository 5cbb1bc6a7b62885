"""All SQL of image-processor, many rows per statement."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from common.database.json_texts import json_texts
from common.messages import Chunk, ImageReference, ItemOutcome, PictureWork, Reason, ShopSnapshot
from image_processor.plan import LedgerEntry, PictureProduct

Row = Any  # asyncpg's Record is untyped
Executor = asyncpg.Connection | asyncpg.Pool


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


# ── intake ──


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
        json_texts([_json(outcome) for outcome in outcomes] for _, outcomes, _ in listed),
        [traceparent for _, _, traceparent in listed],
    )
    return {row["chunk_id"] for row in rows}


async def save_desired(connection: asyncpg.Connection, shop: str, work: Sequence[PictureWork]) -> None:
    """Keep desired lists: the newest of each product wins. A product that was made anew starts anew."""
    newest = {str(entry.outcome.reference): entry for entry in sorted(work, key=lambda w: w.outcome.sequence)}
    references = sorted(newest)
    await connection.execute(
        """
        insert into products (shop, reference, presta_id, desired, sequence)
        select $1, * from unnest($2::text[], $3::bigint[], $4::text[]::jsonb[], $5::bigint[])
        on conflict (shop, reference) do update set
            due = true,
            presta_id = excluded.presta_id,
            cover_id = case when products.presta_id = excluded.presta_id then products.cover_id end,
            desired = case when excluded.sequence > products.sequence
                           then excluded.desired else products.desired end,
            sequence = greatest(excluded.sequence, products.sequence)
        """,
        shop,
        references,
        [newest[reference].outcome.presta_id for reference in references],
        json_texts([_json(image) for image in newest[reference].images] for reference in references),
        [newest[reference].outcome.sequence for reference in references],
    )


async def add_open_items(connection: asyncpg.Connection, items: Sequence[tuple[Chunk, PictureWork]]) -> None:
    """Items that wait for their product's pictures."""
    await connection.execute(
        """
        insert into open_items (chunk_id, position, shop, reference, sequence, images, outcome)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[],
                             $6::text[]::jsonb[], $7::jsonb[])
        """,
        [chunk.chunk_id for chunk, _ in items],
        [work.outcome.position for _, work in items],
        [chunk.shop for chunk, _ in items],
        [work.outcome.reference for _, work in items],
        [work.outcome.sequence for _, work in items],
        json_texts([_json(image) for image in work.images] for _, work in items),
        [_json(work.outcome) for _, work in items],
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


# ── the pass ──


async def due_products(connection: Executor, shop: str, limit: int) -> list[PictureProduct]:
    """Products whose pictures wait for work, the longest waiting first."""
    rows = await connection.fetch(
        "select * from products where shop = $1 and due and not_before <= now() order by not_before limit $2",
        shop,
        limit,
    )
    return await _with_ledger(connection, shop, rows)


async def lock_product(connection: asyncpg.Connection, shop: str, reference: str) -> PictureProduct | None:
    """A product as it stands now; changes to it wait for this transaction."""
    rows = await connection.fetch(
        "select * from products where shop = $1 and reference = $2 for update", shop, reference
    )
    return next(iter(await _with_ledger(connection, shop, rows)), None)


async def shop_image_bytes(connection: Executor, shop: str) -> int | None:
    """The largest picture that the shop takes; None before it was told."""
    value: int | None = await connection.fetchval("select image_bytes from shop_limits where shop = $1", shop)
    return value


async def record_intent(
    connection: asyncpg.Connection, shop: str, presta_id: int, sha256: str, ids_before: Sequence[int]
) -> None:
    """Remember that an upload is about to be sent, and what the product had before it."""
    await connection.execute(
        """
        insert into ledger (shop, presta_id, sha256, uploaded_at, ids_before) values ($1, $2, $3, now(), $4)
        on conflict (shop, presta_id, sha256) do update
            set uploaded_at = excluded.uploaded_at, ids_before = excluded.ids_before
        """,
        shop,
        presta_id,
        sha256,
        list(ids_before),
    )


async def record_upload(
    connection: asyncpg.Connection, shop: str, presta_id: int, sha256: str, image_id: int
) -> None:
    """The shop has the picture."""
    await connection.execute(
        "update ledger set image_id = $4, uploaded_at = null, ids_before = null "
        "where shop = $1 and presta_id = $2 and sha256 = $3",
        shop,
        presta_id,
        sha256,
        image_id,
    )


async def record_refusal(
    connection: asyncpg.Connection, shop: str, presta_id: int, sha256: str, reason: Reason
) -> None:
    """These bytes cannot be shown."""
    await connection.execute(
        """
        insert into ledger (shop, presta_id, sha256, refused) values ($1, $2, $3, $4)
        on conflict (shop, presta_id, sha256) do update
            set refused = excluded.refused, uploaded_at = null, ids_before = null
        """,
        shop,
        presta_id,
        sha256,
        _json(reason),
    )


async def forget_pictures(
    connection: asyncpg.Connection, shop: str, presta_id: int, sha256s: Sequence[str]
) -> None:
    """Pictures that are not in the shop (any more)."""
    await connection.execute(
        "delete from ledger where shop = $1 and presta_id = $2 and sha256 = any($3::text[])",
        shop,
        presta_id,
        sha256s,
    )


async def record_cover(connection: asyncpg.Connection, shop: str, reference: str, image_id: int) -> None:
    """The shop shows this picture first."""
    await connection.execute(
        "update products set cover_id = $3 where shop = $1 and reference = $2", shop, reference, image_id
    )


async def record_failure(
    connection: asyncpg.Connection, shop: str, reference: str, error: str, pause_seconds: float
) -> None:
    """The shop failed on this product: again after a pause that doubles with each attempt."""
    await connection.execute(
        """
        update products set attempts = attempts + 1, last_error = $3,
            not_before = now() + make_interval(secs => least($4 * power(2, attempts), 300))
        where shop = $1 and reference = $2
        """,
        shop,
        reference,
        error,
        pause_seconds,
    )


async def wait_until(connection: asyncpg.Connection, shop: str, reference: str, moment: datetime) -> None:
    """A product that cannot be decided before a moment."""
    await connection.execute(
        "update products set not_before = $3 where shop = $1 and reference = $2", shop, reference, moment
    )


async def restart_unanswered_uploads(connection: asyncpg.Connection, shop: str) -> None:
    """The shop has come back: it may still write what it had been sent before, so the wait begins anew."""
    await connection.execute(
        "update ledger set uploaded_at = now() where shop = $1 and uploaded_at is not null", shop
    )


# ── settling ──


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
    for item, outcome in settled.items():
        await connection.execute(
            "update chunks set outcomes = outcomes || $2::jsonb where chunk_id = $1",
            item.chunk_id,
            [_json(outcome)],
        )
    await connection.execute(
        "update products set due = false, attempts = 0, last_error = null where shop = $1 and reference = $2",
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


async def trace_of(connection: Executor, shop: str, reference: str) -> str | None:
    """The trace of the oldest item that waits for the product."""
    traceparent: str | None = await connection.fetchval(
        "select c.traceparent from open_items i join chunks c using (chunk_id) "
        "where i.shop = $1 and i.reference = $2 order by i.sequence limit 1",
        shop,
        reference,
    )
    return traceparent


# ── rows ──


async def _with_ledger(connection: Executor, shop: str, rows: Sequence[Row]) -> list[PictureProduct]:
    entries = await connection.fetch(
        "select * from ledger where shop = $1 and presta_id = any($2::bigint[])",
        shop,
        [row["presta_id"] for row in rows],
    )
    by_product: dict[int, list[LedgerEntry]] = {}
    for entry in entries:
        by_product.setdefault(entry["presta_id"], []).append(_ledger_entry(entry))
    return [
        PictureProduct(
            reference=row["reference"],
            presta_id=row["presta_id"],
            desired=tuple(ImageReference.model_validate(image) for image in row["desired"]),
            sequence=row["sequence"],
            cover_id=row["cover_id"],
            attempts=row["attempts"],
            ledger=tuple(by_product.get(row["presta_id"], ())),
        )
        for row in rows
    ]


def _ledger_entry(row: Row) -> LedgerEntry:
    return LedgerEntry(
        sha256=row["sha256"],
        image_id=row["image_id"],
        uploaded_at=row["uploaded_at"],
        ids_before=tuple(row["ids_before"] or ()),
        refused=Reason.model_validate(row["refused"]) if row["refused"] else None,
    )


def _json(part: ImageReference | ItemOutcome | Reason) -> dict[str, Any]:
    return part.model_dump(mode="json", exclude_unset=True)
