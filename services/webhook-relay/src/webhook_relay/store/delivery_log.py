"""SQL of what was delivered, as it is looked into and sent again."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import asyncpg


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    DELIVERED = "delivered"
    EXHAUSTED = "exhausted"
    GONE = "gone"
    CANCELLED = "cancelled"


UNDELIVERED = (DeliveryState.PENDING, DeliveryState.EXHAUSTED, DeliveryState.GONE, DeliveryState.CANCELLED)


@dataclass(frozen=True, slots=True)
class Filter:
    """Which deliveries of an endpoint; None stands for any. `event` may be a pattern, `product.*`; `until`
    itself is not among them.
    """

    states: tuple[DeliveryState, ...] = tuple(DeliveryState)
    event: str | None = None
    shop: str | None = None
    subject: str | None = None
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """A delivery's place in the list, newest first."""

    created_at: datetime
    id: UUID


_CHOSEN = """
    endpoint_id = $1 and state = any($2)
    and ($3::text is null or event_type = $3 or $3 like '%*' and starts_with(event_type, rtrim($3, '*')))
    and ($4::text is null or shop = $4) and ($5::text is null or subject = $5)
    and created_at >= coalesce($6, '-infinity'::timestamptz)
    and created_at < coalesce($7, 'infinity'::timestamptz)
"""

_SHOWN = """
    id, webhook_id, event_type, shop, subject, state, attempts, due_at, last_status, last_cause, created_at,
    finished_at
"""


async def list_deliveries(
    connection: asyncpg.Connection, endpoint_id: UUID, wanted: Filter, after: Place | None, limit: int
) -> list[Any]:
    """A page of an endpoint's deliveries, newest first, beginning `after` a place; rows without the body."""
    return list(
        await connection.fetch(
            f"""
            select {_SHOWN} from deliveries
            where {_CHOSEN} and ($8::timestamptz is null or (created_at, id) < ($8, $9::uuid))
            order by created_at desc, id desc limit $10
            """,  # noqa: S608 - of constants
            *_arguments(endpoint_id, wanted),
            after.created_at if after else None,
            after.id if after else None,
            limit,
        )
    )


async def find_delivery(connection: asyncpg.Connection, endpoint_id: UUID, delivery_id: UUID) -> Any:
    """One delivery's row with its body, or None."""
    return await connection.fetchrow(
        f"select {_SHOWN}, body from deliveries where id = $1 and endpoint_id = $2",  # noqa: S608 - of constants
        delivery_id,
        endpoint_id,
    )


async def attempts_of(connection: asyncpg.Connection, delivery_id: UUID) -> Sequence[Any]:
    """What was tried, oldest first."""
    rows = await connection.fetch(
        "select at, seconds, status, cause, answer from attempts where delivery_id = $1 order by epoch",
        delivery_id,
    )
    return list(rows)


# A finished one begins anew, with all its attempts, under the same webhook-id; a pending one is due now and
# keeps its count.
_REPLAY = """
    update deliveries
    set state = 'pending', due_at = $1, finished_at = null,
        attempts = case when state = 'pending' then attempts else 0 end,
        replay_epoch = case when state = 'pending' then replay_epoch else epoch end
"""


async def replay_one(
    connection: asyncpg.Connection, endpoint_id: UUID, delivery_id: UUID, now: datetime
) -> Any:
    """Make a delivery due now; its row, or None where the endpoint has no such delivery."""
    return await connection.fetchrow(
        f"{_REPLAY} where id = $2 and endpoint_id = $3 returning {_SHOWN}", now, delivery_id, endpoint_id
    )


async def replay_some(
    connection: asyncpg.Connection, ids: Sequence[UUID], states: Sequence[DeliveryState], now: datetime
) -> int:
    """Make those of these deliveries due now that are still in one of the states; how many they were."""
    replayed = await connection.fetch(
        f"{_REPLAY} where id = any($2::uuid[]) and state = any($3) returning id",
        now,
        list(ids),
        [state.value for state in states],
    )
    return len(replayed)


def _arguments(endpoint_id: UUID, wanted: Filter) -> tuple[Any, ...]:
    return (
        endpoint_id,
        [state.value for state in wanted.states],
        wanted.event,
        wanted.shop,
        wanted.subject,
        wanted.since,
        wanted.until,
    )
