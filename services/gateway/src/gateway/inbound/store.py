"""The SQL of inbound webhooks: each delivery once, every attempt on record."""

from dataclasses import dataclass, field
from typing import Any

import asyncpg

from gateway.store import Connection

KEPT_HOURS = 72
"""Deliveries are known for so long: longer than a sender repeats one, and than a signature is fresh."""

KEPT_DAYS = 30
KEPT_UNVOUCHED = 100_000
"""Attempts that no secret vouches for anybody can make: of these only the newest are kept."""

_CUT = 255
_FORGET_BATCH = 1000


@dataclass(frozen=True)
class Delivery:
    """What tells one delivery from another."""

    tenant: str
    source: str
    delivery_id: str
    body_digest: bytes = field(repr=False)
    signed_digest: bytes = field(repr=False)


@dataclass
class Attempt:
    """One request at the door, filled as far as it comes. `source` is None where no secret vouches for it."""

    address: str
    delivery_id: str | None = None
    event: str | None = None
    bytes: int | None = None
    source: str | None = None
    tenant: str | None = None  # whose source it is


@dataclass(frozen=True)
class KnownDelivery:
    """A delivery that was taken in before, and what it was answered."""

    delivery_id: str
    body_digest: bytes
    submission_id: str
    answer: Any


async def claim(connection: asyncpg.Connection, submission_id: str, *, delivery: Delivery) -> bool:
    """Take the delivery for a submission; False where it was taken in before, also under another id.

    The caller rolls back then.
    """
    claimed: bool | None = await connection.fetchval(
        """
        insert into inbound_deliveries (tenant, source, delivery_id, body_digest, submission_id)
        values ($1, $2, $3, $4, $5) on conflict do nothing returning true
        """,
        delivery.tenant,
        delivery.source,
        delivery.delivery_id,
        delivery.body_digest,
        submission_id,
    )
    return claimed is True and await add_signature(connection, delivery, delivery.delivery_id)


async def add_signature(connection: Connection, delivery: Delivery, delivery_id: str) -> bool:
    """Know what was signed as an attempt at this delivery; False where it was known."""
    added: bool | None = await connection.fetchval(
        """
        insert into inbound_signatures (tenant, source, signed_digest, delivery_id)
        values ($1, $2, $3, $4) on conflict do nothing returning true
        """,
        delivery.tenant,
        delivery.source,
        delivery.signed_digest,
        delivery_id,
    )
    return added is True


async def find(connection: Connection, delivery: Delivery) -> KnownDelivery | None:
    """The same delivery as it was taken in before: by its id, else by what was signed."""
    row = await connection.fetchrow(
        """
        select delivery_id, body_digest, submission_id, answer from inbound_deliveries
        where tenant = $1 and source = $2 and delivery_id in (
            select $3 union all
            select delivery_id from inbound_signatures
            where tenant = $1 and source = $2 and signed_digest = $4
        )
        order by delivery_id = $3 desc limit 1
        """,
        delivery.tenant,
        delivery.source,
        delivery.delivery_id,
        delivery.signed_digest,
    )
    return None if row is None else KnownDelivery(*row.values())


async def save_answer(connection: Connection, delivery: Delivery, answer: Any) -> None:
    """What the delivery is answered, now and whenever it comes again."""
    await connection.execute(
        "update inbound_deliveries set answer = $4 where tenant = $1 and source = $2 and delivery_id = $3",
        delivery.tenant,
        delivery.source,
        delivery.delivery_id,
        answer,
    )


async def record_attempt(
    connection: Connection,
    attempt: Attempt,
    *,
    outcome: str,
    status: int,
    reason: str | None = None,
    submission_id: str | None = None,
) -> None:
    """Keep what came and what it was answered. `outcome` is queued, replayed or refused."""
    await connection.execute(
        """
        insert into inbound_attempts
            (address, source, delivery_id, event, bytes, outcome, status, reason, submission_id, tenant)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        attempt.address[:_CUT],
        attempt.source,
        _cut(attempt.delivery_id),
        _cut(attempt.event),
        attempt.bytes,
        outcome,
        status,
        reason,
        submission_id,
        attempt.tenant,
    )


def _cut(text: str | None) -> str | None:
    """As much of what a stranger sent as a row takes: printable ASCII."""
    return None if text is None else ascii(text[:_CUT])[1:-1][:_CUT]


async def forget(connection: Connection) -> bool:
    """Remove a batch of what is kept long enough; False where none is left."""
    done = [
        await connection.execute(
            """
            delete from inbound_deliveries where ctid in (
                select ctid from inbound_deliveries
                where received_at < now() - make_interval(hours => $1) limit $2
            )
            """,
            KEPT_HOURS,
            _FORGET_BATCH,
        ),
        await connection.execute(
            """
            delete from inbound_attempts where attempt_id in (
                select attempt_id from inbound_attempts
                where at < now() - make_interval(days => $1) limit $2
            )
            """,
            KEPT_DAYS,
            _FORGET_BATCH,
        ),
        await connection.execute(
            """
            delete from inbound_attempts where attempt_id in (
                select attempt_id from inbound_attempts where source is null
                order by attempt_id desc offset $1 limit $2
            )
            """,
            KEPT_UNVOUCHED,
            _FORGET_BATCH,
        ),
    ]
    return f"DELETE {_FORGET_BATCH}" in done
