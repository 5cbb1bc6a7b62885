"""Access tokens: JWTs after RFC 8725, typed after RFC 9068.

Nothing is taken from a token that decides how it is checked. Its header must be exactly the one that we
write, so that `alg`, `kid`, `jku`, `jwk`, `x5u` or `crit` of somebody else's choice are never even read;
every claim is required and has one type.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import jwt
from pydantic import SecretStr

ALGORITHM = "HS256"
HEADER = {"alg": ALGORITHM, "typ": "at+jwt"}
CLAIMS: Mapping[str, type] = {
    "iss": str, "aud": str, "iat": int, "exp": int, "sub": str, "tenant": str, "sid": str, "ver": int,
}  # fmt: skip
MAX_TOKEN_CHARACTERS = 4096
LEEWAY_SECONDS = 30

# 32 bytes of signature in base64url end in a character with two spare bits. Other spellings of the same
# bytes, and the characters that a lenient decoder passes over, are not taken.
SPELLING = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]", re.ASCII)


class TokenRefused(Exception):
    """The token is not one of ours, or not valid now."""


@dataclass(frozen=True)
class AccessClaims:
    """What an access token says: whose it is, from which login, and from before which changes of password."""

    user_id: str
    tenant: str
    session: str
    version: int


class AccessTokens:
    """Issues and checks access tokens. `previous_secrets` still verify and never sign."""

    def __init__(
        self,
        secret: SecretStr,
        issuer: str,
        *,
        valid_seconds: int,
        previous_secrets: Sequence[SecretStr] = (),
    ) -> None:
        self._secrets = [secret, *previous_secrets]
        self._issuer = issuer
        self.valid_seconds = valid_seconds

    def issue(self, claims: AccessClaims, now: datetime | None = None) -> str:
        issued_at = int((now or datetime.now(UTC)).timestamp())
        payload = {
            "iss": self._issuer,
            "aud": self._issuer,
            "iat": issued_at,
            "exp": issued_at + self.valid_seconds,
            "sub": claims.user_id,
            "tenant": claims.tenant,
            "sid": claims.session,
            "ver": claims.version,
        }
        return jwt.encode(payload, self._secrets[0].get_secret_value(), algorithm=ALGORITHM, headers=HEADER)

    def check(self, token: str) -> AccessClaims:
        """What the token says. Raises `TokenRefused`."""
        if len(token) > MAX_TOKEN_CHARACTERS:
            raise TokenRefused("The token is too long.")
        if not SPELLING.fullmatch(token):
            raise TokenRefused("The token is not an access token.")
        payload = self._verified(token)
        if any(type(payload[name]) is not kind for name, kind in CLAIMS.items()):
            raise TokenRefused("The token is not valid.")
        if payload["exp"] - payload["iat"] > self.valid_seconds:
            raise TokenRefused("The token is not valid.")
        return AccessClaims(payload["sub"], payload["tenant"], payload["sid"], payload["ver"])

    def _verified(self, token: str) -> dict[str, Any]:
        for secret in self._secrets:
            try:
                complete = jwt.decode_complete(
                    token,
                    secret.get_secret_value(),
                    algorithms=[ALGORITHM],
                    audience=self._issuer,
                    issuer=self._issuer,
                    leeway=LEEWAY_SECONDS,
                    options={"require": list(CLAIMS)},
                )
            except jwt.InvalidSignatureError:
                continue
            except jwt.ExpiredSignatureError:
                raise TokenRefused("The token has expired.") from None
            except (jwt.PyJWTError, ValueError, TypeError, OverflowError):
                raise TokenRefused("The token is not valid.") from None
            if complete["header"] != HEADER:
                raise TokenRefused("The token is not an access token.")
            payload: dict[str, Any] = complete["payload"]
            return payload
        raise TokenRefused("The token is not valid.")
