"""Operations on the subscriptions of webhooks and their deliveries."""

from typing import Annotated, Any
from uuid import UUID

from pydantic import Field

from gateway.access.scopes import Scope
from gateway.answers.envelopes import SuccessV1
from gateway.answers.webhooks import (
    AddedWebhook,
    Deliveries,
    Delivery,
    DeliveryInFull,
    Replayed,
    RotatedWebhook,
    Trial,
    Webhook,
    Webhooks,
)
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag
from gateway.operations.parameters import Moment
from gateway.webhook_bodies import (
    DeliveryState,
    Recovery,
    Replay,
    TrialWanted,
    WebhookChange,
    WebhookWanted,
)

WEBHOOK_ID = Parameter(
    name="id",
    place="path",
    description="The webhook's `id`.",
    kind=UUID,
    example="6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c",
)
DELIVERY_ID = Parameter(
    name="delivery_id",
    place="path",
    description="The delivery's own `id`.",
    kind=UUID,
    example="0b6e1c1e-7d2b-4b6e-9a9d-7f6a2f5c3d10",
)
SILENT = {504: "The webhook service gave no answer; look what holds before you repeat it."}
CONFIGURED = {409: "The webhook stands in the settings, or there is another one with this URL."}


def _told(kind: Any, description: str) -> Answer:
    return Answer(description=description, kind=SuccessV1[kind])


ADD = Operation(
    method="POST",
    path="/api/v1/webhooks",
    operation_id="addWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Subscribe; the secret is shown this once",
    body=Body(
        kind=WebhookWanted,
        examples={
            "Results of chunks": {"url": "https://erp.example.com/skuwire"},
            "Whatever happens to products of one shop": {
                "url": "https://erp.example.com/products",
                "events": ["product.*"],
                "shops": ["milano"],
            },
        },
    ),
    answers={201: _told(AddedWebhook, "The webhook and its secret.")},
    refusals={409: "There is another one with this URL, or the tenant has as many as it may have."} | SILENT,
)

ALL = Operation(
    method="GET",
    path="/api/v1/webhooks",
    operation_id="listWebhooks",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="The tenant's webhooks",
    answers={200: _told(Webhooks, "All of them, without secrets.")},
    refusals=SILENT,
)

ONE = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}",
    operation_id="getWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="One webhook",
    parameters=[WEBHOOK_ID],
    answers={200: _told(Webhook, "The webhook.")},
    refusals=SILENT,
)

CHANGE = Operation(
    method="PATCH",
    path="/api/v1/webhooks/{id}",
    operation_id="changeWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Change a webhook, pause it, go on with it",
    parameters=[WEBHOOK_ID],
    body=Body(kind=WebhookChange, examples={"A pause": {"state": "paused"}, "Go on": {"state": "enabled"}}),
    answers={200: _told(Webhook, "The webhook as it is now.")},
    refusals=CONFIGURED | SILENT,
)

REMOVE = Operation(
    method="DELETE",
    path="/api/v1/webhooks/{id}",
    operation_id="removeWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Remove a webhook",
    parameters=[WEBHOOK_ID],
    answers={204: Answer(description="Removed.")},
    refusals=SILENT,
)

ROTATE_SECRET = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/rotate-secret",
    operation_id="rotateWebhookSecret",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="A new secret, beside which the old one signs for 24 hours",
    parameters=[WEBHOOK_ID],
    answers={200: _told(RotatedWebhook, "The webhook and its new secret.")},
    refusals={409: "The webhook stands in the settings, or ten old secrets sign already."} | SILENT,
)

TEST = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/test",
    operation_id="testWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="What the endpoint says to a test webhook",
    parameters=[WEBHOOK_ID],
    body=Body(
        kind=TrialWanted, required=False, examples={"A finished chunk": {"event": "bulk.chunk.completed"}}
    ),
    answers={200: _told(Trial, "What it said.")},
    refusals={429: "Two tests are under way already, or a quota is used up."} | SILENT,
)

RECOVER = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/recover",
    operation_id="recoverWebhook",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Send again all that was not delivered since a time",
    parameters=[WEBHOOK_ID],
    body=Body(kind=Recovery, examples={"Since a morning": {"since": "2026-05-01T08:00:00Z"}}),
    answers={202: _told(Replayed, "How many are sent again.")},
    refusals=SILENT,
)

DELIVERIES = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}/deliveries",
    operation_id="listDeliveries",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="What was delivered, the newest first",
    parameters=[
        WEBHOOK_ID,
        Parameter(
            name="state",
            place="query",
            description="Where they stand.",
            kind=DeliveryState,
            example="delivered",
        ),
        Parameter(
            name="event",
            place="query",
            description="The name of an event, or a beginning: `product.*`.",
            example="bulk.chunk.completed",
        ),
        Parameter(name="shop", place="query", description="Of one shop.", example="milano"),
        Parameter(name="subject", place="query", description="About one chunk or product."),
        Parameter(name="since", place="query", description="Told then or later.", kind=Moment),
        Parameter(name="until", place="query", description="Told before.", kind=Moment),
        Parameter(
            name="limit",
            place="query",
            description="How many a page has.",
            kind=Annotated[int, Field(ge=1, le=200)],
            example=50,
        ),
        Parameter(name="after", place="query", description="The `next` of the page before."),
    ],
    answers={200: _told(Deliveries, "A page of them.")},
    refusals={422: "The query asks for something that there is not."} | SILENT,
)

REPLAY = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/deliveries/replay",
    operation_id="replayDeliveries",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Send a range of deliveries again",
    description="Delivered ones too, each under the `webhook-id` that it has.",
    parameters=[WEBHOOK_ID],
    body=Body(kind=Replay, examples={"Since a morning": {"since": "2026-05-01T08:00:00Z"}}),
    answers={202: _told(Replayed, "How many are sent again.")},
    refusals=SILENT,
)

DELIVERY = Operation(
    method="GET",
    path="/api/v1/webhooks/{id}/deliveries/{delivery_id}",
    operation_id="getDelivery",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_READ,
    summary="One delivery, attempt by attempt",
    parameters=[WEBHOOK_ID, DELIVERY_ID],
    answers={200: _told(DeliveryInFull, "The delivery.")},
    refusals=SILENT,
)

REPLAY_ONE = Operation(
    method="POST",
    path="/api/v1/webhooks/{id}/deliveries/{delivery_id}/replay",
    operation_id="replayDelivery",
    tag=Tag.WEBHOOKS,
    scope=Scope.WEBHOOKS_WRITE,
    summary="Send one delivery again",
    parameters=[WEBHOOK_ID, DELIVERY_ID],
    answers={202: _told(Delivery, "The delivery, which is due now.")},
    refusals=SILENT,
)
