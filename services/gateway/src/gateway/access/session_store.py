"""The SQL of sessions and their refresh tokens."""

from collections.abc import Sequence
from dataclasses import dataclass

from gateway.access.user_store import USER_COLUMNS, User, user_of
from gateway.store import Connection


@dataclass(frozen=True)
class Session:
    """A login, as a refresh token finds it."""

    session_id: str
    token_digest: bytes
    previous_digest: bytes | None
    seconds_since_rotation: float
    is_open: bool
    user: User


async def start_session(
    connection: Connection, session_id: str, user: User, token_digest: bytes, valid_seconds: int
) -> bool:
    """Somebody has logged in; False where the password that was checked is no longer the user's."""
    started = await connection.fetchval(
        """
        insert into sessions (session_id, user_id, tenant, token_digest, expires_at)
        select $1, user_id, tenant, $4, now() + $5 * interval '1 second' from users
        where user_id = $2 and token_version = $3 for share
        returning true
        """,
        session_id,
        user.user_id,
        user.token_version,
        token_digest,
        valid_seconds,
    )
    return started is not None


async def user_of_session(connection: Connection, user_id: str, session_id: str) -> User | None:
    """The user, as long as it is there and the session is open."""
    row = await connection.fetchrow(
        f"select {USER_COLUMNS} from users join sessions using (user_id)"  # noqa: S608 - a constant
        " where user_id = $1 and session_id = $2 and revoked_at is null and expires_at > now()",
        user_id,
        session_id,
    )
    return user_of(row) if row else None


async def lock_session(connection: Connection, token_digests: Sequence[bytes]) -> Session | None:
    """The session that a refresh token is or was of; it stays as it is until the transaction ends."""
    row = await connection.fetchrow(
        f"""
        select session_id, token_digest, previous_digest,
               extract(epoch from clock_timestamp() - rotated_at)::float as seconds_since_rotation,
               revoked_at is null and expires_at > now() as is_open, {USER_COLUMNS}
        from sessions join users using (user_id)
        where session_id in (
            select session_id from sessions where token_digest = any($1::bytea[])
            union all
            select session_id from used_refresh_tokens where token_digest = any($1::bytea[])
        )
        for update of sessions
        """,  # noqa: S608 - a constant
        list(token_digests),
    )
    if row is None:
        return None
    own = ("session_id", "token_digest", "previous_digest", "seconds_since_rotation", "is_open")
    return Session(**{name: row[name] for name in own}, user=user_of(row))


async def rotate_session(
    connection: Connection, session: Session, token_digest: bytes, valid_seconds: int
) -> None:
    """The refresh token is used up; the next one has its own time."""
    await connection.execute(
        """
        insert into used_refresh_tokens (token_digest, session_id, tenant)
        select $1, session_id, tenant from sessions where session_id = $2 on conflict do nothing
        """,
        session.token_digest,
        session.session_id,
    )
    await connection.execute(
        """
        update sessions set previous_digest = token_digest, token_digest = $2, rotated_at = clock_timestamp(),
            expires_at = now() + $3 * interval '1 second'
        where session_id = $1
        """,
        session.session_id,
        token_digest,
        valid_seconds,
    )


async def revoke_session(connection: Connection, session_id: str) -> None:
    """Neither its refresh tokens nor its access tokens count any more."""
    await connection.execute(
        "update sessions set revoked_at = now() where session_id = $1 and revoked_at is null", session_id
    )


async def forget_old_sessions(connection: Connection, refresh_token_seconds: int) -> None:
    """Sessions and used refresh tokens that have run out, some at a time."""
    await connection.execute(
        """
        delete from sessions where session_id in (
            select session_id from sessions where expires_at < now() - interval '1 day' limit 10000)
        """
    )
    await connection.execute(
        """
        delete from used_refresh_tokens where token_digest in (
            select token_digest from used_refresh_tokens
            where used_at < now() - $1 * interval '1 second' limit 10000)
        """,
        refresh_token_seconds,
    )
