"""What the internal API is asked, read and checked; every violation names its field."""

import base64
import binascii
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from common.public.subscriptions import DEFAULT, EventName, Pattern, Patterns
from webhook_relay.store.delivery_log import DeliveryState, Filter, Place

LONGEST_PAGE = 200
LONGEST_DESCRIPTION = 500

ShopName = Annotated[str, StringConstraints(min_length=1, max_length=64)]
ShopNames = Annotated[tuple[ShopName, ...], Field(min_length=1, max_length=1000)]
Description = Annotated[str, StringConstraints(max_length=LONGEST_DESCRIPTION, pattern=r"^[^\x00]*$")]


class Form(BaseModel):
    """A body. What it does not know is refused."""

    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)


class EndpointWanted(Form):
    """Body of `POST /internal/webhooks`. `shops` null or left out: every shop of the tenant."""

    tenant: str = Field(min_length=1, max_length=64)
    url: str
    events: Patterns = DEFAULT
    shops: ShopNames | None = None
    description: Description = ""


class EndpointChange(Form):
    """Body of `PATCH /internal/webhooks/{id}`. What is left out stays as it is."""

    url: str = ""
    events: Patterns = DEFAULT
    shops: ShopNames | None = None
    description: Description = ""
    state: Literal["enabled", "paused"] = "enabled"


class TrialWanted(Form):
    """Body of `POST /internal/webhooks/{id}/test`, where there is one."""

    event: EventName | None = None


class Recovery(Form):
    """Body of `POST /internal/webhooks/{id}/recover`."""

    since: AwareDatetime


class Chosen(Form):
    """Which deliveries: the body of a replay of many, and a part of the query of a list."""

    state: DeliveryState | None = None
    event: Pattern | None = None
    shop: str | None = None
    subject: str | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None

    def filter(self) -> Filter:
        states = tuple(DeliveryState) if self.state is None else (self.state,)
        return Filter(states, self.event, self.shop, self.subject, self.since, self.until)


class Replay(Chosen):
    """Body of `POST /internal/webhooks/{id}/deliveries/replay`: a range has a beginning."""

    since: AwareDatetime


class Page(Chosen):
    """Query of `GET /internal/webhooks/{id}/deliveries`."""

    tenant: str
    limit: int = Field(50, ge=1, le=LONGEST_PAGE)
    after: str | None = None


def read_query(query: Mapping[str, str]) -> Page:
    """The query of a list; a `+` that was meant for a time zone has come as a space."""
    return Page.model_validate(
        {k: v.replace(" ", "+") if k in {"since", "until"} else v for k, v in query.items()}
    )


class UnknownPlace(ValueError):
    """`after` is none of our cursors."""


def cursor_of(place: Place) -> str:
    """A place in the list as a word for the next request."""
    return base64.urlsafe_b64encode(f"{place.created_at.isoformat()} {place.id}".encode()).decode()


def place_of(cursor: str) -> Place:
    """The place behind a cursor. Raises `UnknownPlace`."""
    try:
        created_at, _, delivery_id = base64.urlsafe_b64decode(cursor).decode().partition(" ")
        place = Place(datetime.fromisoformat(created_at), UUID(delivery_id))
    except (ValueError, binascii.Error):
        raise UnknownPlace from None
    if place.created_at.tzinfo is None:
        raise UnknownPlace
    return place
