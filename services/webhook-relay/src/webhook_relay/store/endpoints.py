"""SQL of the endpoints."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import asyncpg

from webhook_relay.endpoints import Endpoint, EndpointState, Origin


class EndpointExists(Exception):
    """The tenant has an endpoint with this URL already."""


async def endpoints_of(connection: asyncpg.Connection, tenants: Sequence[str]) -> list[Endpoint]:
    """The endpoints of these tenants, oldest first; not the deleted ones."""
    rows = await connection.fetch(
        "select * from endpoints where tenant = any($1) and state <> 'deleted' order by created_at, id",
        list(tenants),
    )
    return [_endpoint(row) for row in rows]


_FIND = "select * from endpoints where id = $1 and tenant = $2 and state <> 'deleted'"
_FIND_LOCKED = f"{_FIND} for no key update"


async def endpoint_of(
    connection: asyncpg.Connection, tenant: str, endpoint_id: UUID, *, lock: bool = False
) -> Endpoint | None:
    """A tenant's endpoint, with `lock` held until the transaction ends; None for a deleted one."""
    row = await connection.fetchrow(_FIND_LOCKED if lock else _FIND, endpoint_id, tenant)
    return None if row is None else _endpoint(row)


_ADD = """
    insert into endpoints (id, tenant, url, events, shops, description, state, origin, secrets)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""


async def add_endpoint(connection: asyncpg.Connection, endpoint: Endpoint, sealed: str) -> Endpoint:
    """Store a new endpoint with its sealed secret. Raises `EndpointExists`."""
    row = await connection.fetchrow(
        f"{_ADD} on conflict (tenant, url, origin) where state <> 'deleted' do nothing returning *",
        *_columns(endpoint, sealed),
    )
    if row is None:
        raise EndpointExists
    return _endpoint(row)


async def lock_endpoints_of(connection: asyncpg.Connection, tenant: str) -> None:
    """One endpoint of a tenant is made at a time, so that they are counted right."""
    await connection.execute("select pg_advisory_xact_lock(hashtextextended('endpoints ' || $1, 0))", tenant)


async def count_made(connection: asyncpg.Connection, tenant: str) -> int:
    """How many endpoints a tenant has made; those of the settings are not its own."""
    counted: int = await connection.fetchval(
        "select count(*) from endpoints where tenant = $1 and origin = 'api' and state <> 'deleted'", tenant
    )
    return counted


async def change_endpoint(connection: asyncpg.Connection, endpoint: Endpoint) -> Endpoint:
    """Store an endpoint that was changed; with a new URL or state its health begins anew, and answers
    to attempts from before tell nothing about it.

    Raises `EndpointExists` for the URL of another one.
    """
    try:
        row = await connection.fetchrow(
            """
            update endpoints set url = $2, events = $3, shops = $4, description = $5, state = $6,
                state_reason = $7, changed_at = now(),
                failures = case when url = $2 and state = $6 then failures else 0 end,
                failing_since = case when url = $2 and state = $6 then failing_since end,
                probe_at = case when url = $2 and state = $6 then probe_at end,
                generation = case when url = $2 and state = $6 then generation else generation + 1 end
            where id = $1 returning *
            """,
            endpoint.id,
            endpoint.url,
            list(endpoint.events),
            _shops(endpoint),
            endpoint.description,
            endpoint.state.value,
            endpoint.state_reason,
        )
    except asyncpg.UniqueViolationError:
        raise EndpointExists from None
    return _endpoint(row)


async def delete_endpoint(connection: asyncpg.Connection, tenant: str, endpoint_id: UUID) -> bool:
    """Forget a tenant's own endpoint with its secrets, and cancel what was still to be delivered to it."""
    deleted = await connection.fetchval(
        """
        update endpoints set state = 'deleted', state_reason = 'deleted', secrets = '{}', secret_ends = '{}',
            changed_at = now()
        where id = $1 and tenant = $2 and origin = 'api' and state <> 'deleted' returning true
        """,
        endpoint_id,
        tenant,
    )
    if deleted:
        await _cancel_deliveries(connection, [endpoint_id])
    return bool(deleted)


async def keep_configured_endpoints(
    connection: asyncpg.Connection, endpoints: Sequence[tuple[Endpoint, str]]
) -> None:
    """Make the endpoints of the settings, with sealed secrets, those that are stored; enabled again."""
    await connection.executemany(
        f"""
        {_ADD}
        on conflict (id) do update set events = excluded.events, shops = excluded.shops,
            secrets = excluded.secrets, secret_ends = '{{}}', state = 'enabled', state_reason = '',
            failures = case when endpoints.state = 'enabled' then endpoints.failures else 0 end,
            failing_since = case when endpoints.state = 'enabled' then endpoints.failing_since end,
            probe_at = case when endpoints.state = 'enabled' then endpoints.probe_at end,
            generation = endpoints.generation + case when endpoints.state = 'enabled' then 0 else 1 end,
            changed_at = now()
        """,
        [_columns(endpoint, sealed) for endpoint, sealed in endpoints],
    )
    gone = await connection.fetch(
        """
        update endpoints set state = 'deleted', state_reason = 'no longer in the settings',
            secrets = '{}', secret_ends = '{}', changed_at = now()
        where origin = 'settings' and state <> 'deleted' and id <> all($1::uuid[]) returning id
        """,
        [endpoint.id for endpoint, _ in endpoints],
    )
    await _cancel_deliveries(connection, [row["id"] for row in gone])


async def _cancel_deliveries(connection: asyncpg.Connection, endpoint_ids: Sequence[UUID]) -> None:
    await connection.execute(
        "update deliveries set state = 'cancelled', finished_at = now() "
        "where endpoint_id = any($1::uuid[]) and state = 'pending'",
        endpoint_ids,
    )


def _shops(endpoint: Endpoint) -> list[str] | None:
    return None if endpoint.shops is None else list(endpoint.shops)


def _columns(endpoint: Endpoint, sealed: str) -> tuple[Any, ...]:
    return (
        endpoint.id,
        endpoint.tenant,
        endpoint.url,
        list(endpoint.events),
        _shops(endpoint),
        endpoint.description,
        endpoint.state.value,
        endpoint.origin.value,
        [sealed],
    )


def _endpoint(row: Any) -> Endpoint:  # Any: asyncpg's Record is untyped
    return Endpoint(
        id=row["id"],
        tenant=row["tenant"],
        url=row["url"],
        events=tuple(row["events"]),
        shops=None if row["shops"] is None else tuple(row["shops"]),
        description=row["description"],
        origin=Origin(row["origin"]),
        state=EndpointState(row["state"]),
        state_reason=row["state_reason"],
        failing_since=row["failing_since"],
        created_at=row["created_at"],
    )
