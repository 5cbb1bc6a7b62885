"""What rows and values look like on their way to and from PostgreSQL."""

from typing import Any

import asyncpg

from common.messages import ImageReference, ItemOutcome, Reason

Row = Any  # asyncpg's Record is untyped
Executor = asyncpg.Connection | asyncpg.Pool


def as_json(part: ImageReference | ItemOutcome | Reason) -> dict[str, Any]:
    """What `jsonb` keeps of a part of a message: only what was set."""
    return part.model_dump(mode="json", exclude_unset=True)
