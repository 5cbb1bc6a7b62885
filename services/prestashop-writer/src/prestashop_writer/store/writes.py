"""What requests to a shop have brought about, and what is not known about them yet."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from common.create_protocol import Post, Wait
from common.database.json_texts import json_texts
from prestashop_writer.plan import Product


@dataclass(frozen=True)
class VariantPosts:
    """The outstanding create of a product's combinations, and their references."""

    post: Post
    references: Iterable[str]


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


async def record_variant_posts(
    connection: asyncpg.Connection, shop: str, posts: Mapping[str, VariantPosts]
) -> None:
    """What is outstanding of the creates of combinations: before they are sent, and by their answers."""
    await connection.execute(
        """
        update products p set variants_posted = array(select jsonb_array_elements_text(v.posted)),
            variants_epoch = v.epoch, variants_waiting_since = v.since
        from unnest($2::text[], $3::text[]::jsonb[], $4::bigint[], $5::timestamptz[])
            as v(reference, posted, epoch, since)
        where p.shop = $1 and p.reference = v.reference
        """,
        shop,
        list(posts),
        json_texts(sorted(entry.references) for entry in posts.values()),
        [entry.post.epoch for entry in posts.values()],
        [entry.post.waiting_since for entry in posts.values()],
    )


async def withdraw_variant_posts(
    connection: asyncpg.Connection, shop: str, references: Sequence[str]
) -> None:
    """Nothing is outstanding of the creates of these products' combinations."""
    await connection.execute(
        "update products "
        "set variants_posted = null, variants_epoch = null, variants_waiting_since = null "
        "where shop = $1 and reference = any($2::text[])",
        shop,
        references,
    )


async def doubt(connection: asyncpg.Connection, shop: str, fields: Mapping[str, Iterable[str]]) -> None:
    """Fields by reference that are about to be sent: until the end is recorded, both values are possible."""
    pairs = [(reference, field) for reference, names in fields.items() for field in names]
    await connection.execute(
        """
        update products p
        set doubtful = array(select distinct unnest(p.doubtful || d.fields)),
            repeated = array(select unnest(p.repeated) except select unnest(d.fields))
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
        set state = 'new', presta_id = null, stock_id = null, written = '{}', doubtful = '{}',
            variants_posted = null, variants_epoch = null, variants_waiting_since = null
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


async def mark_changed(connection: asyncpg.Connection, shop: str, changes: Mapping[str, int]) -> None:
    """Something that these products brought with them was written, up to a change: their brand's words."""
    await connection.execute(
        """
        update products p set changed_sequence = greatest(p.changed_sequence, c.sequence)
        from unnest($2::text[], $3::bigint[]) as c(reference, sequence)
        where p.shop = $1 and p.reference = c.reference
        """,
        shop,
        list(changes),
        list(changes.values()),
    )


async def record_deleted(
    connection: asyncpg.Connection, shop: str, deletions: Mapping[str, tuple[int, int | None]]
) -> None:
    """Products that the shop does not have any more: by which change, and by which of the shop's ids.

    What they were goes; that they were deleted stays, so that no older change brings them back.
    """
    await connection.execute(
        """
        update products p
        set state = 'new', presta_id = null, stock_id = null, written = '{}', doubtful = '{}',
            posted_epoch = null, waiting_since = null, attempts = 0, last_error = null,
            variants_posted = null, variants_epoch = null, variants_waiting_since = null,
            created_sequence = null, deleted_sequence = d.sequence, deleted_id = d.presta_id,
            desired = (select coalesce(jsonb_object_agg(field, stamped), '{}')
                       from jsonb_each(p.desired) as f(field, stamped)
                       where (stamped ->> 1)::bigint >= d.sequence)
        from unnest($2::text[], $3::bigint[], $4::bigint[]) as d(reference, sequence, presta_id)
        where p.shop = $1 and p.reference = d.reference and p.deleted_sequence < d.sequence
        """,
        shop,
        list(deletions),
        [sequence for sequence, _ in deletions.values()],
        [presta_id for _, presta_id in deletions.values()],
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


async def wait_for_variant_posts(
    connection: asyncpg.Connection, shop: str, waits: Mapping[str, Wait]
) -> None:
    """Products with combinations whose create may still be written: looked at again at a time."""
    await connection.execute(
        """
        update products p
        set variants_epoch = w.epoch, variants_waiting_since = w.since, not_before = w.look_at
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
        "written = '{}', doubtful = '{}', "
        "variants_posted = null, variants_epoch = null, variants_waiting_since = null "
        "where shop = $1 and reference = any($2::text[])",
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
    """The shop is or was away: what it had been sent before it may write later, so each wait begins anew.

    With the next look-up under a later lease, and not now: the shop may be away for long yet, and a create
    may be sent long after its intent.
    """
    await connection.execute(
        "update products set waiting_since = null where shop = $1 and posted_epoch is not null", shop
    )
    await connection.execute(
        "update products set variants_waiting_since = null where shop = $1 and variants_epoch is not null",
        shop,
    )
    await connection.execute(
        "update names set waiting_since = null where shop = $1 and posted_epoch is not null", shop
    )
    await connection.execute(
        """
        update products
        set doubtful = array(select distinct unnest(doubtful || unanswered)),
            unanswered = '{}', unanswered_until = null,
            not_before = case when due then not_before else now() end, due = true
        where shop = $1 and unanswered <> '{}'
        """,
        shop,
    )
