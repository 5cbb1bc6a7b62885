"""SQL of how endpoints answer: their breaker, and their end."""

from datetime import datetime
from uuid import UUID

import asyncpg

from webhook_relay.breaker import WELL, Health


async def load_health(connection: asyncpg.Connection, endpoint_id: UUID) -> Health | None:
    """The health of an endpoint that is enabled, locked until the transaction ends."""
    row = await connection.fetchrow(
        """
        select failures, failing_since, probe_at from endpoints
        where id = $1 and state = 'enabled' for no key update
        """,
        endpoint_id,
    )
    return None if row is None else Health(*row.values())


async def save_health(connection: asyncpg.Connection, endpoint_id: UUID, health: Health) -> None:
    """Store the health that `load_health` has locked."""
    await connection.execute(
        "update endpoints set failures = $2, failing_since = $3, probe_at = $4 where id = $1",
        endpoint_id,
        health.failures,
        health.failing_since,
        health.probe_at,
    )


async def note_success(connection: asyncpg.Connection, endpoint_id: UUID) -> bool:
    """The endpoint is well; whether it had failed before. One that was well is neither locked nor written."""
    recovered = await connection.fetchval(
        """
        update endpoints set failures = $2, failing_since = $3, probe_at = $4
        where id = $1 and state = 'enabled' and failures > 0 returning true
        """,
        endpoint_id,
        WELL.failures,
        WELL.failing_since,
        WELL.probe_at,
    )
    return bool(recovered)


async def disable(
    connection: asyncpg.Connection, endpoint_id: UUID, reason: str, failing_since: datetime | None
) -> bool:
    """Stop the attempts to an endpoint; whether it was enabled until now."""
    disabled = await connection.fetchval(
        """
        update endpoints set state = 'disabled', state_reason = $2, failing_since = $3, probe_at = null,
            changed_at = now()
        where id = $1 and state = 'enabled' returning true
        """,
        endpoint_id,
        reason,
        failing_since,
    )
    return bool(disabled)
