"""The SQL of the gateway; `progress_store.py` has that of the facts that the stations tell."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from common.messages import Intent, Reason, Result
from gateway.changes import MAX_REFERENCE, Cut, KnownProducts
from gateway.drafts import Draft
from gateway.submissions import Accepted, ChunkState, ItemState, Kind, SubmissionState

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy | asyncpg.Pool


# ── users ──


async def password_hash_of(connection: Connection, email: str) -> tuple[str, str] | None:
    """Tenant and password hash of a user."""
    row = await connection.fetchrow("select tenant, password_hash from users where email = $1", email)
    return (row["tenant"], row["password_hash"]) if row else None


async def save_user(connection: Connection, email: str, tenant: str, password_hash: str) -> None:
    """Add the user, or give it another tenant and password."""
    await connection.execute(
        """
        insert into users (email, tenant, password_hash) values ($1, $2, $3)
        on conflict (email) do update set tenant = excluded.tenant, password_hash = excluded.password_hash
        """,
        email,
        tenant,
        password_hash,
    )


# ── products ──


async def start_product_ids_at(connection: Connection, first: int) -> None:
    """Let product ids start at `first`, as long as there is no product."""
    await connection.execute(
        "select setval('product_ids', $1, false) where not exists (select from products)", first
    )


async def resolve_products(connection: Connection, tenant: str, drafts: Sequence[Draft]) -> KnownProducts:
    """Look up what the drafts name; a reference that is new gets a product id."""
    ids = {draft.product_id for draft in drafts if draft.product_id is not None}
    by_id = await connection.fetch(
        "select product_id, reference from products where tenant = $1 and product_id = any($2::bigint[])",
        tenant,
        sorted(ids),
    )
    references = dict.fromkeys(
        draft.reference
        for draft in drafts
        if draft.product_id is None and draft.reference and len(draft.reference) <= MAX_REFERENCE
    )
    by_reference = await _products_by_reference(connection, tenant, references)
    return KnownProducts(
        references={row["product_id"]: row["reference"] for row in by_id},
        ids=by_reference,
    )


async def _products_by_reference(
    connection: Connection, tenant: str, references: Iterable[str]
) -> dict[str, int]:
    asked = list(references)
    select = "select reference, product_id from products where tenant = $1 and reference = any($2::text[])"
    found = {row["reference"]: row["product_id"] for row in await connection.fetch(select, tenant, asked)}
    missing = [reference for reference in asked if reference not in found]
    if missing:
        # Ids rise in the order of the items. The rows are made in one order for all transactions, so that
        # none waits for another in a ring.
        await connection.execute(
            """
            insert into products (product_id, tenant, reference)
            select product_id, $1, reference from (
                select nextval('product_ids') as product_id, reference
                from unnest($2::text[]) with ordinality as asked (reference, position) order by position
            ) as numbered
            order by reference
            on conflict do nothing
            """,
            tenant,
            missing,
        )
        rows = await connection.fetch(select, tenant, missing)  # also those that another one has just made
        found |= {row["reference"]: row["product_id"] for row in rows}
    return found


async def next_sequences(connection: Connection, count: int) -> list[int]:
    """`count` rising numbers, greater than all that were given before."""
    rows = await connection.fetch(
        "select nextval('change_sequence') as number from generate_series(1, $1)", count
    )
    return sorted(row["number"] for row in rows)


# ── media ──


async def known_media(connection: Connection, digests: Iterable[str]) -> set[str]:
    """Which of these sha-256 are stored."""
    rows = await connection.fetch(
        "select sha256 from media where sha256 = any($1::text[])", sorted(set(digests))
    )
    return {row["sha256"] for row in rows}


async def record_media(connection: Connection, sha256: str, size: int) -> None:
    """These bytes are in blob storage now."""
    await connection.execute(
        "insert into media (sha256, bytes) values ($1, $2) on conflict do nothing", sha256, size
    )


# ── submissions ──


async def record_submission(connection: Connection, submission: Accepted, made: Cut) -> None:
    """The submission, its chunks, its items; refused ones are settled at once."""
    submission_id, refused = submission.submission_id, submission.refused
    await connection.execute(
        """
        insert into submissions
            (submission_id, tenant, kind, shop, submitted_at, total_items, refused_at_the_door, trace_id)
        values ($1, $2, $3, $4, $5, $6, $7, $8)
        """,
        submission_id,
        submission.origin.tenant,
        submission.origin.kind.value,
        submission.origin.shop,
        submission.submitted_at,
        len(made.changes) + len(refused),
        len(refused),
        submission.origin.trace_id,
    )
    await connection.copy_records_to_table(
        "chunks",
        columns=["submission_id", "partition", "total_items"],
        records=[(submission_id, partition, len(run)) for partition, run in enumerate(made.chunks)],
    )
    await connection.copy_records_to_table(
        "items",
        columns=["submission_id", "position", "partition", "sequence", "intent", "reference", "product_id"],
        records=[
            (submission_id, c.position, partition, c.sequence, c.intent.value, c.reference, c.product_id)
            for partition, run in enumerate(made.chunks)
            for c in made.changes[run.start : run.stop]
        ],
    )
    await connection.execute(
        """
        insert into items
            (submission_id, settled_at, result, position, intent, reference, product_id, reasons)
        select $1, $2, 'refused', position, intent, reference, product_id, reasons::jsonb
        from unnest($3::int[], $4::text[], $5::text[], $6::bigint[], $7::text[])
            as refused(position, intent, reference, product_id, reasons)
        """,
        submission_id,
        submission.submitted_at,
        [item.position for item in refused],
        [item.intent.value for item in refused],
        [item.reference for item in refused],
        [item.product_id for item in refused],
        [reasons_json(item.reasons) for item in refused],
    )


async def load_submission(
    connection: Connection, tenant: str, submission_id: str, kinds: Sequence[Kind]
) -> SubmissionState | None:
    """A submission of the tenant's with its chunks; None for anybody else's."""
    row = await connection.fetchrow(
        """
        select submission_id, kind, shop, submitted_at, total_items, refused_at_the_door, trace_id
        from submissions where tenant = $1 and submission_id = $2 and kind = any($3::text[])
        """,
        tenant,
        submission_id,
        [kind.value for kind in kinds],
    )
    if row is None:
        return None
    chunks = await connection.fetch(
        """
        select partition, total_items, validated_at, written_at, completed_at,
               created, updated, unchanged, deleted, refused, images_processed
        from chunks where submission_id = $1 order by partition
        """,
        submission_id,
    )
    values = dict(row) | {"kind": Kind(row["kind"])}
    return SubmissionState(**values, chunks=tuple(ChunkState(**dict(chunk)) for chunk in chunks))


async def load_items(
    connection: Connection, submission_id: str, *, offset: int = 0, limit: int = 1000
) -> list[ItemState]:
    """A run of the submission's items, by position."""
    rows = await connection.fetch(
        """
        select position, intent, reference, product_id, presta_id, result, reasons, warnings,
               images_processed, technical_data_processed, settled_at
        from items where submission_id = $1 order by position offset $2 limit $3
        """,
        submission_id,
        offset,
        limit,
    )
    return [_item(row) for row in rows]


async def count_open_items(connection: Connection, submission_id: str) -> int:
    """How many items are not settled."""
    count: int = await connection.fetchval(
        "select count(*) from items where submission_id = $1 and result is null", submission_id
    )
    return count


def reasons_json(reasons: Sequence[Reason]) -> str:
    """Reasons as a column's value in text: asyncpg takes a list of lists for an array of two dimensions."""
    return json.dumps([reason.model_dump() for reason in reasons])


def _item(row: asyncpg.Record) -> ItemState:
    values: dict[str, Any] = dict(row)
    values["intent"] = Intent(row["intent"])
    values["result"] = Result(row["result"]) if row["result"] else None
    for name in ("reasons", "warnings"):
        values[name] = tuple(Reason.model_validate(reason) for reason in row[name])
    return ItemState(**values)
