"""SQL of the deliveries and their attempts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import asyncpg

from webhook_relay.delivery import (
    Answer,
    Answered,
    Delivered,
    EndpointGone,
    Exhausted,
    Outcome,
    Pending,
    RetryAt,
)
from webhook_relay.notices import Notice
from webhook_relay.sealing import Sealer
from webhook_relay.store.secrets import open_secrets

ROWS_PER_STATEMENT = 2000  # so that what travels at once is bounded, however many endpoints there are

_ADD = """
    insert into deliveries
        (id, endpoint_id, webhook_id, event_type, tenant, shop, subject, body, traceparent, due_at)
    select id, endpoint_id, 'msg_' || replace(id::text, '-', ''), event_type, tenant, shop, subject, body,
        traceparent, $9
    from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::text[], $7::bytea[],
        $8::text[]) as told (id, endpoint_id, event_type, tenant, shop, subject, body, traceparent)
    on conflict do nothing
"""


@dataclass(frozen=True, slots=True)
class NewDelivery:
    """A delivery before its first attempt; its `webhook-id` follows from its id."""

    id: UUID
    endpoint_id: UUID
    notice: Notice
    traceparent: str | None


async def add_deliveries(
    connection: asyncpg.Connection, deliveries: Sequence[NewDelivery], due_at: datetime
) -> None:
    """Record what is to be delivered; one that is known already stays as it is."""
    for first in range(0, len(deliveries), ROWS_PER_STATEMENT):
        rows = deliveries[first : first + ROWS_PER_STATEMENT]
        await connection.execute(
            _ADD,
            [row.id for row in rows],
            [row.endpoint_id for row in rows],
            [row.notice.event_type for row in rows],
            [row.notice.tenant for row in rows],
            [row.notice.shop for row in rows],
            [row.notice.subject for row in rows],
            [row.notice.body for row in rows],
            [row.traceparent for row in rows],
            due_at,
        )


# One claimer per endpoint at a time, so that the count of what is in flight is right.
_LOCK_ENDPOINTS_WITH_WORK = """
    select id from endpoints e
    where state = 'enabled' and (probe_at is null or probe_at <= $1) and exists (
        select from deliveries d
        where d.endpoint_id = e.id and d.state = 'pending' and d.due_at <= $1 and d.lease_until <= now()
    )
    for no key update skip locked
"""

# The tenant with the fewest in flight comes first, and of it the endpoint with the fewest: slow ones leave
# room for the others. Where there are several tenants none has more than its share, because a place that is
# taken comes free only when its receiver answers, however many others wait by then. An endpoint whose last
# attempt failed gets one at a time, so that many that only time out do not fill all places. Leases are in the
# database's clock, which all workers share; the condition is repeated for rows that changed meanwhile.
_CLAIM = """
    with room as (
        select e.id, e.tenant, case when e.failures = 0 then $4 else 1 end - (
            select count(*) from deliveries d
            where d.endpoint_id = e.id and d.state = 'pending' and d.lease_until > now()
        ) as free
        from endpoints e where e.id = any($2::uuid[])
    ), due as (
        select d.id, d.due_at, room.tenant,
            row_number() over (partition by room.id order by d.due_at) - room.free as rank
        from room cross join lateral (
            select id, due_at from deliveries
            where endpoint_id = room.id and state = 'pending' and due_at <= $1 and lease_until <= now()
            order by due_at limit greatest(room.free, 0)
        ) as d
    ), placed as (
        select id, due_at, rank, coalesce(held.places, 0)
            + row_number() over (partition by tenant order by rank, due_at) as place
        from due left join unnest($6::text[], $7::integer[]) as held (tenant, places) using (tenant)
    ), chosen as (
        select id from placed
        where place <= $8 or (select min(tenant) = max(tenant) from endpoints where state = 'enabled')
        order by place, rank, due_at limit $3
    )
    update deliveries d
    set lease_until = now() + make_interval(secs => $5), epoch = d.epoch + 1
    from chosen, endpoints e
    where d.id = chosen.id and e.id = d.endpoint_id and d.state = 'pending' and d.lease_until <= now()
    returning d.id, d.epoch, d.endpoint_id, d.webhook_id, d.event_type, d.tenant, d.shop, d.body,
        d.attempts, d.traceparent, e.url, e.generation, e.secrets, e.secret_ends
"""


async def claim_due(
    connection: asyncpg.Connection,
    sealer: Sealer,
    now: datetime,
    *,
    limit: int,
    per_endpoint: int,
    per_tenant: int,
    held: Mapping[str, int],
    lease_seconds: float,
) -> list[Pending]:
    """Claim up to `limit` due deliveries, at most `per_endpoint` for each endpoint with those in flight.

    `held` are the places that each tenant has in this process; where there are several tenants, `per_tenant`
    is the most that one may have.
    """
    endpoints = await connection.fetch(_LOCK_ENDPOINTS_WITH_WORK, now)
    if not endpoints:
        return []
    ids = [row["id"] for row in endpoints]
    places = (list(held), list(held.values()), per_tenant)
    rows = await connection.fetch(_CLAIM, now, ids, limit, per_endpoint, lease_seconds, *places)
    return [
        Pending(
            id=row["id"],
            epoch=row["epoch"],
            endpoint_id=row["endpoint_id"],
            generation=row["generation"],
            webhook_id=row["webhook_id"],
            event_type=row["event_type"],
            tenant=row["tenant"],
            shop=row["shop"],
            body=row["body"],
            attempts_made=row["attempts"],
            traceparent=row["traceparent"],
            url=row["url"],
            secrets=open_secrets(sealer, row["endpoint_id"], row["secrets"], row["secret_ends"]).at(now),
        )
        for row in rows
    ]


_RECORD_ATTEMPT = """
    insert into attempts (delivery_id, tenant, epoch, at, seconds, status, cause, answer)
    values ($1, $2, $3, $4, $5, $6, $7, $8) on conflict do nothing
"""

# A worker that outlived its lease changes nothing any more — except that what was delivered, was, unless it
# was replayed since.
_RECORD_OUTCOME = """
    update deliveries
    set state = $3, attempts = attempts + 1, due_at = coalesce($4, due_at), lease_until = '-infinity',
        last_status = $5, last_cause = $6, finished_at = case when $3 <> 'pending' then $7::timestamptz end
    where id = $1 and state = 'pending' and (epoch = $2 or $3 = 'delivered' and $2 > replay_epoch)
    returning true
"""

_STATE_AFTER: dict[type[Outcome], str] = {
    Delivered: "delivered",
    RetryAt: "pending",
    Exhausted: "exhausted",
    EndpointGone: "gone",
}


async def record(
    connection: asyncpg.Connection, pending: Pending, answer: Answer, outcome: Outcome, now: datetime
) -> bool:
    """Record an attempt and what follows from it; False where the claim was no longer ours."""
    status = answer.status if isinstance(answer, Answered) else None
    cause = None if isinstance(answer, Answered) else answer.cause
    cut = answer.cut if isinstance(answer, Answered) else ""
    state = _STATE_AFTER[type(outcome)]
    due_at = outcome.at if isinstance(outcome, RetryAt) else None
    await connection.execute(
        _RECORD_ATTEMPT, pending.id, pending.tenant, pending.epoch, now, answer.seconds, status, cause, cut
    )
    ours = await connection.fetchval(
        _RECORD_OUTCOME, pending.id, pending.epoch, state, due_at, status, cause, now
    )
    return bool(ours)


async def forget_older_than(connection: asyncpg.Connection, age: timedelta, limit: int) -> int:
    """Delete up to `limit` deliveries that were finished, or while pending were due, longer ago; how many."""
    rows = await connection.fetch(
        """
        delete from deliveries where id in (
            select id from deliveries where coalesce(finished_at, due_at) < now() - $1::interval
            limit $2 for update skip locked
        ) returning id
        """,
        age,
        limit,
    )
    return len(rows)
