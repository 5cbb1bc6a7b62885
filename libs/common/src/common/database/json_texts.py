"""JSON values for an array parameter."""

import json
from collections.abc import Iterable


def json_texts(values: Iterable[object]) -> list[str | None]:
    """JSON texts for a `text[]` parameter that the statement casts to `jsonb`.

    asyncpg takes a list within an array for a further dimension, so lists cannot travel as `jsonb[]`.
    """
    return [None if value is None else json.dumps(value) for value in values]
