"""SQL of the endpoints' secrets, which lie sealed: the current one first, then those rotated away."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import asyncpg

from webhook_relay.sealing import Sealer, is_sealed
from webhook_relay.signing import OldSecret, SigningSecrets, parse_secret


def open_secrets(
    sealer: Sealer, endpoint_id: UUID, sealed: Sequence[str], ends: Sequence[datetime]
) -> SigningSecrets:
    """The secrets of a row of `endpoints`. Raises `SealNotOpened`."""
    current, *old = (sealer.open(text, endpoint_id) for text in sealed)
    return SigningSecrets(
        current, tuple(OldSecret(secret, until) for secret, until in zip(old, ends, strict=True))
    )


async def load_secrets(connection: asyncpg.Connection, sealer: Sealer, endpoint_id: UUID) -> SigningSecrets:
    """The secrets of an endpoint that is there."""
    (row,) = await connection.fetch("select secrets, secret_ends from endpoints where id = $1", endpoint_id)
    return open_secrets(sealer, endpoint_id, row["secrets"], row["secret_ends"])


async def save_secrets(
    connection: asyncpg.Connection, sealer: Sealer, endpoint_id: UUID, secrets: SigningSecrets
) -> None:
    """Store an endpoint's secrets."""
    every = (secrets.current, *(old.secret for old in secrets.old))
    await connection.execute(
        "update endpoints set secrets = $2, secret_ends = $3, changed_at = now() where id = $1",
        endpoint_id,
        [sealer.seal(secret, endpoint_id) for secret in every],
        [old.until for old in secrets.old],
    )


async def seal_all(connection: asyncpg.Connection, sealer: Sealer) -> int:
    """Seal every stored secret with the present key: clear ones, and those of a former key.

    Returns of how many endpoints. Raises `SealNotOpened` where the settings have lost a key.
    """
    rows = await connection.fetch(
        "select id, secrets from endpoints where state <> 'deleted' order by id for no key update"
    )
    behind = [row for row in rows if not all(map(sealer.is_current, row["secrets"]))]
    for row in behind:
        opened = [
            sealer.open(text, row["id"]) if is_sealed(text) else parse_secret(text) for text in row["secrets"]
        ]
        await connection.execute(
            "update endpoints set secrets = $2 where id = $1",
            row["id"],
            [sealer.seal(secret, row["id"]) for secret in opened],
        )
    return len(behind)
