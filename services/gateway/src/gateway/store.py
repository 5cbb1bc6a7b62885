"""The SQL of the gateway; `progress_store.py` has that of the facts that the stations tell."""

import json
from collections.abc import Iterable, Sequence
from typing import Any

import asyncpg

from common.messages import FieldChange, Intent, Reason, Result, ShopRequests
from common.messages.contract import Part
from gateway.changes import MAX_REFERENCE, Cut, KnownProducts
from gateway.drafts import Draft
from gateway.submissions import Accepted, ChunkState, ItemState, Kind, SubmissionState

Connection = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy | asyncpg.Pool


# ── products ──


async def start_product_ids_at(connection: Connection, first: int) -> None:
    """Let product ids start at `first`, as long as there is no product."""
    await connection.execute(
        "select setval('product_ids', $1, false) where not exists (select from products)", first
    )


async def resolve_products(
    connection: Connection, tenant: str, shop: str, drafts: Sequence[Draft], *, hand_out_ids: bool
) -> KnownProducts:
    """Look up what the drafts name; a reference that is new gets a product id where ids are handed out."""
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
    by_reference = await _products_by_reference(connection, tenant, references, hand_out_ids=hand_out_ids)
    in_shop = await _products_by_shop_id(connection, tenant, shop, drafts)
    return KnownProducts(
        references={row["product_id"]: row["reference"] for row in by_id},
        ids=by_reference | {row["reference"]: row["product_id"] for row in in_shop},
        shop_ids={row["reference"]: row["presta_id"] for row in in_shop},
    )


async def _products_by_shop_id(
    connection: Connection, tenant: str, shop: str, drafts: Sequence[Draft]
) -> list[asyncpg.Record]:
    """What the shop has of the drafts that name its own id: by that id, and by what else they name."""
    asked = [draft for draft in drafts if draft.presta_id is not None]
    if not asked:
        return []
    return await connection.fetch(
        """
        select reference, product_id, presta_id from shop_products join products using (product_id, tenant)
        where tenant = $1 and shop = $2 and presta_id is not null and last_result <> 'deleted'
            and product_id in (
                select product_id from shop_products where shop = $2 and presta_id = any($3::bigint[])
                union select unnest($4::bigint[])
                union select product_id from products where tenant = $1 and reference = any($5::text[])
            )
        order by sequence
        """,
        tenant,
        shop,
        [draft.presta_id for draft in asked],
        [draft.product_id for draft in asked if draft.product_id is not None],
        [draft.reference for draft in asked if draft.reference is not None],
    )


async def _products_by_reference(
    connection: Connection, tenant: str, references: Iterable[str], *, hand_out_ids: bool
) -> dict[str, int]:
    asked = list(references)
    select = "select reference, product_id from products where tenant = $1 and reference = any($2::text[])"
    found = {row["reference"]: row["product_id"] for row in await connection.fetch(select, tenant, asked)}
    missing = [reference for reference in asked if reference not in found]
    if missing and hand_out_ids:
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


async def known_media(connection: Connection, tenant: str, digests: Iterable[str]) -> set[str]:
    """Which of these sha-256 the tenant has sent."""
    rows = await connection.fetch(
        "select sha256 from media where tenant = $1 and sha256 = any($2::text[])",
        tenant,
        sorted(set(digests)),
    )
    return {row["sha256"] for row in rows}


async def record_media(connection: Connection, tenant: str, sha256: str, size: int) -> None:
    """The tenant has sent these bytes, and they are in blob storage."""
    await connection.execute(
        "insert into media (tenant, sha256, bytes) values ($1, $2, $3) on conflict do nothing",
        tenant,
        sha256,
        size,
    )


# ── submissions ──


async def record_submission(connection: Connection, submission: Accepted, made: Cut) -> None:
    """The submission, its chunks, its items; refused ones are settled at once."""
    submission_id, tenant, refused = submission.submission_id, submission.origin.tenant, submission.refused
    await connection.execute(
        """
        insert into submissions
            (submission_id, tenant, kind, shop, submitted_at, total_items, refused_at_the_door, trace_id,
             dry_run, retry_of)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        submission_id,
        tenant,
        submission.origin.kind.value,
        submission.origin.shop,
        submission.submitted_at,
        len(made.changes) + len(refused),
        len(refused),
        submission.origin.trace_id,
        submission.dry_run,
        submission.origin.retry_of,
    )
    await connection.execute(
        """
        insert into chunks (submission_id, tenant, partition, total_items)
        select $1, $2, partition - 1, total_items
        from unnest($3::int[]) with ordinality as made(total_items, partition)
        """,
        submission_id,
        tenant,
        [len(run) for run in made.chunks],
    )
    changes = [
        (partition, c)
        for partition, run in enumerate(made.chunks)
        for c in made.changes[run.start : run.stop]
    ]
    await connection.execute(  # COPY takes no table with row level security
        """
        insert into items
            (submission_id, tenant, partition, position, sequence, intent, reference, product_id)
        select $1, $2, * from unnest(
            $3::int[], $4::int[], $5::bigint[], $6::text[], $7::text[], $8::bigint[]
        )
        """,
        submission_id,
        tenant,
        [partition for partition, _ in changes],
        [c.position for _, c in changes],
        [c.sequence for _, c in changes],
        [c.intent.value for _, c in changes],
        [c.reference for _, c in changes],
        [c.product_id for _, c in changes],
    )
    if refused:
        await _record_refused(connection, submission)


async def _record_refused(connection: Connection, submission: Accepted) -> None:
    refused = submission.refused
    await connection.execute(
        """
        insert into items
            (submission_id, tenant, settled_at, result, position, intent, reference, product_id, reasons)
        select $1, $2, $3, 'refused', position, intent, reference, product_id, reasons::jsonb
        from unnest($4::int[], $5::text[], $6::text[], $7::bigint[], $8::text[])
            as refused(position, intent, reference, product_id, reasons)
        """,
        submission.submission_id,
        submission.origin.tenant,
        submission.submitted_at,
        [item.position for item in refused],
        [item.intent.value for item in refused],
        [item.reference for item in refused],
        [item.product_id for item in refused],
        [parts_json(item.reasons) for item in refused],
    )


async def load_submission(
    connection: Connection, tenant: str, submission_id: str, kinds: Sequence[Kind]
) -> SubmissionState | None:
    """A submission of the tenant's with its chunks; None for anybody else's."""
    found = await load_submissions(connection, tenant, [submission_id], kinds)
    return found.get(submission_id)


async def load_submissions(
    connection: Connection, tenant: str, submission_ids: Sequence[str], kinds: Sequence[Kind]
) -> dict[str, SubmissionState]:
    """Submissions of the tenant's with their chunks, by id."""
    rows = await connection.fetch(
        """
        select submission_id, kind, shop, submitted_at, total_items, refused_at_the_door, trace_id, dry_run,
               retry_of
        from submissions where tenant = $1 and submission_id = any($2::text[]) and kind = any($3::text[])
        """,
        tenant,
        submission_ids,
        [kind.value for kind in kinds],
    )
    chunks: dict[str, list[ChunkState]] = {row["submission_id"]: [] for row in rows}
    for chunk in await connection.fetch(
        """
        select submission_id, partition, total_items, validated_at, written_at, completed_at, created,
               updated, unchanged, deleted, refused, images_processed, planned_requests, cancelled_at
        from chunks where submission_id = any($1::text[]) order by partition
        """,
        list(chunks),
    ):
        chunks[chunk["submission_id"]].append(_chunk(chunk))
    return {
        row["submission_id"]: SubmissionState(
            **dict(row) | {"kind": Kind(row["kind"]), "chunks": tuple(chunks[row["submission_id"]])}
        )
        for row in rows
    }


_ITEM = """position, intent, reference, product_id, presta_id, result, reasons, warnings,
    images_processed, technical_data_processed, settled_at, verified, changes"""


async def load_items(
    connection: Connection, submission_id: str, *, offset: int = 0, limit: int = 1000
) -> list[ItemState]:
    """A run of the submission's items, by position."""
    rows = await connection.fetch(
        f"select {_ITEM} from items where submission_id = $1 order by position offset $2 limit $3",  # noqa: S608 - our own columns
        submission_id,
        offset,
        limit,
    )
    return [_item(row) for row in rows]


async def load_items_of_chunk(connection: Connection, submission_id: str, partition: int) -> list[ItemState]:
    """The items of one chunk, by position."""
    rows = await connection.fetch(
        f"select {_ITEM} from items where submission_id = $1 and partition = $2 order by position",  # noqa: S608 - our own columns
        submission_id,
        partition,
    )
    return [_item(row) for row in rows]


async def load_single_items(connection: Connection, submission_ids: Sequence[str]) -> dict[str, ItemState]:
    """The item of each of these submissions that has but one."""
    rows = await connection.fetch(
        f"""
        select submission_id, {_ITEM} from items join submissions using (submission_id)
        where submission_id = any($1::text[]) and total_items = 1
        """,  # noqa: S608 - our own columns
        submission_ids,
    )
    return {row["submission_id"]: _item(row) for row in rows}


async def count_open_items(connection: Connection, submission_id: str) -> int:
    """How many items are not settled."""
    count: int = await connection.fetchval(
        "select count(*) from items where submission_id = $1 and result is null", submission_id
    )
    return count


def parts_json(parts: Sequence[Part]) -> str:
    """Parts as a column's value in text: asyncpg takes a list of lists for an array of two dimensions."""
    return json.dumps([part.model_dump(mode="json") for part in parts])


def _chunk(row: asyncpg.Record) -> ChunkState:
    planned = tuple(ShopRequests.model_validate(entry) for entry in row["planned_requests"])
    values = {name: value for name, value in row.items() if name != "submission_id"}
    return ChunkState(**(values | {"planned_requests": planned}))


def _item(row: asyncpg.Record) -> ItemState:
    values: dict[str, Any] = {name: value for name, value in row.items() if name != "submission_id"}
    values["intent"] = Intent(row["intent"])
    values["result"] = Result(row["result"]) if row["result"] else None
    for name in ("reasons", "warnings"):
        values[name] = tuple(Reason.model_validate(reason) for reason in row[name])
    values["changes"] = tuple(FieldChange.model_validate(change) for change in row["changes"])
    return ItemState(**values)
