"""The SQL of users."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import asyncpg

from gateway.access.scopes import Role
from gateway.store import Connection

MAX_LISTED = 1000

USER_COLUMNS = """
    users.user_id, users.email, users.tenant, users.role, users.token_version, users.created_at
"""


@dataclass(frozen=True)
class User:
    """Somebody who can log in."""

    user_id: str
    email: str
    tenant: str
    role: Role
    token_version: int
    created_at: datetime


async def user_by_email(connection: Connection, email: str) -> tuple[User, str] | None:
    """The user and the hash of its password."""
    row = await connection.fetchrow(
        f"select {USER_COLUMNS}, password_hash from users where email = $1",  # noqa: S608 - a constant
        email,
    )
    return (user_of(row), row["password_hash"]) if row else None


async def user_by_id(connection: Connection, tenant: str, user_id: str) -> User | None:
    """A user of the tenant's; None for anybody else's."""
    row = await connection.fetchrow(
        f"select {USER_COLUMNS} from users where tenant = $1 and user_id = $2",  # noqa: S608 - a constant
        tenant,
        user_id,
    )
    return user_of(row) if row else None


async def tenant_of_user(connection: Connection, user_id: str) -> str | None:
    """For the operator, who looks after the users of all tenants; None where there is no such user."""
    tenant: str | None = await connection.fetchval("select tenant from users where user_id = $1", user_id)
    return tenant


async def all_users(connection: Connection) -> list[User]:
    """For the operator: by tenant and e-mail address."""
    rows = await connection.fetch(
        f"select {USER_COLUMNS} from users order by tenant, email limit $1",  # noqa: S608 - a constant
        MAX_LISTED,
    )
    return [user_of(row) for row in rows]


async def users_of_tenant(connection: Connection, tenant: str) -> list[User]:
    """By e-mail address."""
    rows = await connection.fetch(
        f"select {USER_COLUMNS} from users where tenant = $1 order by email limit $2",  # noqa: S608 - a constant
        tenant,
        MAX_LISTED,
    )
    return [user_of(row) for row in rows]


async def lock_user(connection: Connection, tenant: str, user_id: str) -> User | None:
    """The user, and nobody else changes who is admin of the tenant until the transaction ends."""
    rows = await connection.fetch(
        f"select {USER_COLUMNS} from users where tenant = $1 and (user_id = $2 or role = 'admin')"  # noqa: S608 - a constant
        " order by user_id for update",
        tenant,
        user_id,
    )
    return next((user_of(row) for row in rows if row["user_id"] == user_id), None)


async def count_admins(connection: Connection, tenant: str) -> int:
    """How many admins the tenant has."""
    count: int = await connection.fetchval(
        "select count(*) from users where tenant = $1 and role = 'admin'", tenant
    )
    return count


async def add_user(
    connection: Connection, email: str, tenant: str, role: Role, password_hash: str
) -> User | None:
    """None where there is a user of this address already, in whichever tenant."""
    row = await connection.fetchrow(
        "insert into users (email, tenant, role, password_hash) values ($1, $2, $3, $4)"  # noqa: S608 - a constant
        f" on conflict (email) do nothing returning {USER_COLUMNS}",
        email,
        tenant,
        role.value,
        password_hash,
    )
    return user_of(row) if row else None


async def set_role(connection: Connection, user_id: str, role: Role) -> None:
    """Counts for its tokens and keys from the next look at them."""
    await connection.execute("update users set role = $2 where user_id = $1", user_id, role.value)


async def set_password(connection: Connection, user_id: str, password_hash: str) -> None:
    """End what was logged in with the old one."""
    await connection.execute(
        "update users set password_hash = $2, token_version = token_version + 1 where user_id = $1",
        user_id,
        password_hash,
    )
    await connection.execute(
        "update sessions set revoked_at = now() where user_id = $1 and revoked_at is null", user_id
    )


async def remove_user(connection: Connection, user_id: str) -> None:
    """With its sessions and the keys that it made."""
    await connection.execute("delete from users where user_id = $1", user_id)


async def lock_bootstrapping(connection: Connection) -> None:
    """One replica at a time, until the transaction ends."""
    await connection.execute("select pg_advisory_xact_lock(hashtext('skuwire.bootstrap'), 0)")


async def bootstrapped(connection: Connection, email: str) -> tuple[str, str] | None:
    """Tenant and password hash that the settings last gave the first user of this address."""
    row = await connection.fetchrow("select tenant, password_hash from bootstrapped where email = $1", email)
    return (row["tenant"], row["password_hash"]) if row else None


async def bootstrap_user(connection: Connection, email: str, tenant: str, password_hash: str) -> bool:
    """Make the user, or make it an admin of the tenant with this password.

    False, and nothing is changed, where the address is a user's of another tenant: nobody is moved.
    """
    user_id = await connection.fetchval(
        """
        insert into users (email, tenant, password_hash, role) values ($1, $2, $3, 'admin')
        on conflict (email) do update set role = 'admin' where users.tenant = excluded.tenant
        returning user_id
        """,
        email,
        tenant,
        password_hash,
    )
    if user_id is None:
        return False
    await set_password(connection, user_id, password_hash)
    await connection.execute(
        """
        insert into bootstrapped (email, tenant, password_hash) values ($1, $2, $3)
        on conflict (email) do update set tenant = excluded.tenant, password_hash = excluded.password_hash
        """,
        email,
        tenant,
        password_hash,
    )
    return True


def user_of(row: asyncpg.Record) -> User:
    """The user of a row with `USER_COLUMNS`."""
    values: dict[str, Any] = {name: row[name] for name in User.__dataclass_fields__}
    return User(**values | {"role": Role(row["role"])})
