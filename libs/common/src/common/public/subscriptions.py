"""What an endpoint subscribes to: event types by name, or those that begin alike (`product.*`, `*`).

A pattern also takes in types that are added later.
"""

from collections.abc import Iterable
from typing import Annotated

from pydantic import AfterValidator, Field
from pydantic_core import PydanticCustomError

from common.public.webhooks import CHUNK_COMPLETED, EVENT_TYPES

EVERYTHING = "*"
MOST_PATTERNS = 50


def matches(pattern: str, event_type: str) -> bool:
    """Whether a subscription takes in events of this type."""
    if pattern.endswith(f".{EVERYTHING}"):
        return event_type.startswith(pattern.removesuffix(EVERYTHING))
    return pattern in (EVERYTHING, event_type)


def wants(patterns: Iterable[str], event_type: str) -> bool:
    """Whether one of the subscriptions does."""
    return any(matches(pattern, event_type) for pattern in patterns)


def _known_pattern(text: str) -> str:
    if not any(matches(text, event_type) for event_type in EVENT_TYPES):
        raise _unknown("; product.* takes in all that begin so")
    return text


def _known_name(text: str) -> str:
    if text not in EVENT_TYPES:
        raise _unknown()
    return text


def _unknown(hint: str = "") -> PydanticCustomError:
    return PydanticCustomError(
        "event_unknown", f"There is no such event. There are {', '.join(EVENT_TYPES)}{hint}."
    )


Pattern = Annotated[str, AfterValidator(_known_pattern)]
"""A type's name, or a beginning with `.*`; nothing that no event has."""

EventName = Annotated[str, AfterValidator(_known_name)]
"""The name of one type."""

Patterns = Annotated[tuple[Pattern, ...], Field(min_length=1, max_length=MOST_PATTERNS)]

DEFAULT: tuple[str, ...] = (CHUNK_COMPLETED,)
"""Of an endpoint that does not say what it wants."""
