"""Operations for webhooks of an ERP."""

from gateway.access.scopes import Scope
from gateway.answers.envelopes import SuccessV1
from gateway.answers.inbound_webhooks import ShownAttempts
from gateway.inbound.attempt_filter import Outcome
from gateway.operations.operation import Answer, Open, Operation, Parameter, Tag

DELIVER = Operation(
    method="POST",
    path="/api/webhooks/gesmart/products",
    operation_id="deliverProducts",
    tag=Tag.INBOUND,
    scope=Open.TO_ALL,  # vouched for by its signature
    summary="Products that an ERP tells by itself, signed",
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
