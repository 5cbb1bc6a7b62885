"""Puts the parts of access together."""

from dataclasses import dataclass

from common.database import Database
from gateway.access.gate import Gate
from gateway.access.guard import Guard
from gateway.access.logins import Logins
from gateway.access.passwords import Passwords
from gateway.access.standing import Standing
from gateway.access.tokens import AccessTokens
from gateway.settings import GatewaySettings


@dataclass(frozen=True)
class Access:
    """What routes and surface work with."""

    gate: Gate
    guard: Guard
    logins: Logins
    passwords: Passwords
    standing: Standing


def open_access(settings: GatewaySettings, database: Database) -> Access:
    """As the settings want it."""
    credential_secrets = settings.credential_secrets()
    tokens = AccessTokens(
        settings.jwt_secret,
        settings.jwt_issuer,
        valid_seconds=settings.access_token_seconds,
        previous_secrets=settings.previous_jwt_secrets(),
    )
    passwords, standing = Passwords(), Standing(database, credential_secrets)
    guard = Guard(database, settings.credential_secret)
    logins = Logins(
        database,
        guard=guard,
        passwords=passwords,
        tokens=tokens,
        standing=standing,
        credential_secrets=credential_secrets,
        refresh_token_seconds=settings.refresh_token_seconds,
    )
    return Access(Gate(tokens, standing, guard), guard, logins, passwords, standing)
