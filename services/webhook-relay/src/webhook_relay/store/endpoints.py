"""SQL of the endpoints."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from webhook_relay.endpoints import Endpoint, EndpointState, Origin
from webhook_relay.signing import parse_secret


class EndpointExists(Exception):
    """The tenant has an endpoint with this URL already."""


async def endpoints_of(connection: asyncpg.Connection, tenants: Sequence[str]) -> list[Endpoint]:
    """The endpoints of these tenants, oldest first; not the deleted ones."""
    rows = await connection.fetch(
        "select * from endpoints where tenant = any($1) and state <> 'deleted' order by created_at, id",
        list(tenants),
    )
    return [_endpoint(row) for row in rows]


async def add_endpoint(connection: asyncpg.Connection, endpoint: Endpoint) -> Endpoint:
    """Store a new endpoint. Raises `EndpointExists`."""
    row = await connection.fetchrow(
        """
        insert into endpoints (id, tenant, url, events, secrets, origin) values ($1, $2, $3, $4, $5, $6)
        on conflict (tenant, url, origin) where state <> 'deleted' do nothing
        returning *
        """,
        *_columns(endpoint),
    )
    if row is None:
        raise EndpointExists
    return _endpoint(row)


async def delete_endpoint(connection: asyncpg.Connection, tenant: str, endpoint_id: UUID) -> bool:
    """Forget a tenant's own endpoint with its secrets, and cancel what was still to be delivered to it."""
    deleted = await connection.fetchval(
        """
        update endpoints set state = 'deleted', state_reason = 'deleted', secrets = '{}', changed_at = now()
        where id = $1 and tenant = $2 and origin = 'api' and state <> 'deleted' returning true
        """,
        endpoint_id,
        tenant,
    )
    if deleted:
        await _cancel_deliveries(connection, [endpoint_id])
    return bool(deleted)


async def keep_configured_endpoints(connection: asyncpg.Connection, endpoints: Sequence[Endpoint]) -> None:
    """Make the endpoints of the settings those that are stored; a start enables them again."""
    await connection.executemany(
        """
        insert into endpoints (id, tenant, url, events, secrets, origin) values ($1, $2, $3, $4, $5, $6)
        on conflict (id) do update set events = excluded.events, secrets = excluded.secrets,
            state = 'enabled', state_reason = '', changed_at = now()
        """,
        [_columns(endpoint) for endpoint in endpoints],
    )
    gone = await connection.fetch(
        """
        update endpoints set state = 'deleted', state_reason = 'no longer in the settings',
            secrets = '{}', changed_at = now()
        where origin = 'settings' and state <> 'deleted' and id <> all($1::uuid[]) returning id
        """,
        [endpoint.id for endpoint in endpoints],
    )
    await _cancel_deliveries(connection, [row["id"] for row in gone])


async def _cancel_deliveries(connection: asyncpg.Connection, endpoint_ids: Sequence[UUID]) -> None:
    await connection.execute(
        "update deliveries set state = 'cancelled', finished_at = now() "
        "where endpoint_id = any($1::uuid[]) and state = 'pending'",
        endpoint_ids,
    )


def _columns(endpoint: Endpoint) -> tuple[Any, ...]:
    secrets = [secret.text() for secret in endpoint.secrets]
    return (
        endpoint.id,
        endpoint.tenant,
        endpoint.url,
        list(endpoint.events),
        secrets,
        endpoint.origin.value,
    )


def _endpoint(row: Any) -> Endpoint:  # Any: asyncpg's Record is untyped
    return Endpoint(
        id=row["id"],
        tenant=row["tenant"],
        url=row["url"],
        events=tuple(row["events"]),
        secrets=tuple(parse_secret(text) for text in row["secrets"]),
        origin=Origin(row["origin"]),
        state=EndpointState(row["state"]),
        state_reason=row["state_reason"],
        created_at=row["created_at"],
    )
