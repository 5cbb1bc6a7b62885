"""The SQL of what the stations tell about chunks: steps, outcomes, the read model of products."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from common.messages import ItemOutcome, ShopRequests
from gateway.plans import added, kept_plan
from gateway.store import Connection, parts_json


@dataclass(frozen=True)
class Step:
    """A station has finished a chunk."""

    submission_id: str
    partition: int
    name: str  # validated, written or completed
    at: datetime


ChunkKey = tuple[str, int]
"""By submission and partition."""


async def hold_chunks(connection: Connection, chunks: Iterable[ChunkKey]) -> None:
    """Lock chunks before they are changed, in one order: two replicas would else wait for each other."""
    held = list(chunks)
    await connection.execute(
        """
        select from chunks join unnest($1::text[], $2::int[]) as held(submission_id, partition)
            using (submission_id, partition)
        order by submission_id, partition for no key update of chunks
        """,
        [submission_id for submission_id, _ in held],
        [partition for _, partition in held],
    )


async def record_steps(connection: Connection, steps: Sequence[Step]) -> None:
    """The first time that a step is told counts. All steps are of one name."""
    if not steps:
        return
    column = {"validated": "validated_at", "written": "written_at", "completed": "completed_at"}[
        steps[0].name
    ]
    await connection.execute(
        f"""
        update chunks set {column} = coalesce({column}, told.at)
        from unnest($1::text[], $2::int[], $3::timestamptz[]) as told(submission_id, partition, at)
        where chunks.submission_id = told.submission_id and chunks.partition = told.partition
        """,  # noqa: S608 - a column of our own table, from the list above
        [step.submission_id for step in steps],
        [step.partition for step in steps],
        [step.at for step in steps],
    )


_SETTLE = """
with told as (
    select * from unnest(
        $1::text[], $2::int[], $3::text[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::int[],
        $9::bigint[], $10::timestamptz[], $11::text[], $12::boolean[], $13::text[]
    ) as t(submission_id, position, result, presta_id, reasons, warnings, images, technical_data,
           product_id, at, reference, verified, changes)
), settled as (
    update items set
        result = told.result, presta_id = told.presta_id, reasons = told.reasons::jsonb,
        warnings = told.warnings::jsonb,
        images_processed = told.images, technical_data_processed = told.technical_data,
        product_id = coalesce(items.product_id, told.product_id), settled_at = told.at,
        reference = coalesce(items.reference, told.reference), verified = told.verified,
        changes = told.changes::jsonb
    from told
    where items.submission_id = told.submission_id and items.position = told.position
        and items.result is null
    returning items.*
), counted as (
    select submission_id, partition,
        count(*) filter (where result = 'created') as created,
        count(*) filter (where result = 'updated') as updated,
        count(*) filter (where result = 'unchanged') as unchanged,
        count(*) filter (where result = 'deleted') as deleted,
        count(*) filter (where result = 'refused') as refused,
        sum(images_processed) as images
    from settled group by submission_id, partition
), chunk_totals as (
    update chunks set
        created = chunks.created + counted.created, updated = chunks.updated + counted.updated,
        unchanged = chunks.unchanged + counted.unchanged, deleted = chunks.deleted + counted.deleted,
        refused = chunks.refused + counted.refused,
        images_processed = chunks.images_processed + counted.images
    from counted
    where chunks.submission_id = counted.submission_id and chunks.partition = counted.partition
), newest as (
    select distinct on (product_id, shop) product_id, shop, tenant, presta_id, result, sequence
    from settled join submissions using (submission_id, tenant) join products using (product_id, tenant)
    where result <> 'refused' and not dry_run
    order by product_id, shop, sequence desc
)
insert into shop_products (product_id, shop, tenant, presta_id, last_result, sequence)
select product_id, shop, tenant, presta_id, result, sequence from newest
on conflict (product_id, shop) do update set
    presta_id = excluded.presta_id, last_result = excluded.last_result,
    sequence = excluded.sequence, updated_at = now()
where shop_products.sequence < excluded.sequence
"""


async def settle_items(connection: Connection, told: Sequence[tuple[str, ItemOutcome, datetime]]) -> None:
    """Record outcomes by submission; an item is settled once, whatever comes again or late.

    Counts the chunk's totals and keeps the read model of products at the newest change; a dry run has changed
    no product, and an id that is no product of the tenant's is none.
    """
    if not told:
        return
    outcomes = [outcome for _, outcome, _ in told]
    plans = [kept_plan(outcome) for outcome in outcomes]
    await connection.execute(
        _SETTLE,
        [submission_id for submission_id, _, _ in told],
        [o.position for o in outcomes],
        [o.result.value for o in outcomes],
        [o.presta_id for o in outcomes],
        [parts_json(o.reasons) for o in outcomes],
        [parts_json(plan.warnings) for plan in plans],
        [o.images_processed for o in outcomes],
        [o.technical_data_processed for o in outcomes],
        [o.product_id for o in outcomes],
        [at for _, _, at in told],
        [o.reference for o in outcomes],
        [o.verified for o in outcomes],
        [parts_json(plan.changes) for plan in plans],
    )


async def record_planned_requests(
    connection: Connection, planned: Mapping[ChunkKey, Sequence[ShopRequests]]
) -> None:
    """What the dry run of a chunk would send. The first time counts."""
    await connection.execute(
        """
        update chunks set planned_requests = told.planned::jsonb
        from unnest($1::text[], $2::int[], $3::text[]) as told(submission_id, partition, planned)
        where chunks.submission_id = told.submission_id and chunks.partition = told.partition
            and chunks.completed_at is null
        """,
        [submission_id for submission_id, _ in planned],
        [partition for _, partition in planned],
        [parts_json(added(requests)) for requests in planned.values()],
    )
