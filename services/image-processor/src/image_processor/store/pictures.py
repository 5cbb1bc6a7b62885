"""Products with their desired pictures, the ledger of those that the shop has, and what variants show."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import asyncpg

from common.create_protocol import Post, Wait
from common.messages import ImageReference, Reason
from image_processor.plan import LedgerEntry, PictureProduct, Variant, VariantLink
from image_processor.store.rows import Executor, Row, as_json


async def due_products(connection: Executor, shop: str, limit: int) -> list[PictureProduct]:
    """Products whose pictures wait for work, the longest waiting first."""
    rows = await connection.fetch(
        """
        select p.*, waiting.*
        from products p, lateral (
            select (array_agg(c.traceparent order by i.sequence))[1] as traceparent,
                   array_agg(distinct i.chunk_id) as chunk_ids,
                   bool_or(i.outcome ->> 'result' = 'created'
                           and (i.outcome ->> 'presta_id')::bigint = p.presta_id) as is_new
            from open_items i join chunks c using (chunk_id)
            where i.shop = p.shop and i.reference = p.reference
        ) waiting
        where p.shop = $1 and p.due and p.not_before <= now() order by p.not_before limit $2
        """,
        shop,
        limit,
    )
    return await _with_ledger(connection, shop, rows)


async def lock_product(connection: asyncpg.Connection, shop: str, reference: str) -> PictureProduct | None:
    """A product as it stands now; changes to it wait for this transaction."""
    rows = await connection.fetch(
        "select *, null as traceparent, null as chunk_ids, false as is_new "
        "from products where shop = $1 and reference = $2 for update",
        shop,
        reference,
    )
    return next(iter(await _with_ledger(connection, shop, rows)), None)


async def load_products(
    connection: Executor, shop: str, references: Sequence[str]
) -> dict[str, PictureProduct]:
    """Products as they stand now, by reference."""
    rows = await connection.fetch(
        "select *, null as traceparent, null as chunk_ids, false as is_new "
        "from products where shop = $1 and reference = any($2::text[])",
        shop,
        references,
    )
    return {product.reference: product for product in await _with_ledger(connection, shop, rows)}


async def time_and_image_bytes(connection: Executor, shop: str) -> tuple[datetime, int | None]:
    """The database's time, and the largest picture that the shop takes; None before that was told."""
    row = await connection.fetchrow(
        "select now() as now, (select image_bytes from shop_limits where shop = $1) as image_bytes", shop
    )
    assert row is not None  # noqa: S101 - a select without `from` has one row
    return row["now"], row["image_bytes"]


async def record_intent(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, entry: LedgerEntry
) -> None:
    """Remember that an upload is about to be sent, and what the product had before it."""
    await connection.execute(
        """
        insert into ledger (shop, presta_id, sha256, posted_epoch, ids_before) values ($1, $2, $3, $4, $5)
        on conflict (shop, presta_id, sha256) do update
            set posted_epoch = excluded.posted_epoch, waiting_since = null, ids_before = excluded.ids_before
        """,
        shop,
        product.presta_id,
        entry.sha256,
        entry.post and entry.post.epoch,
        list(entry.ids_before),
    )


async def record_upload(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, sha256: str, image_id: int
) -> None:
    """The shop has the picture."""
    await connection.execute(
        "update ledger set image_id = $4, posted_epoch = null, waiting_since = null, ids_before = null "
        "where shop = $1 and presta_id = $2 and sha256 = $3",
        shop,
        product.presta_id,
        sha256,
        image_id,
    )
    await _mark_changed(connection, shop, product)


async def record_upload_ended(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, sha256: str
) -> None:
    """The shop has broken off its work on an upload: what it wrote, it has written."""
    await connection.execute(
        "update ledger set posted_epoch = null, waiting_since = null "
        "where shop = $1 and presta_id = $2 and sha256 = $3",
        shop,
        product.presta_id,
        sha256,
    )


async def record_refusal(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, sha256: str, reason: Reason
) -> None:
    """These bytes cannot be shown."""
    await connection.execute(
        """
        insert into ledger (shop, presta_id, sha256, refused) values ($1, $2, $3, $4)
        on conflict (shop, presta_id, sha256) do update
            set refused = excluded.refused, posted_epoch = null, waiting_since = null, ids_before = null
        """,
        shop,
        product.presta_id,
        sha256,
        as_json(reason),
    )


async def forget_picture(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, sha256: str
) -> None:
    """A picture that is not in the shop."""
    await connection.execute(
        "delete from ledger where shop = $1 and presta_id = $2 and sha256 = $3",
        shop,
        product.presta_id,
        sha256,
    )


async def record_deletion(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, entry: LedgerEntry
) -> None:
    """The shop no longer has the picture, nor do its variants; if that was the cover, it has another now."""
    await forget_picture(connection, shop, product, entry.sha256)
    await connection.execute(
        "update products set cover_id = null "
        "where shop = $1 and reference = $2 and presta_id = $3 and cover_id = $4",
        shop,
        product.reference,
        product.presta_id,
        entry.image_id,
    )
    await connection.execute(
        "update variants set image_ids = array_remove(image_ids, $3) where shop = $1 and presta_id = $2",
        shop,
        product.presta_id,
        entry.image_id,
    )
    await _mark_changed(connection, shop, product)


async def record_cover(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, image_id: int
) -> None:
    """The shop shows this picture first."""
    await connection.execute(
        "update products set cover_id = $4, changed = true "
        "where shop = $1 and reference = $2 and presta_id = $3",
        shop,
        product.reference,
        product.presta_id,
        image_id,
    )


async def doubt_cover(connection: asyncpg.Connection, shop: str, product: PictureProduct) -> None:
    """Another cover is about to be sent: until the end is recorded, it is not known."""
    await connection.execute(
        "update products set cover_id = null where shop = $1 and reference = $2 and presta_id = $3",
        shop,
        product.reference,
        product.presta_id,
    )


async def doubt_links(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, links: Sequence[VariantLink]
) -> None:
    """What variants show is about to be sent: until the end is recorded, it is not known."""
    await connection.execute(
        "update variants set image_ids = null "
        "where shop = $1 and presta_id = $2 and combination_id = any($3::bigint[])",
        shop,
        product.presta_id,
        [link.variant.combination_id for link in links],
    )


async def record_links(
    connection: asyncpg.Connection,
    shop: str,
    product: PictureProduct,
    links: Mapping[VariantLink, str | None],
) -> None:
    """Variants show these pictures, or the shop refuses that, with its words."""
    for link, refused in links.items():
        await connection.execute(
            "update variants set image_ids = $4, refused = $5 "
            "where shop = $1 and presta_id = $2 and combination_id = $3",
            shop,
            product.presta_id,
            link.variant.combination_id,
            list(link.image_ids),
            refused,
        )
    if None in links.values():
        await _mark_changed(connection, shop, product)


async def forget_variants(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, links: Sequence[VariantLink]
) -> None:
    """The shop no longer has these variants."""
    await connection.execute(
        "delete from variants where shop = $1 and presta_id = $2 and combination_id = any($3::bigint[])",
        shop,
        product.presta_id,
        [link.variant.combination_id for link in links],
    )


async def count_attempt(connection: asyncpg.Connection, shop: str, reference: str) -> None:
    """The shop has not written what it was sent."""
    await connection.execute(
        "update products set attempts = attempts + 1 where shop = $1 and reference = $2", shop, reference
    )


async def pause(
    connection: asyncpg.Connection, shop: str, reference: str, error: str, pause_seconds: float
) -> None:
    """Something failed on this product: again after a pause, which doubles with each attempt counted."""
    await connection.execute(
        """
        update products set last_error = $3,
            not_before = now() + make_interval(secs => least($4 * power(2, least(attempts, 16)), 300))
        where shop = $1 and reference = $2
        """,
        shop,
        reference,
        error,
        pause_seconds,
    )


async def wait_for_upload(
    connection: asyncpg.Connection, shop: str, product: PictureProduct, sha256: str, wait: Wait
) -> None:
    """A product one of whose uploads may still be written: looked at again at a time."""
    await connection.execute(
        "update ledger set waiting_since = $4 where shop = $1 and presta_id = $2 and sha256 = $3",
        shop,
        product.presta_id,
        sha256,
        wait.post.waiting_since,
    )
    await connection.execute(
        "update products set not_before = $3 where shop = $1 and reference = $2",
        shop,
        product.reference,
        wait.look_at,
    )


async def restart_unanswered_uploads(connection: asyncpg.Connection, shop: str) -> None:
    """The shop is or was away: what it had been sent before it may write later, so the wait begins anew."""
    await connection.execute(
        "update ledger set waiting_since = null where shop = $1 and posted_epoch is not null", shop
    )


async def _mark_changed(connection: asyncpg.Connection, shop: str, product: PictureProduct) -> None:
    await connection.execute(
        "update products set changed = true "
        "where shop = $1 and reference = $2 and presta_id = $3 and not changed",
        shop,
        product.reference,
        product.presta_id,
    )


async def _with_ledger(connection: Executor, shop: str, rows: Sequence[Row]) -> list[PictureProduct]:
    presta_ids = [row["presta_id"] for row in rows]
    ledger: dict[int, list[LedgerEntry]] = {}
    for entry in await connection.fetch(
        "select * from ledger where shop = $1 and presta_id = any($2::bigint[])", shop, presta_ids
    ):
        ledger.setdefault(entry["presta_id"], []).append(_ledger_entry(entry))
    variants: dict[int, list[Variant]] = {}
    for variant in await connection.fetch(
        "select * from variants where shop = $1 and presta_id = any($2::bigint[]) order by combination_id",
        shop,
        presta_ids,
    ):
        variants.setdefault(variant["presta_id"], []).append(_variant(variant))
    return [
        PictureProduct(
            reference=row["reference"],
            presta_id=row["presta_id"],
            desired=tuple(ImageReference.model_validate(image) for image in row["desired"]),
            sequence=row["sequence"],
            cover_id=row["cover_id"],
            attempts=row["attempts"],
            changed=row["changed"],
            ledger=tuple(ledger.get(row["presta_id"], ())),
            variants=tuple(variants.get(row["presta_id"], ())),
            repeat_at=row["repeat_at"],
            is_new=bool(row["is_new"]),
            traceparent=row["traceparent"],
            chunk_ids=tuple(row["chunk_ids"] or ()),
        )
        for row in rows
    ]


def _ledger_entry(row: Row) -> LedgerEntry:
    is_unanswered = row["image_id"] is None and row["refused"] is None
    return LedgerEntry(
        sha256=row["sha256"],
        image_id=row["image_id"],
        post=Post(row["posted_epoch"], row["waiting_since"]) if is_unanswered else None,
        ids_before=tuple(row["ids_before"] or ()),
        refused=Reason.model_validate(row["refused"]) if row["refused"] else None,
    )


def _variant(row: Row) -> Variant:
    return Variant(
        reference=row["reference"],
        combination_id=row["combination_id"],
        file_names=tuple(row["file_names"]),
        image_ids=None if row["image_ids"] is None else tuple(row["image_ids"]),
        refused=row["refused"],
    )
