"""All SQL of prestashop-writer, many rows per statement. Functions named for what they keep or find."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
    ShopSnapshot,
)
from prestashop_writer.create_protocol import Post, Wait
from prestashop_writer.items import OpenItem
from prestashop_writer.merge import Stamped, newest_sequence
from prestashop_writer.names import KnownName
from prestashop_writer.plan import KeptProduct, Name, Product, State

Row = Any  # asyncpg's Record is untyped
Executor = asyncpg.Connection | asyncpg.Pool

_PRODUCTS = """
    select p.*, (select max(i.sequence) from open_items i
                 where i.shop = p.shop and i.reference = p.reference) as newest_item
    from products p
"""


# ── intake ──


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


async def references_of(
    connection: asyncpg.Connection, shop: str, presta_ids: Sequence[int]
) -> dict[int, str]:
    """References of products that were addressed by the shop's own id."""
    rows = await connection.fetch(
        "select presta_id, reference from products where shop = $1 and presta_id = any($2::bigint[])",
        shop,
        presta_ids,
    )
    return {row["presta_id"]: row["reference"] for row in rows}


async def load_products(
    connection: asyncpg.Connection, shop: str, references: Iterable[str]
) -> dict[str, KeptProduct]:
    """Products by reference, locked in one order so that two transactions cannot wait for each other."""
    rows = await connection.fetch(
        f"{_PRODUCTS} where shop = $1 and reference = any($2::text[]) order by reference for update",
        shop,
        sorted(set(references)),
    )
    return {row["reference"]: _kept(row) for row in rows}


async def save_desired(
    connection: asyncpg.Connection, shop: str, tenant: str, products: Sequence[Product]
) -> None:
    """Keep new desired states. The products are due, behind those that are; a wait that was decided stays."""
    await connection.execute(
        """
        insert into products (shop, tenant, reference, product_id, desired)
        select $1, $2, * from unnest($3::text[], $4::bigint[], $5::jsonb[])
        on conflict (shop, reference) do update
            set desired = excluded.desired, due = true,
                not_before = case when products.due then products.not_before
                                  else greatest(products.not_before, now()) end,
                product_id = coalesce(excluded.product_id, products.product_id)
        """,
        shop,
        tenant,
        [product.reference for product in products],
        [product.product_id for product in products],
        [{name: list(stamped) for name, stamped in product.desired.items()} for product in products],
    )


async def add_open_items(
    connection: asyncpg.Connection, items: Sequence[tuple[Chunk, str, ProductChange]]
) -> None:
    """Items that wait for their products: chunk, reference, change."""
    await connection.execute(
        """
        insert into open_items
            (chunk_id, position, shop, reference, sequence, intent, product_id, images, technical_data)
        select * from unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::bigint[], $6::text[],
                             $7::bigint[], $8::text[]::jsonb[], $9::int[])
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
    )


# ── the pass ──


async def due_products(connection: Executor, shop: str, limit: int) -> list[KeptProduct]:
    """Products that wait for work, those that wait longest first."""
    rows = await connection.fetch(
        f"{_PRODUCTS} where shop = $1 and due and not_before <= now() "
        "order by not_before, reference limit $2",
        shop,
        limit,
    )
    return [_kept(row) for row in rows]


async def record_posts(
    connection: asyncpg.Connection, shop: str, references: Sequence[str], post: Post
) -> None:
    """What is outstanding of the creates of these products: before they are sent, and by their answers."""
    await connection.execute(
        "update products set state = 'creating', posted_epoch = $3, waiting_since = $4 "
        "where shop = $1 and reference = any($2::text[])",
        shop,
        references,
        post.epoch,
        post.waiting_since,
    )


async def withdraw_posts(connection: asyncpg.Connection, shop: str, references: Sequence[str]) -> None:
    """The creates were surely not written: nothing is outstanding."""
    await connection.execute(
        "update products set state = 'new', posted_epoch = null, waiting_since = null "
        "where shop = $1 and reference = any($2::text[]) and state = 'creating'",
        shop,
        references,
    )


async def doubt(connection: asyncpg.Connection, shop: str, fields: Mapping[str, Iterable[str]]) -> None:
    """Fields by reference that are about to be sent: until the end is recorded, both values are possible."""
    pairs = [(reference, field) for reference, names in fields.items() for field in names]
    await connection.execute(
        """
        update products p
        set doubtful = (select array_agg(distinct field) from unnest(p.doubtful || d.fields) as field)
        from (
            select reference, array_agg(field) as fields
            from unnest($2::text[], $3::text[]) as sent(reference, field) group by reference
        ) as d
        where p.shop = $1 and p.reference = d.reference
        """,
        shop,
        [reference for reference, _ in pairs],
        [field for _, field in pairs],
    )


@dataclass(frozen=True)
class WrittenProduct:
    """What a request has brought about: the content that the shop holds now, and what is still in doubt."""

    reference: str
    presta_id: int
    stock_id: int | None
    written: Mapping[str, Any]
    created_sequence: int | None  # set when this write created the product
    changed_sequence: int
    doubtful: Iterable[str] = ()


def rewritten(
    product: Product, field: str, value: Any, changed_sequence: int, stock_id: int | None = None
) -> WrittenProduct:
    """A product of the shop of which one field that is kept beside its content is known anew."""
    if product.presta_id is None:
        raise ValueError(f"the shop does not have {product.reference}")
    return WrittenProduct(
        reference=product.reference,
        presta_id=product.presta_id,
        stock_id=stock_id or product.stock_id,
        written={**product.written, field: value},
        created_sequence=None,
        changed_sequence=changed_sequence,
        doubtful=product.doubtful - {field},
    )


async def record_written(
    connection: asyncpg.Connection, shop: str, products: Sequence[WrittenProduct]
) -> None:
    """Products that the shop has, and what it holds of them.

    An id belongs to one reference: a product that we knew by it has lost it. (Somebody gave the product
    another reference in the back office, or the shop was restored and counts its ids anew.)
    """
    if not products:
        return
    await connection.execute(
        """
        update products p
        set state = 'new', presta_id = null, stock_id = null, written = '{}', doubtful = '{}'
        from unnest($2::text[], $3::bigint[]) as w(reference, presta_id)
        where p.shop = $1 and p.presta_id = w.presta_id and p.reference <> w.reference
        """,
        shop,
        [product.reference for product in products],
        [product.presta_id for product in products],
    )
    await connection.execute(
        """
        update products p
        set state = 'live', posted_epoch = null, waiting_since = null, attempts = 0, last_error = null,
            presta_id = w.presta_id, stock_id = coalesce(w.stock_id, p.stock_id), written = w.written,
            doubtful = array(select jsonb_array_elements_text(w.doubtful)),
            created_sequence = coalesce(w.created_sequence, p.created_sequence),
            changed_sequence = greatest(w.changed_sequence, p.changed_sequence)
        from unnest($2::text[], $3::bigint[], $4::bigint[], $5::jsonb[], $6::bigint[], $7::bigint[],
                    $8::text[]::jsonb[])
            as w(reference, presta_id, stock_id, written, created_sequence, changed_sequence, doubtful)
        where p.shop = $1 and p.reference = w.reference
        """,
        shop,
        [product.reference for product in products],
        [product.presta_id for product in products],
        [product.stock_id for product in products],
        [dict(product.written) for product in products],
        [product.created_sequence for product in products],
        [product.changed_sequence for product in products],
        json_texts(sorted(product.doubtful) for product in products),
    )


async def record_failures(
    connection: asyncpg.Connection, shop: str, failures: Mapping[str, str], pause_seconds: float
) -> None:
    """The shop failed on these very products: try again after a pause that doubles with each attempt."""
    await connection.execute(
        """
        update products p
        set attempts = attempts + 1, last_error = f.error,
            not_before = now() + make_interval(secs => least($4 * power(2, attempts), 300))
        from unnest($2::text[], $3::text[]) as f(reference, error)
        where p.shop = $1 and p.reference = f.reference
        """,
        shop,
        list(failures),
        list(failures.values()),
        pause_seconds,
    )


async def set_back(
    connection: asyncpg.Connection, shop: str, references: Sequence[str], error: str, pause_seconds: float
) -> None:
    """A request with these products failed for the shop's sake or one of theirs: let others go first."""
    await connection.execute(
        """
        update products set last_error = $3, not_before = now() + make_interval(secs => $4)
        where shop = $1 and reference = any($2::text[])
        """,
        shop,
        references,
        error,
        pause_seconds,
    )


async def wait_for_posts(connection: asyncpg.Connection, shop: str, waits: Mapping[str, Wait]) -> None:
    """Products whose create may still be written: looked at again at a time."""
    await connection.execute(
        """
        update products p set posted_epoch = w.epoch, waiting_since = w.since, not_before = w.look_at
        from unnest($2::text[], $3::bigint[], $4::timestamptz[], $5::timestamptz[])
            as w(reference, epoch, since, look_at)
        where p.shop = $1 and p.reference = w.reference
        """,
        shop,
        list(waits),
        [wait.post.epoch for wait in waits.values()],
        [wait.post.waiting_since for wait in waits.values()],
        [wait.look_at for wait in waits.values()],
    )


async def wait_until(connection: asyncpg.Connection, shop: str, moments: Mapping[str, datetime]) -> None:
    """Products that cannot be decided before a moment."""
    await connection.execute(
        """
        update products p set not_before = w.moment
        from unnest($2::text[], $3::timestamptz[]) as w(reference, moment)
        where p.shop = $1 and p.reference = w.reference
        """,
        shop,
        list(moments),
        list(moments.values()),
    )


async def forget_shop_product(connection: asyncpg.Connection, shop: str, references: Sequence[str]) -> None:
    """The shop does not have these products any more: the next pass looks them up and creates them anew."""
    await connection.execute(
        "update products set state = 'new', presta_id = null, stock_id = null, "
        "written = '{}', doubtful = '{}' where shop = $1 and reference = any($2::text[])",
        shop,
        references,
    )


async def forget_stock_rows(connection: asyncpg.Connection, shop: str, references: Sequence[str]) -> None:
    """The stock rows of these products are not what they were: the next pass asks for them."""
    await connection.execute(
        "update products set stock_id = null where shop = $1 and reference = any($2::text[])",
        shop,
        references,
    )


async def restart_waits(connection: asyncpg.Connection, shop: str) -> None:
    """The shop has come back: it may still write what it had been sent before, so the wait begins anew."""
    await connection.execute(
        "update products set waiting_since = now() where shop = $1 and posted_epoch is not null", shop
    )
    await connection.execute(
        "update names set waiting_since = now() where shop = $1 and posted_epoch is not null", shop
    )


# ── settling ──


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
    settled: Sequence[tuple[OpenItem, ItemOutcome]],
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
    await add_outcomes(connection, [(item.chunk_id, _settled(item, outcome)) for item, outcome in settled])
    await connection.execute(
        """
        update products p set due = exists (
            select from open_items i where i.shop = p.shop and i.reference = p.reference)
        where shop = $1 and reference = any($2::text[])
        """,
        shop,
        references,
    )
    rows = await connection.fetch(
        """
        select chunk_id from chunks c
        where chunk_id = any($1::text[])
          and not exists (select from open_items i where i.chunk_id = c.chunk_id)
        order by arrived_at, chunk_id
        """,
        list({item.chunk_id for item, _ in settled}),
    )
    return [row["chunk_id"] for row in rows]


async def add_outcomes(
    connection: asyncpg.Connection, settled: Sequence[tuple[str, ItemOutcome | PictureWork]]
) -> None:
    """Add outcomes, or work for the image-processor, to chunks."""
    outcomes: dict[str, list[Any]] = {}
    pictures: dict[str, list[Any]] = {}
    for chunk_id, entry in settled:
        group = pictures if isinstance(entry, PictureWork) else outcomes
        group.setdefault(chunk_id, []).append(entry.model_dump(mode="json", exclude_unset=True))
    chunk_ids = sorted({chunk_id for chunk_id, _ in settled})
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


async def drop_changes(
    connection: asyncpg.Connection, shop: str, desired: Mapping[str, Mapping[str, Stamped]]
) -> None:
    """Keep desired states without what was refused; a product of which nothing is left goes."""
    await connection.execute(
        """
        update products p set desired = d.desired, attempts = 0, not_before = least(not_before, now())
        from unnest($2::text[], $3::jsonb[]) as d(reference, desired)
        where p.shop = $1 and p.reference = d.reference
        """,
        shop,
        list(desired),
        [{name: list(stamped) for name, stamped in state.items()} for state in desired.values()],
    )
    await connection.execute(
        """
        delete from products p
        where shop = $1 and reference = any($2::text[]) and desired = '{}' and state <> 'live'
          and not exists (select from open_items i where i.shop = p.shop and i.reference = p.reference)
        """,
        shop,
        list(desired),
    )


# ── names ──


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


# ── snapshots ──


async def save_snapshot(connection: asyncpg.Connection, snapshot: ShopSnapshot) -> None:
    """Keep the newest snapshot of a shop."""
    await connection.execute(
        """
        insert into snapshots (shop, taken_at, snapshot) values ($1, $2, $3)
        on conflict (shop) do update set taken_at = excluded.taken_at, snapshot = excluded.snapshot
        """,
        snapshot.shop,
        snapshot.taken_at,
        snapshot.model_dump(mode="json"),
    )


async def load_snapshot(connection: Executor, shop: str) -> ShopSnapshot | None:
    """The snapshot that was kept, if any."""
    body = await connection.fetchval("select snapshot from snapshots where shop = $1", shop)
    return None if body is None else ShopSnapshot.model_validate(body)


# ── rows ──


def _kept(row: Row) -> KeptProduct:
    state = State(row["state"])
    desired = {name: Stamped(*pair) for name, pair in row["desired"].items()}
    product = Product(
        reference=row["reference"],
        state=state,
        desired=desired,
        written=row["written"],
        product_id=row["product_id"],
        presta_id=row["presta_id"],
        stock_id=row["stock_id"],
        post=Post(row["posted_epoch"], row["waiting_since"]) if state is State.CREATING else None,
        doubtful=frozenset(row["doubtful"]),
        newest_change=max(newest_sequence(desired), row["newest_item"] or 0),
    )
    return KeptProduct(
        product, row["created_sequence"], row["changed_sequence"], row["attempts"], row["last_error"]
    )


def _open_item(row: Row) -> OpenItem:
    images = row["images"]
    return OpenItem(
        chunk_id=row["chunk_id"],
        position=row["position"],
        reference=row["reference"],
        sequence=row["sequence"],
        intent=Intent(row["intent"]),
        product_id=row["product_id"],
        images=None if images is None else tuple(ImageReference.model_validate(image) for image in images),
        technical_data=row["technical_data"],
    )


def _images(change: ProductChange) -> list[dict[str, Any]] | None:
    if "images" not in change.fields.model_fields_set:
        return None
    return [image.model_dump(mode="json") for image in change.fields.images or ()]


def _settled(item: OpenItem, outcome: ItemOutcome) -> ItemOutcome | PictureWork:
    """An item whose change speaks of pictures goes on to the image-processor, unless it was refused."""
    if item.images is None or outcome.reasons:
        return outcome
    return PictureWork(outcome=outcome, images=item.images)
