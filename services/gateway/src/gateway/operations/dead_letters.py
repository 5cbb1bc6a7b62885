"""Operations on dead letters: for the admins of a tenant, and for the operator, who sees those of all."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field
from typing_extensions import TypedDict

from gateway.access.scopes import Scope
from gateway.answers.dead_letters import ShownLetters, ShownReplay, ShownReplays, ShownWholeLetter
from gateway.answers.envelopes import Success, SuccessV1
from gateway.dead_letters.letters import MAX_RATE, MIN_RATE, LetterState
from gateway.operations.operation import Answer, Body, Open, Operation, Parameter, Tag

FILTER = (
    Parameter(name="service", place="query", description="That failed on it", example="prestashop-writer"),
    Parameter(name="type", place="query", description="Of message", example="chunk.validated.v1"),
    Parameter(name="reason", place="query", description="A part of the reason", example="KeyError"),
    Parameter(name="shop", place="query", description="That it is about", example="milano"),
    Parameter(name="since", place="query", description="Parked from then on", example="2026-05-01T08:00:00Z"),
    Parameter(name="until", place="query", description="Parked before", example="2026-05-02T08:00:00Z"),
    Parameter(
        name="state", place="query", description="Where it stands.", kind=LetterState, example="waiting"
    ),
    Parameter(name="page", place="query", description="From 1.", kind=int, example=1),
    Parameter(
        name="per_page", place="query", description="At most 100; 20 unless told.", kind=int, example=20
    ),
)
LETTER = Parameter(
    name="letter_id",
    place="path",
    description="The letter's id.",
    example="6f0a2c9e-6b0f-5d0b-9d53-6d1f0f5d2f1c",
)
REPLAY = Parameter(
    name="replay_id", place="path", description="The replay's id.", example="rpl_0123456789abcdef"
)
REASON = Parameter(
    name="reason",
    place="query",
    description="Why nobody needs the message",
    required=True,
    example="sent anew",
)

NO_LETTER = "There is no such letter."
NO_REPLAY = "There is no such replay."


class LetterToReplay(TypedDict, total=False):
    """What is sent in the place of the parked body: the whole message."""

    body: Mapping[str, Any]


class WantedLetters(TypedDict, total=False):
    """Which letters; what is left out does not matter."""

    service: str
    type: str
    reason: Annotated[str, Field(description="A part of the reason.")]
    shop: str
    since: Annotated[str, Field(description="Parked from then on.", examples=["2026-05-01T08:00:00Z"])]
    until: Annotated[str, Field(description="Parked before.", examples=["2026-05-02T08:00:00Z"])]


class LettersToReplay(TypedDict, total=False):
    """Which letters that wait, and how many messages a second."""

    filter: WantedLetters
    rate: Annotated[float, Field(ge=MIN_RATE, le=MAX_RATE)]


@dataclass(frozen=True)
class DeadLetterOperations:
    """What can be done with letters, in one place."""

    all: Operation
    one: Operation
    replay_one: Operation
    discard: Operation
    replay_many: Operation
    replays: Operation
    replay: Operation
    stop_replay: Operation


def _operations_at(prefix: str, scope: Scope | Open, whose: str = "") -> DeadLetterOperations:
    v1 = prefix.startswith("/api/v1/")

    def went_well(status: int, kind: Any, description: str, *headers: str) -> dict[int, Answer]:
        enveloped = SuccessV1[kind] if v1 else Success[kind]
        return {status: Answer(description=description, kind=enveloped, headers=headers)}

    def operation(method: str, path: str, name: str, summary: str, **more: Any) -> Operation:
        return Operation(
            method=method,
            path=prefix + path,
            operation_id=name.replace("DeadLetter", f"{whose}DeadLetter"),
            tag=Tag.DEAD_LETTERS,
            scope=scope,
            summary=summary,
            **more,
        )

    return DeadLetterOperations(
        all=operation(
            "GET",
            "",
            "listDeadLetters",
            "Messages that no service could handle",
            parameters=FILTER,
            answers=went_well(200, ShownLetters, "A page, those that were parked last first."),
        ),
        replay_many=operation(
            "POST",
            "/replay",
            "replayDeadLetters",
            "Send letters that wait back to their services, one after the other",
            description="In the background, so many messages a second (`rate`, 10 unless told). It goes on "
            "where the gateway is restarted.",
            body=Body(
                kind=LettersToReplay,
                examples={
                    "Of one service": {"filter": {"service": "prestashop-writer"}, "rate": 20},
                    "All": {},
                },
            ),
            answers=went_well(202, ShownReplay, "It has begun.", "Location"),
        ),
        replays=operation(
            "GET",
            "/replays",
            "listDeadLetterReplays",
            "The newest replays of many",
            answers=went_well(200, ShownReplays, "The newest 100."),
        ),
        replay=operation(
            "GET",
            "/replays/{replay_id}",
            "getDeadLetterReplay",
            "How far a replay is",
            parameters=(REPLAY,),
            answers=went_well(200, ShownReplay, "The replay."),
            refusals={404: NO_REPLAY},
        ),
        stop_replay=operation(
            "DELETE",
            "/replays/{replay_id}",
            "stopDeadLetterReplay",
            "Send nothing more of a replay",
            parameters=(REPLAY,),
            answers=went_well(200, ShownReplay, "As it ended; what was sent stays sent."),
            refusals={404: NO_REPLAY},
        ),
        one=operation(
            "GET",
            "/{letter_id}",
            "getDeadLetter",
            "One letter: why, its body, its history",
            parameters=(LETTER,),
            answers=went_well(200, ShownWholeLetter, "The letter."),
            refusals={404: NO_LETTER},
        ),
        replay_one=operation(
            "POST",
            "/{letter_id}/replay",
            "replayDeadLetter",
            "Send a letter back to its service",
            description="`body`, where it is given, is sent in the place of the parked one under the same "
            "message id: it must be readable, and about the same tenant, shop, submission and items. "
            "Sending a letter twice has one effect.",
            parameters=(LETTER,),
            body=Body(kind=LetterToReplay, examples={"As it was sent last": {}}, required=False),
            answers=went_well(202, ShownWholeLetter, "Its service has got the message back."),
            refusals={
                404: NO_LETTER,
                409: "No other body makes it readable, or its id and headers cannot be sent.",
                503: "It waits as before.",
            },
        ),
        discard=operation(
            "DELETE",
            "/{letter_id}",
            "discardDeadLetter",
            "Leave a letter alone, for a reason",
            parameters=(LETTER, REASON),
            answers={204: Answer(description="It counts no more, and is kept for 30 days.")},
            refusals={404: NO_LETTER, 409: "It does not wait."},
        ),
    )


OF_TENANT = _operations_at("/api/v1/dead-letters", Scope.ADMIN)
OF_OPERATOR = _operations_at("/operator/dead-letters", Open.TO_OPERATOR, "Any")
OF_DOCUMENT = vars(OF_TENANT)
"""What the document tells; the operator's are as these, below another path and with another credential."""
