"""Logging in, going on with a refresh token, logging out.

A refresh token is used up by its use. One that comes again is a copy: its whole session ends, unless it is
the newest token's immediate predecessor and comes within `GRACE_SECONDS`. Then the answer may have
been lost on its way, and the same successor is told again.
"""

import secrets
from dataclasses import dataclass, replace

import structlog
from pydantic import SecretStr

from common.database import Database
from common.messages import Reason
from gateway.access import session_store, user_store
from gateway.access.guard import Guard
from gateway.access.key_texts import REFRESH, digests, is_well_formed, new_refresh_token, successor
from gateway.access.passwords import Passwords
from gateway.access.session_store import Session
from gateway.access.standing import Standing
from gateway.access.tokens import AccessClaims, AccessTokens
from gateway.access.user_store import User
from gateway.errors import unauthorized, violated
from gateway.store import Connection

log = structlog.get_logger()

GRACE_SECONDS = 60.0

WRONG_LOGIN = "E-mail address or password is wrong."
WRONG_REFRESH = "The refresh token is not valid; log in again."


@dataclass(frozen=True)
class Tokens:
    """What a login or a refresh gives."""

    access_token: str
    refresh_token: str


class Logins:
    """The life of sessions."""

    def __init__(
        self,
        database: Database,
        *,
        guard: Guard,
        passwords: Passwords,
        tokens: AccessTokens,
        standing: Standing,
        credential_secrets: list[SecretStr],
        refresh_token_seconds: int,
    ) -> None:
        self._database = database
        self._guard = guard
        self._passwords = passwords
        self._tokens = tokens
        self._standing = standing
        self._secrets = credential_secrets
        self._refresh_token_seconds = refresh_token_seconds

    async def log_in(self, email: str, password: str, address: str) -> Tokens:
        """A session for who knows the password. Raises `Refusal`: 401, 429."""
        attempt = await self._guard.before_login(address, email)
        async with self._database.transaction() as connection:
            found = await user_store.user_by_email(connection, email)
        user, password_hash = found or (None, None)
        if not await self._passwords.matches(password, password_hash) or user is None:
            log.warning("login.refused", address=address)
            raise unauthorized(WRONG_LOGIN)
        await self._guard.login_was_right(attempt)
        async with self._database.transaction() as connection:
            tokens = await self._start_session(connection, user)
        log.info("login.accepted", user_id=user.user_id, tenant=user.tenant, address=address)
        return tokens

    async def _start_session(self, connection: Connection, user: User) -> Tokens:
        session_id, refresh_token = f"ses_{secrets.token_hex(16)}", new_refresh_token()
        [digest, *_] = digests(refresh_token, self._secrets)
        if not await session_store.start_session(
            connection, session_id, user, digest, self._refresh_token_seconds
        ):
            raise unauthorized(WRONG_LOGIN)
        return Tokens(self._access_token(user, session_id), refresh_token)

    async def change_password(self, user: User, current: str, new: str, address: str) -> Tokens:
        """Give the user another password, which ends all its sessions, and begin one with it.

        Guessing at the current one counts as guessing at a login. Raises `Refusal`: 422, 429; 401 where the
        password was changed meanwhile.
        """
        attempt = await self._guard.before_login(address, user.email)
        async with self._database.transaction() as connection:
            found = await user_store.user_by_email(connection, user.email)
        if found is None or not await self._passwords.matches(current, found[1]):
            log.warning("password.not_changed", user_id=user.user_id, address=address)
            message = "This is not your present password."
            raise violated([Reason(code="password_wrong", field="current", message=message)])
        await self._guard.login_was_right(attempt)
        new_hash = await self._passwords.hash(new)
        async with self._database.transaction() as connection:
            now = await user_store.lock_user(connection, user.tenant, user.user_id)
            if now is None or now.token_version != found[0].token_version:
                raise unauthorized("The password was changed meanwhile; log in again.", token_was_sent=True)
            await user_store.set_password(connection, user.user_id, new_hash)
            changed = replace(now, token_version=now.token_version + 1)
            tokens = await self._start_session(connection, changed)
        self._standing.changed()
        log.info("password.changed", user_id=user.user_id, tenant=user.tenant, address=address)
        return tokens

    async def refresh(self, refresh_token: str, address: str) -> Tokens:
        """The next tokens of a session. Raises `Refusal`: 401, 429."""
        if is_refresh_token(refresh_token):
            async with self._database.transaction() as connection:
                session = await session_store.lock_session(connection, digests(refresh_token, self._secrets))
                following = await self._following(connection, session, refresh_token)
            if session is not None and following is not None:
                return Tokens(self._access_token(session.user, session.session_id), following)
            if session is not None:
                self._standing.changed()
        await self._guard.key_was_wrong(address)
        raise unauthorized(WRONG_REFRESH, token_was_sent=True)

    async def _following(
        self, connection: Connection, session: Session | None, refresh_token: str
    ) -> str | None:
        """The refresh token that follows this one in its session; None where it has none any more."""
        if session is None or not session.is_open:
            return None
        sent = digests(refresh_token, self._secrets)
        if session.token_digest in sent:
            following = successor(refresh_token, self._secrets[0])
            [digest, *_] = digests(following, self._secrets)
            await session_store.rotate_session(connection, session, digest, self._refresh_token_seconds)
            return following
        if session.previous_digest in sent and session.seconds_since_rotation < GRACE_SECONDS:
            return self._told_before(session, refresh_token)
        await session_store.revoke_session(connection, session.session_id)
        log.warning("refresh_token.used_again", user_id=session.user.user_id, tenant=session.user.tenant)
        return None

    def _told_before(self, session: Session, refresh_token: str) -> str | None:
        candidates = (successor(refresh_token, secret) for secret in self._secrets)
        return next(
            (text for text in candidates if session.token_digest in digests(text, self._secrets)), None
        )

    async def log_out(self, refresh_token: str) -> None:
        """End the session that a refresh token is or was of; an unknown one ends nothing (RFC 7009)."""
        if not is_refresh_token(refresh_token):
            return
        async with self._database.transaction() as connection:
            session = await session_store.lock_session(connection, digests(refresh_token, self._secrets))
            if session is not None:
                await session_store.revoke_session(connection, session.session_id)
        self._standing.changed()

    async def end_session(self, session_id: str) -> None:
        """End the session that an access token is of."""
        async with self._database.transaction() as connection:
            await session_store.revoke_session(connection, session_id)
        self._standing.changed()

    def _access_token(self, user: User, session_id: str) -> str:
        claims = AccessClaims(user.user_id, user.tenant, session_id, user.token_version)
        return self._tokens.issue(claims)


def is_refresh_token(text: str) -> bool:
    """Whether the text could be one, checksum included."""
    return text.startswith(REFRESH) and is_well_formed(text)
