"""What each type of webhook says.

`bulk.chunk.completed` has the body of the Products Bulk document: see `chunk_body.py`. Every other type has
the body that Standard Webhooks recommends, `{type, timestamp, data}`; `data` is the public event, the same
JSON as on the broker.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, create_model

from common.messages import ChunkCompleted
from webhook_relay.chunk_body import ChunkBody, chunk_body
from webhook_relay.events import PUBLIC_EVENTS, ChunkFinished, PublicEvent

CHUNK_COMPLETED = "bulk.chunk.completed"
LONGEST_SUBJECT = 200  # characters; a refused item's reference may be longer than any product's


def _body_of(event: type[PublicEvent]) -> type[BaseModel]:
    """`timestamp` is when it happened; the time of a delivery is in its header."""
    fields: dict[str, Any] = {
        "type": (Literal[event.event_name()], ...),
        "timestamp": (datetime, ...),
        "data": (event, ...),
    }
    frozen = ConfigDict(frozen=True)
    return create_model(f"{event.__name__}Body", __config__=frozen, __doc__=event.__doc__, **fields)


BODIES: Mapping[str, type[BaseModel]] = {
    CHUNK_COMPLETED: ChunkBody,
    **{event.event_name(): _body_of(event) for event in PUBLIC_EVENTS if event is not ChunkFinished},
}
"""The body of each type that an endpoint can subscribe to; what is told of a chunk has a body of its own."""

EVENT_TYPES = tuple(BODIES)


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told by webhook, whoever has subscribed. `body` are the exact bytes that are signed."""

    event_type: str
    tenant: str
    shop: str
    subject: str
    body: bytes = field(repr=False)


def chunk_notice(message: ChunkCompleted) -> Notice:
    """What is told when a chunk completes."""
    chunk = message.chunk
    return Notice(CHUNK_COMPLETED, chunk.tenant, chunk.shop, chunk.chunk_id, chunk_body(message))


def notice_of(event: PublicEvent) -> Notice:
    """What is told of a public event."""
    name = event.event_name()
    said = BODIES[name].model_validate({"type": name, "timestamp": event.at, "data": event})
    body = said.model_dump_json(exclude_unset=True).encode()
    return Notice(name, event.tenant, event.shop, event.subject()[:LONGEST_SUBJECT], body)
