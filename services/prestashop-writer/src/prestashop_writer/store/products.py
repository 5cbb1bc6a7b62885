"""Products as they are desired, and which of them are due."""

from collections.abc import Collection, Iterable, Mapping, Sequence

import asyncpg

from common.create_protocol import Post
from prestashop_writer.merge import Stamped, newest_sequence
from prestashop_writer.plan import KeptProduct, Product, State
from prestashop_writer.store.rows import Executor, Row

_PRODUCTS = """
    select p.*, (select max(i.sequence) from open_items i
                 where i.shop = p.shop and i.reference = p.reference) as newest_item
    from products p
"""


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


async def due_products(
    connection: Executor, shop: str, limit: int, under_way: Collection[str]
) -> list[KeptProduct]:
    """Products that wait for work and are not `under_way`, those that wait longest first."""
    rows = await connection.fetch(
        f"{_PRODUCTS} where shop = $1 and due and not_before <= now() and reference <> all($3::text[]) "
        "order by not_before, reference limit $2",
        shop,
        limit,
        list(under_way),
    )
    return [_kept(row) for row in rows]


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
        variants_post=_variants_post(row),
        variants_posted=frozenset(row["variants_posted"] or ()),
        doubtful=frozenset(row["doubtful"]),
        newest_change=max(newest_sequence(desired), row["newest_item"] or 0),
        deleted=row["deleted_sequence"],
    )
    return KeptProduct(
        product,
        row["created_sequence"],
        row["changed_sequence"],
        row["attempts"],
        row["last_error"],
        row["deleted_id"],
    )


def _variants_post(row: Row) -> Post | None:
    if row["variants_posted"] is None:
        return None
    return Post(row["variants_epoch"], row["variants_waiting_since"])
