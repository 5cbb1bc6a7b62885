"""Secrets of endpoints at rest: each sealed for its endpoint alone."""

from collections.abc import Sequence
from uuid import UUID

from common import sealing
from common.sealing import SealNotOpened, is_sealed
from webhook_relay.signing import Secret

__all__ = ["SealNotOpened", "Sealer", "is_sealed"]


class Sealer:
    """Seals with the first key, opens with any."""

    def __init__(self, current: str, previous: Sequence[str] = ()) -> None:
        self._sealer = sealing.Sealer(current, previous, purpose="endpoint secrets")

    def seal(self, secret: Secret, endpoint_id: UUID) -> str:
        return self._sealer.seal(secret.key, endpoint_id.bytes)

    def open(self, text: str, endpoint_id: UUID) -> Secret:
        """The secret behind a sealed text. Raises `SealNotOpened`, which names the endpoint."""
        return Secret(self._sealer.open(text, endpoint_id.bytes, f"endpoint {endpoint_id}"))

    def is_current(self, text: str) -> bool:
        """Whether the text is sealed with the first key."""
        return self._sealer.is_current(text)
