"""Bodies about webhooks as types, for the document: webhook-relay reads them, and says what is wrong.

A contract test holds them against its forms.
"""

from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

Pattern = Annotated[
    str, Field(description="The name of an event, or a beginning: `product.*`, `*`.", examples=["product.*"])
]
Patterns = Annotated[list[Pattern], Field(min_length=1, max_length=50)]
ShopNames = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=64)]],
    Field(min_length=1, max_length=1000, description="Of which shops; null or left out: of all."),
]
Description = Annotated[str, Field(max_length=500, description="For people.")]
DeliveryState = Literal["pending", "delivered", "exhausted", "gone", "cancelled"]
Since = Annotated[AwareDatetime, Field(description="Told then or later.")]


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class WebhookWanted(_Body):
    """A subscription."""

    url: Annotated[str, Field(description="https, and an address of the internet.")]
    events: Patterns = ["bulk.chunk.completed"]
    shops: ShopNames | None = None
    description: Description = ""


class WebhookChange(_Body):
    """What is left out stays as it is."""

    url: str = ""
    events: Patterns = ["bulk.chunk.completed"]
    shops: ShopNames | None = None
    description: Description = ""
    state: Literal["enabled", "paused"] = "enabled"


class TrialWanted(_Body):
    """Of which event an example is sent; without it, a `webhook.test`."""

    event: Annotated[str | None, Field(description="The name of an event.")] = None


class Recovery(_Body):
    """Since when."""

    since: Since


class Replay(_Body):
    """Which deliveries."""

    state: DeliveryState | None = None
    event: Pattern | None = None
    shop: str | None = None
    subject: str | None = None
    since: Since
    until: AwareDatetime | None = None
