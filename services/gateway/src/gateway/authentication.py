"""Who is calling: passwords (argon2id) and access tokens (JWT, RFC 8725).

The algorithm is fixed here and never read from a token; `typ`, `iss`, `aud`, `exp`, `iat`, `sub` and
`tenant` are required; nothing else in a token's header is followed.
"""

import asyncio
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import jwt
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError
from pydantic import SecretStr

ALGORITHM = "HS256"
ACCESS_TOKEN = "at+jwt"  # noqa: S105 - the kind of token (RFC 9068), not a token
REQUIRED_CLAIMS = ["iss", "aud", "exp", "iat", "sub", "tenant"]
MAX_TOKEN_CHARACTERS = 4096
LEEWAY_SECONDS = 30
PASSWORDS_AT_A_TIME = 2  # each costs 64 MiB and a core for a moment


class TokenRefused(Exception):
    """The token is not one of ours, or not valid now."""


@dataclass(frozen=True)
class Caller:
    """An authenticated caller. Everything that it sees and changes is its tenant's."""

    subject: str
    tenant: str


class AccessTokens:
    """Issues and checks access tokens."""

    def __init__(self, secret: SecretStr, issuer: str, *, valid_seconds: int) -> None:
        self._secret = secret
        self._issuer = issuer
        self.valid_seconds = valid_seconds

    def issue(self, caller: Caller, now: datetime | None = None) -> str:
        issued_at = now or datetime.now(UTC)
        claims = {
            "iss": self._issuer,
            "aud": self._issuer,
            "iat": issued_at,
            "exp": issued_at + timedelta(seconds=self.valid_seconds),
            "sub": caller.subject,
            "tenant": caller.tenant,
        }
        headers = {"typ": ACCESS_TOKEN}
        return jwt.encode(claims, self._secret.get_secret_value(), algorithm=ALGORITHM, headers=headers)

    def check(self, token: str) -> Caller:
        """Whose token it is. Raises `TokenRefused`."""
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise TokenRefused("The token is too long.")
        try:
            complete = jwt.decode_complete(
                token,
                self._secret.get_secret_value(),
                algorithms=[ALGORITHM],
                audience=self._issuer,
                issuer=self._issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": REQUIRED_CLAIMS},
            )
        except jwt.ExpiredSignatureError:
            raise TokenRefused("The token has expired.") from None
        except (jwt.PyJWTError, ValueError):
            raise TokenRefused("The token is not valid.") from None
        claims = complete["payload"]
        subject, tenant = claims["sub"], claims["tenant"]
        if complete["header"].get("typ") != ACCESS_TOKEN or not isinstance(tenant, str) or not tenant:
            raise TokenRefused("The token is not an access token.")
        return Caller(str(subject), tenant)


class Passwords:
    """Hashes and checks passwords in threads, a few at a time."""

    def __init__(self) -> None:
        self._hasher = PasswordHasher()
        self._turns = asyncio.Semaphore(PASSWORDS_AT_A_TIME)
        # compared with where there is no such user, so that an unknown address costs the same
        self._nobodys_hash = self._hasher.hash("no user has this password")

    async def hash(self, password: str) -> str:
        async with self._turns:
            return await asyncio.to_thread(self._hasher.hash, password)

    async def matches(self, password: str, password_hash: str | None) -> bool:
        """Whether the password is the user's; False, at the same cost, where there is no user."""
        async with self._turns:
            same = await asyncio.to_thread(self._verify, password, password_hash or self._nobodys_hash)
        return same and password_hash is not None

    def _verify(self, password: str, password_hash: str) -> bool:
        try:
            return self._hasher.verify(password_hash, password)
        except (VerificationError, InvalidHashError):
            return False
