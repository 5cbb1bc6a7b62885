"""What is answered about dead letters."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from gateway.answers.access import Second
from gateway.dead_letters.letters import Event, LetterState, ReplayState

LetterId = Annotated[str, Field(description="A UUID.", examples=["6f0a2c9e-6b0f-5d0b-9d53-6d1f0f5d2f1c"])]
ReplayId = Annotated[str, Field(pattern="^rpl_[0-9a-f]{16}$", examples=["rpl_0123456789abcdef"])]
Who = Annotated[
    str | None,
    Field(description="The user, the API key or the operator; null is nobody.", examples=["operator"]),
]


class ShownLetter(TypedDict):
    """A dead letter in a list."""

    id: LetterId
    service: Annotated[str, Field(description="That failed on it.", examples=["prestashop-writer"])]
    type: Annotated[str, Field(examples=["chunk.validated.v1"])]
    message_id: str
    tenant: Annotated[str | None, Field(description="Null where the message names none.", examples=["acme"])]
    shop: str | None
    submission_id: str | None
    state: LetterState
    reason: Annotated[str, Field(examples=["KeyError: 'price'"])]
    attempts: Annotated[int, Field(description="Of all its lives.", examples=[5])]
    first_seen: Second
    last_seen: Second
    replayed_at: Second | None


class ShownBody(TypedDict):
    """A body: as JSON, else as text that may be cut."""

    bytes: int
    json: Any
    text: str | None


class ShownEdit(ShownBody):
    """A body that is sent in the place of the parked one."""

    by: str
    at: Second


class ShownHistoryEntry(TypedDict):
    """What happened to a letter."""

    at: Second
    event: Annotated[
        Event,
        Field(description="`redriven`: sent back by itself, as its readers had died."),
    ]
    by: Who
    reason: Annotated[str | None, Field(description="Why it was parked or discarded.")]
    attempts: Annotated[int | None, Field(description="Of the life that ended.")]


class UnreadableField(TypedDict):
    """Why no service can read the message."""

    field: str
    message: str


class ShownWholeLetter(ShownLetter):
    """A dead letter with all that is known of it."""

    traceback: str
    headers: Mapping[str, Any]
    body: ShownBody
    edit: ShownEdit | None
    unreadable: Annotated[list[UnreadableField], Field(description="Empty where the body can be read.")]
    history: list[ShownHistoryEntry]


class ShownLetters(TypedDict):
    """A page of dead letters."""

    dead_letters: list[ShownLetter]
    total: Annotated[int, Field(description="Counted up to 10,000.")]
    page: int
    per_page: int
    pages: int


class ShownReplay(TypedDict):
    """How far a replay of many is."""

    id: ReplayId
    state: ReplayState
    filter: Mapping[str, str]
    rate: Annotated[float, Field(description="Messages a second.", examples=[10])]
    total: Annotated[int, Field(description="Letters that waited when it began.")]
    sent: int
    failed: Annotated[int, Field(description="No queue took them; they wait as before.")]
    started_by: str
    started_at: Second
    ended_at: Second | None


class ShownReplays(TypedDict):
    """The newest replays of many."""

    replays: list[ShownReplay]
