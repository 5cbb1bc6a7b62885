"""Operations for webhooks of an ERP."""

from typing import Literal

from gateway.access.scopes import Scope
from gateway.answers.envelopes import Success, SuccessV1
from gateway.answers.inbound_webhooks import ShownAttempts
from gateway.answers.sync import QueuedDelivery
from gateway.dialects.gesmart import EVENTS
from gateway.inbound.attempt_filter import Outcome
from gateway.inbound.signatures import EVENT, GESMART, STANDARD
from gateway.operations.operation import Answer, Body, Open, Operation, Parameter, Tag
from gateway.product_bodies import Delivery

_TOLD = {
    "id": "The id of the delivery: it is taken in once.",
    "timestamp": "Seconds since 1970, at most 300 from now.",
}

DELIVER = Operation(
    method="POST",
    path="/api/webhooks/gesmart/products",
    operation_id="deliverProducts",
    tag=Tag.INBOUND,
    scope=Open.TO_ALL,  # vouched for by its signature
    summary="Products that an ERP tells by itself, signed",
    description="Either the headers of GeSmart or those of Standard Webhooks are required. A product that is "
    "created is written whether the shop has it or not; a product's own `operation` counts before the event.",
    parameters=[
        *(
            Parameter(name=names[name], place="header", description=told)
            for names in (GESMART, STANDARD)
            for name, told in _TOLD.items()
        ),
        Parameter(
            name=GESMART["signature"],
            place="header",
            description="`sha256=` and the hexadecimal HMAC-SHA256 of `timestamp.body`.",
        ),
        Parameter(
            name=STANDARD["signature"],
            place="header",
            description="`v1,` and the HMAC-SHA256 of `id.timestamp.body` in base64.",
        ),
        Parameter(
            name=EVENT,
            place="header",
            description="What happened to the products; without it the body's `type` says so, or they do. "
            "Beside a `type` it must be the same (`event_differs`).",
            kind=Literal[*EVENTS],
            example="product.updated",
        ),
    ],
    body=Body(
        kind=Delivery,
        examples={
            "A new stock": {"reference": "PROD001", "operation": "update", "quantity": 7},
            "Of Standard Webhooks": {
                "type": "product.updated",
                "data": {"products": [{"reference": "PROD001", "price": 1199.0}]},
            },
        },
    ),
    answers={
        200: Answer(
            description="It is durably queued; products that cannot be read are told.",
            kind=Success[QueuedDelivery],
            headers=["Idempotency-Replayed"],
        )
    },
    refusals={
        401: "It is not signed as it must be.",
        409: "A delivery with this id and another body was taken in.",
        410: "The shop that the secret speaks for was removed.",
    },
)

RECORD = Operation(
    method="GET",
    path="/api/v1/inbound-webhooks",
    operation_id="listInboundWebhooks",
    tag=Tag.INBOUND,
    scope=Scope.WEBHOOKS_READ,
    summary="What the tenant's ERPs have sent, and what became of it",
    description="Every attempt of the last 30 days that a secret of the tenant's vouches for. One with a "
    "wrong signature is nobody's, and not shown.",
    parameters=(
        Parameter(name="source", place="query", description="Whose secret signed it.", example="erp"),
        Parameter(name="delivery_id", place="query", description="As it was sent.", example="d-1"),
        Parameter(
            name="outcome", place="query", description="How it ended.", kind=Outcome, example="refused"
        ),
        Parameter(name="since", place="query", description="From then on.", example="2026-05-01T08:00:00Z"),
        Parameter(name="until", place="query", description="Before.", example="2026-05-02T08:00:00Z"),
        Parameter(name="page", place="query", description="From 1.", kind=int, example=1),
        Parameter(
            name="per_page", place="query", description="At most 100; 20 unless told.", kind=int, example=20
        ),
    ),
    answers={200: Answer(description="A page, the newest first.", kind=SuccessV1[ShownAttempts])},
)
