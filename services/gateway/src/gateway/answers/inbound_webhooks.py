"""What is answered about webhooks of an ERP."""

from typing import Annotated

from pydantic import Field
from typing_extensions import TypedDict

from gateway.answers.access import Second
from gateway.inbound.attempt_filter import Outcome


class ShownAttempt(TypedDict):
    """One webhook at the door, and what it was answered."""

    id: int
    at: Second
    address: Annotated[str, Field(description="Where it came from.", examples=["203.0.113.7"])]
    source: Annotated[str, Field(description="Whose secret signed it.", examples=["erp"])]
    delivery_id: str | None
    event: Annotated[str | None, Field(examples=["product.updated"])]
    bytes: int | None
    outcome: Annotated[Outcome, Field(examples=[Outcome.QUEUED.value])]
    status: Annotated[int, Field(description="Of the answer.", examples=[200])]
    reason: Annotated[str | None, Field(description="Why it was refused.")]
    sync_id: Annotated[str | None, Field(description="The synchronization that it became.")]


class ShownAttempts(TypedDict):
    """A page of the record of webhooks."""

    inbound_webhooks: list[ShownAttempt]
    total: Annotated[int, Field(description="Counted up to 10,000.")]
    page: int
    per_page: int
    pages: int
