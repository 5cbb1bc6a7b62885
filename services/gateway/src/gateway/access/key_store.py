"""The SQL of API keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import asyncpg

from gateway.access.scopes import Role, Scope
from gateway.store import Connection

LAST_USED_EVERY = timedelta(minutes=1)
MAX_LISTED = 1000

_COLUMNS = (
    "api_key_id, key_start, name, scopes, test, created_by, created_at, expires_at, last_used_at, revoked_at"
)


@dataclass(frozen=True)
class ApiKey:
    """A key without its text."""

    api_key_id: str
    key_start: str
    name: str
    scopes: tuple[Scope, ...]
    test: bool
    created_by: str
    created_at: datetime
    expires_at: datetime | None
    last_used_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True)
class KeyInUse:
    """What a request with a key is worth now: whose it is, what its creator's role allows."""

    api_key_id: str
    created_by: str
    tenant: str
    test: bool
    scopes: tuple[Scope, ...]
    role: Role
    expires_at: datetime | None


async def add_api_key(connection: Connection, tenant: str, key: ApiKey, key_digest: bytes) -> bool:
    """A key that was just made; False where its creator is no longer there."""
    added = await connection.fetchval(
        """
        insert into api_keys (api_key_id, tenant, key_digest, key_start, name, scopes, test, created_by,
            created_at, expires_at)
        select $1, $2, $3, $4, $5, $6, $7, user_id, $9, $10 from users
        where user_id = $8 and tenant = $2 for share
        returning true
        """,
        key.api_key_id,
        tenant,
        key_digest,
        key.key_start,
        key.name,
        [scope.value for scope in key.scopes],
        key.test,
        key.created_by,
        key.created_at,
        key.expires_at,
    )
    return added is not None


async def api_keys_of_tenant(connection: Connection, tenant: str) -> list[ApiKey]:
    """The newest first, revoked ones too."""
    rows = await connection.fetch(
        f"select {_COLUMNS} from api_keys where tenant = $1 order by created_at desc, api_key_id limit $2",  # noqa: S608 - a constant
        tenant,
        MAX_LISTED,
    )
    return [_key(row) for row in rows]


async def count_api_keys(connection: Connection, tenant: str) -> int:
    """How many keys of the tenant are not revoked."""
    count: int = await connection.fetchval(
        "select count(*) from api_keys where tenant = $1 and revoked_at is null", tenant
    )
    return count


async def revoke_api_key(connection: Connection, tenant: str, api_key_id: str) -> bool:
    """False where the tenant has no such key; one that is revoked stays so."""
    revoked = await connection.fetchval(
        """
        update api_keys set revoked_at = coalesce(revoked_at, now())
        where tenant = $1 and api_key_id = $2 returning true
        """,
        tenant,
        api_key_id,
    )
    return revoked is not None


async def api_key_in_use(connection: Connection, key_digests: Sequence[bytes]) -> KeyInUse | None:
    """The key behind a digest, unless it is revoked or has run out.

    That it is used is noted once a minute; its digest is brought under the present secret on this occasion.
    """
    row = await connection.fetchrow(
        """
        select api_key_id, created_by, api_keys.tenant, test, scopes, role, expires_at,
               last_used_at is null or last_used_at < now() - $2::interval as note_use
        from api_keys join users on users.user_id = created_by and users.tenant = api_keys.tenant
        where key_digest = any($1::bytea[]) and revoked_at is null
            and (expires_at is null or expires_at > now())
        """,
        list(key_digests),
        LAST_USED_EVERY,
    )
    if row is None:
        return None
    if row["note_use"]:
        await connection.execute(
            "update api_keys set last_used_at = now(), key_digest = $2 where api_key_id = $1",
            row["api_key_id"],
            key_digests[0],
        )
    values: dict[str, Any] = {name: row[name] for name in KeyInUse.__dataclass_fields__}
    return KeyInUse(**values | {"role": Role(row["role"]), "scopes": tuple(map(Scope, row["scopes"]))})


def _key(row: asyncpg.Record) -> ApiKey:
    return ApiKey(**dict(row) | {"scopes": tuple(map(Scope, row["scopes"]))})
