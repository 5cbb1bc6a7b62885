"""SQL of how endpoints answer: their breaker, and their end."""

from datetime import datetime
from uuid import UUID

import asyncpg

from webhook_relay.breaker import Health
from webhook_relay.delivery import Pending


async def lock_health(
    connection: asyncpg.Connection, pending: Pending, *, even_if_well: bool
) -> Health | None:
    """The health of the endpoint that a delivery was claimed for, locked until the transaction ends.

    None where it is that endpoint no more: it is not enabled, or was given a new URL or enabled anew since.
    Unless wanted `even_if_well`, one that is well is neither locked nor told: successes wait for nobody.
    """
    row = await connection.fetchrow(
        """
        select failures, failing_since, probe_at from endpoints
        where id = $1 and generation = $2 and state = 'enabled' and ($3 or failures > 0) for no key update
        """,
        pending.endpoint_id,
        pending.generation,
        even_if_well,
    )
    return None if row is None else Health(*row.values())


async def save_health(connection: asyncpg.Connection, endpoint_id: UUID, health: Health) -> None:
    """Store the health that `lock_health` has locked."""
    await connection.execute(
        "update endpoints set failures = $2, failing_since = $3, probe_at = $4 where id = $1",
        endpoint_id,
        health.failures,
        health.failing_since,
        health.probe_at,
    )


async def disable(
    connection: asyncpg.Connection, endpoint_id: UUID, reason: str, failing_since: datetime | None
) -> None:
    """Stop the attempts to an endpoint that `lock_health` has locked."""
    await connection.execute(
        """
        update endpoints set state = 'disabled', state_reason = $2, failing_since = $3, probe_at = null,
            changed_at = now()
        where id = $1
        """,
        endpoint_id,
        reason,
        failing_since,
    )


async def count_endpoints(pool: asyncpg.Pool) -> dict[tuple[str, str], int]:
    """Endpoints by tenant and state; an enabled one with an open breaker counts as `failing`."""
    rows = await pool.fetch(
        """
        select tenant, case when state = 'enabled' and probe_at is not null then 'failing' else state end
            as standing, count(*)
        from endpoints where state <> 'deleted' group by tenant, standing
        """
    )
    return {(row["tenant"], row["standing"]): row["count"] for row in rows}
