"""What each type of webhook says.

`bulk.chunk.completed` has the body of the Products Bulk document, field for field: `{chunkId, partition,
totalItems, completed, itemsCompleted, errors, msjs}`. The entries of `itemsCompleted` and `item` are open in
the document; ours carry what identifies the product.

Every other type has the body that Standard Webhooks recommends, `{type, timestamp, data}`; `data` is the
public event, the same JSON as on the broker.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.alias_generators import to_camel

from common.messages import Reason
from common.public.events import PUBLIC_EVENTS, ChunkFinished, PublicEvent

CHUNK_COMPLETED = "bulk.chunk.completed"
TEST: Literal["webhook.test"] = "webhook.test"


class BodyPart(BaseModel):
    """A part of the body; its keys are the document's."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Item(BodyPart):
    """Which product. `id` is our number, `presta_id` the shop's, `position` its place in what was sent."""

    id: int | None
    reference: str | None
    presta_id: int | None = Field(alias="presta_id")
    position: int


class CompletedItem(Item):
    """A product that is in the shop as it was described. `verified`: where it was read."""

    operation: str
    result: str
    images_processed: int
    technical_data_processed: int
    warnings: tuple[Reason, ...]
    verified: bool | None = None


class ItemError(BodyPart):
    """An item that was refused. `msjs` is JSON in a string, as the document shows it: sentences by field."""

    type: Literal["error"]
    operation: str
    msjs: str
    item: Item


class ChunkBody(BodyPart):
    """Fired when every item of a chunk has its outcome, after the events of its products."""

    chunk_id: str
    partition: int
    total_items: int
    completed: int
    items_completed: tuple[CompletedItem, ...]
    errors: int
    msjs: tuple[ItemError, ...]

    def to_json(self) -> bytes:
        """The exact bytes that are signed and sent."""
        return self.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _model_of(event: type[PublicEvent]) -> type[BaseModel]:
    """`timestamp` is when it happened; the time of a delivery is in its header."""
    fields: dict[str, Any] = {
        "type": (Literal[event.event_name()], ...),
        "timestamp": (datetime, ...),
        "data": (event, ...),
    }
    frozen = ConfigDict(frozen=True)
    return create_model(f"{event.__name__}Body", __config__=frozen, __doc__=event.__doc__, **fields)


class TriedEndpoint(BaseModel):
    """What a test is about."""

    model_config = ConfigDict(frozen=True)

    tenant: str = Field(description="Whose endpoint it is.")
    endpoint_id: str = Field(description="Its id, as `POST /api/v1/webhooks` answered it.")


class EndpointTest(BaseModel):
    """Fired by `POST /api/v1/webhooks/{id}/test` alone, for an endpoint of whatever subscription."""

    model_config = ConfigDict(frozen=True)

    type: Literal["webhook.test"]
    timestamp: datetime
    data: TriedEndpoint


BODIES: Mapping[str, type[BaseModel]] = {
    CHUNK_COMPLETED: ChunkBody,
    **{event.event_name(): _model_of(event) for event in PUBLIC_EVENTS if event is not ChunkFinished},
}
"""The body of each type that an endpoint can subscribe to; what is told of a chunk has a body of its own."""

EVENT_TYPES = tuple(BODIES)

SENT_BODIES: Mapping[str, type[BaseModel]] = {**BODIES, TEST: EndpointTest}
"""The body of each type that is sent: nobody subscribes to a test."""


def body_of(event: PublicEvent) -> bytes:
    """The exact bytes of an event's webhook. What is told of a chunk has a body of its own, `ChunkBody`."""
    name = event.event_name()
    body = BODIES[name].model_validate({"type": name, "timestamp": event.at, "data": event})
    return body.model_dump_json(exclude_unset=True).encode()


def body_of_test(tenant: str, endpoint_id: str, at: datetime) -> bytes:
    """The exact bytes of a test of an endpoint."""
    data = TriedEndpoint(tenant=tenant, endpoint_id=endpoint_id)
    return EndpointTest(type=TEST, timestamp=at, data=data).model_dump_json().encode()
