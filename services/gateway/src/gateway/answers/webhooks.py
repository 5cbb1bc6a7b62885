"""What is answered about webhooks: webhook-relay's words, passed on."""

from typing import Annotated, Literal

from pydantic import Field, JsonValue
from typing_extensions import TypedDict

from gateway.answers.words import Count, Instant, ShopId

WebhookId = Annotated[
    str, Field(examples=["6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c"], json_schema_extra={"format": "uuid"})
]
EventName = Annotated[str, Field(examples=["bulk.chunk.completed"])]
Secret = Annotated[
    str,
    Field(
        description="What webhooks are signed with; shown this once.",
        pattern="^whsec_",
        examples=["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
    ),
]
HttpStatus = Annotated[int | None, Field(description="Null where no answer came.", examples=[200])]
Cause = Annotated[str | None, Field(description="Why no answer came.", examples=[None])]
CutAnswer = Annotated[str, Field(description="The beginning of what the endpoint answered.", examples=["ok"])]


class Webhook(TypedDict):
    """An address that is told what happens."""

    id: WebhookId
    url: Annotated[str, Field(examples=["https://erp.example.com/skuwire"])]
    events: Annotated[list[EventName], Field(description="Names of events, or beginnings: `product.*`, `*`.")]
    shops: Annotated[list[ShopId] | None, Field(description="Null for all shops.", examples=[None])]
    description: Annotated[str, Field(examples=["ERP"])]
    origin: Annotated[Literal["api", "settings"], Field(description="Who may change it.")]
    state: Literal["enabled", "paused", "disabled"]
    state_reason: Annotated[str, Field(examples=[""])]
    failing_since: Annotated[Instant | None, Field(examples=[None])]
    created_at: Instant | None


class AddedWebhook(Webhook):
    """A new webhook, and its secret."""

    secret: Secret


class RotatedWebhook(AddedWebhook):
    """A webhook and its new secret."""

    old_secret_until: Annotated[Instant, Field(description="So long the old one signs beside it.")]


class Webhooks(TypedDict):
    """The webhooks of a tenant."""

    webhooks: list[Webhook]


class Trial(TypedDict):
    """What an endpoint said to a test."""

    webhook_id: Annotated[str, Field(examples=["test_6f0a2c9e6b0f4d0b9d536d1f0f5d2f1c"])]
    delivered: Annotated[bool, Field(examples=[True])]
    status: HttpStatus
    cause: Cause
    seconds: Annotated[float, Field(ge=0, examples=[0.031])]
    answer: CutAnswer


class Delivery(TypedDict):
    """A webhook on its way to an endpoint, or there."""

    id: WebhookId
    webhook_id: Annotated[str, Field(description="The header `webhook-id`, the same in every attempt.")]
    event: EventName
    shop: ShopId
    subject: Annotated[str, Field(description="What it is about: a chunk's id, a product's reference.")]
    state: Annotated[str, Field(examples=["delivered"])]
    attempts: Count
    next_at: Annotated[Instant | None, Field(description="When it is tried again.", examples=[None])]
    last_status: HttpStatus
    last_cause: Cause
    created_at: Instant
    finished_at: Instant | None


class Attempt(TypedDict):
    """One attempt."""

    at: Instant
    seconds: Annotated[float, Field(ge=0, examples=[0.031])]
    status: HttpStatus
    cause: Cause
    answer: Annotated[str | None, Field(examples=["ok"])]


class DeliveryInFull(Delivery):
    """A delivery with its body and every attempt."""

    body: JsonValue
    tried: list[Attempt]


class Deliveries(TypedDict):
    """A page of deliveries, the newest first."""

    deliveries: list[Delivery]
    next: Annotated[str | None, Field(description="The `after` of the next page.", examples=[None])]


class Replayed(TypedDict):
    """How many deliveries are sent again."""

    replayed: Count
