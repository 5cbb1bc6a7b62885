"""Times as the APIs write them."""

from datetime import UTC, datetime
from typing import overload


@overload
def in_seconds(instant: datetime) -> str: ...
@overload
def in_seconds(instant: None) -> None: ...
def in_seconds(instant: datetime | None) -> str | None:
    """`2025-11-15T10:15:00Z`, as in seed 001."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if instant else None
