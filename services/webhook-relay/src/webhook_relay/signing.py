"""Standard Webhooks 1.0 signatures: HMAC-SHA256 over `id.timestamp.body`, one for each secret.

Several signatures in one header let a receiver move from an old secret to a new one without a gap.
"""

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

PREFIX = "whsec_"
NEW_SECRET_BYTES = 32
SHORTEST_SECRET_BYTES = 24
LONGEST_SECRET_BYTES = 64
OLD_SECRETS_SIGN_FOR = timedelta(hours=24)
MOST_OLD_SECRETS = 10


class UnusableSecret(ValueError):
    """The secret is not `whsec_` and base64 of 24 to 64 bytes (Standard Webhooks 1.0, "Signature scheme")."""


@dataclass(frozen=True, slots=True)
class Secret:
    """A signing key that never shows itself in a repr."""

    key: bytes = field(repr=False)

    def text(self) -> str:
        """`whsec_…`, as a receiver's library wants it."""
        return PREFIX + base64.b64encode(self.key).decode()


class RotatedTooOften(Exception):
    """Ten old secrets sign already; one must run out before the next rotation."""


@dataclass(frozen=True, slots=True)
class OldSecret:
    """A secret that was rotated away and still signs `until` then."""

    secret: Secret
    until: datetime


@dataclass(frozen=True, slots=True)
class SigningSecrets:
    """What an endpoint's webhooks are signed with; `old` is newest first."""

    current: Secret
    old: tuple[OldSecret, ...] = ()

    def at(self, now: datetime) -> tuple[Secret, ...]:
        """Those that sign now, the current one first."""
        return (self.current, *(old.secret for old in self.old if old.until > now))

    def rotated(self, fresh: Secret, now: datetime) -> "SigningSecrets":
        """With a fresh secret; the one before signs for another 24 hours. Raises `RotatedTooOften`."""
        living = tuple(old for old in self.old if old.until > now)
        if len(living) >= MOST_OLD_SECRETS:
            raise RotatedTooOften
        return SigningSecrets(fresh, (OldSecret(self.current, now + OLD_SECRETS_SIGN_FOR), *living))


def new_secret() -> Secret:
    """A fresh random secret."""
    return Secret(secrets.token_bytes(NEW_SECRET_BYTES))


def parse_secret(text: str) -> Secret:
    """The key behind `whsec_<base64>`. Raises `UnusableSecret`, which does not repeat the text."""
    if not text.startswith(PREFIX):
        raise UnusableSecret(f"a webhook secret begins with {PREFIX}")
    try:
        key = base64.b64decode(text.removeprefix(PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise UnusableSecret(f"what follows {PREFIX} is not base64") from None
    if not SHORTEST_SECRET_BYTES <= len(key) <= LONGEST_SECRET_BYTES:
        raise UnusableSecret(
            f"a webhook secret has {SHORTEST_SECRET_BYTES} to {LONGEST_SECRET_BYTES} bytes, not {len(key)}"
        )
    return Secret(key)


def sign(webhook_id: str, timestamp: int, body: bytes, keys: Sequence[Secret]) -> dict[str, str]:
    """The three headers of a signed request. `timestamp` is in Unix seconds, `body` the exact bytes sent."""
    signed = f"{webhook_id}.{timestamp}.".encode() + body
    signatures = [
        base64.b64encode(hmac.digest(secret.key, signed, hashlib.sha256)).decode() for secret in keys
    ]
    return {
        "webhook-id": webhook_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(f"v1,{signature}" for signature in signatures),
    }
