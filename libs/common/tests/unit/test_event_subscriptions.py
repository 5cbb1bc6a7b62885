"""Which events a subscription takes in."""

import pytest
from pydantic import TypeAdapter, ValidationError

from common.public.subscriptions import Patterns, matches
from common.public.webhooks import EVENT_TYPES

patterns = TypeAdapter(Patterns)


@pytest.mark.parametrize(
    ("pattern", "taken"),
    [
        ("product.synced", {"product.synced"}),
        ("product.*", {"product.synced", "product.failed", "product.deleted"}),
        ("bulk.*", {name for name in EVENT_TYPES if name.startswith("bulk.")}),
        ("bulk.chunk.*", {"bulk.chunk.completed"}),
        ("*", set(EVENT_TYPES)),
    ],
)
def test_a_pattern_takes_in_what_begins_so(pattern: str, taken: set[str]) -> None:
    assert {name for name in EVENT_TYPES if matches(pattern, name)} == taken
    assert patterns.validate_python([pattern]) == (pattern,)


@pytest.mark.parametrize(
    "pattern",
    ["", ".", ".*", "**", "prod*", "product", "product.", "*.synced", "chunk.completed"],
)
def test_what_takes_in_nothing_is_refused_and_says_what_there_is(pattern: str) -> None:
    with pytest.raises(ValidationError, match=r"There are bulk\.chunk\.completed, .*product\.synced"):
        patterns.validate_python([pattern])
