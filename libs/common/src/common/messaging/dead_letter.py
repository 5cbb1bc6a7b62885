"""What a dead letter is: a parked message, and why it was parked."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid5

DELIVERY_LIMIT_REASON = "delivery_limit"
REDRIVEN = "redriven"  # header of a message that was sent back by itself
_LETTERS = UUID("5f0f2f2e-7d0c-4c0a-9d7e-3f2b8a3c9d11")


@dataclass(frozen=True)
class DeadLetter:
    """A parked message. `service` failed on it and gets it back on a replay.

    `message_id` and `message_type` are as the sender gave them, which may be not at all.
    """

    message_id: str
    message_type: str
    service: str
    attempt: int
    reason: str
    traceback: str
    headers: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)

    @property
    def letter_id(self) -> UUID:
        """The same for the same message of the same service, however often it dies."""
        digest = hashlib.sha256(self.body).hexdigest()
        return uuid5(_LETTERS, f"{self.service}|{self.message_id}|{self.message_type}|{digest}")

    @property
    def deserves_another_life(self) -> bool:
        """Whether the broker gave it up for its readers' crashes, for the first time."""
        return self.reason == DELIVERY_LIMIT_REASON and REDRIVEN not in self.headers
