"""Operations on dead letters: for the admins of a tenant, and for the operator, who sees those of all."""

from dataclasses import dataclass

from gateway.access.scopes import Scope
from gateway.dead_letters.letters import LetterState
from gateway.operations.operation import Open, Operation, Parameter, Tag

FILTER = (
    Parameter(name="service", place="query", description="That failed on it", example="prestashop-writer"),
    Parameter(name="type", place="query", description="Of message", example="chunk.validated.v1"),
    Parameter(name="reason", place="query", description="A part of the reason", example="KeyError"),
    Parameter(name="shop", place="query", description="That it is about", example="milano"),
    Parameter(name="since", place="query", description="Parked from then on", example="2026-05-01T08:00:00Z"),
    Parameter(name="until", place="query", description="Parked before", example="2026-05-02T08:00:00Z"),
    Parameter(name="state", place="query", description="Where it stands", kind=LetterState),
    Parameter(name="page", place="query", description="From 1", kind=int),
    Parameter(name="per_page", place="query", description="At most 100; 20 unless told", kind=int),
)
LETTER = Parameter(name="letter_id", place="path", description="The letter's id")
REPLAY = Parameter(name="replay_id", place="path", description="The replay's id")
REASON = Parameter(
    name="reason",
    place="query",
    description="Why nobody needs the message",
    required=True,
    example="sent anew",
)


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
    def operation(
        method: str, path: str, name: str, summary: str, *parameters: Parameter, description: str = ""
    ) -> Operation:
        return Operation(
            method=method,
            path=prefix + path,
            operation_id=name.replace("DeadLetter", f"{whose}DeadLetter"),
            tag=Tag.DEAD_LETTERS,
            scope=scope,
            summary=summary,
            description=description,
            parameters=parameters,
        )

    return DeadLetterOperations(
        all=operation("GET", "", "listDeadLetters", "Messages that no service could handle", *FILTER),
        replay_many=operation(
            "POST",
            "/replay",
            "replayDeadLetters",
            "Send letters that wait back to their services, one after the other",
            description="In the background, so many messages a second (`rate`, 10 unless told). Where the "
            "gateway is restarted it goes on.",
        ),
        replays=operation("GET", "/replays", "listDeadLetterReplays", "The newest replays of many"),
        replay=operation("GET", "/replays/{replay_id}", "getDeadLetterReplay", "How far a replay is", REPLAY),
        stop_replay=operation(
            "DELETE", "/replays/{replay_id}", "stopDeadLetterReplay", "Send nothing more of a replay", REPLAY
        ),
        one=operation(
            "GET", "/{letter_id}", "getDeadLetter", "One letter: why, its body, its history", LETTER
        ),
        replay_one=operation(
            "POST",
            "/{letter_id}/replay",
            "replayDeadLetter",
            "Send a letter back to its service",
            LETTER,
            description="`body`, where it is given, is sent in the place of the parked one under the same "
            "message id: it must be readable, and about the same tenant, shop, submission and items. "
            "Sending a letter twice has one effect.",
        ),
        discard=operation("DELETE", "/{letter_id}", "discardDeadLetter", "Leave it be", LETTER, REASON),
    )


OF_TENANT = _operations_at("/api/v1/dead-letters", Scope.ADMIN)
OF_OPERATOR = _operations_at("/operator/dead-letters", Open.TO_OPERATOR, "Any")
OF_DOCUMENT = vars(OF_TENANT)
"""What the document tells; the operator's are as these, below another path and with another credential."""
