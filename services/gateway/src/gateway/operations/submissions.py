"""Operations on what was handed in: look through it, take it back."""

from typing import Annotated

from pydantic import Field

from gateway.access.scopes import Scope
from gateway.answers.bulk import BulkAnswer, CancelledBulk
from gateway.answers.envelopes import Success
from gateway.answers.sync import CancelledSync, SyncList
from gateway.changes import MAX_REFERENCE
from gateway.operations.operation import Answer, Operation, Parameter, Tag
from gateway.operations.parameters import BULK_ID, PAGE, PER_PAGE, SYNC_ID, Moment
from gateway.submissions import Status

TOO_LATE = "All of it is with the stations that work on it, or finished."

ALL_SYNCS = Operation(
    method="GET",
    path="/api/products/sync",
    operation_id="listSyncs",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_READ,
    summary="Synchronizations, the newest first",
    description="The newest 10,000 between `since` and `until` are looked through.",
    parameters=[
        Parameter(
            name="reference",
            place="query",
            description="Of one product.",
            kind=Annotated[str, Field(max_length=MAX_REFERENCE)],
            example="PROD001",
        ),
        Parameter(
            name="status",
            place="query",
            description="Where the work stands.",
            kind=Status,
            example="completed",
        ),
        Parameter(
            name="since",
            place="query",
            description="Handed in then or later; without an offset it is UTC.",
            kind=Moment,
            example="2026-05-01T08:00:00Z",
        ),
        Parameter(
            name="until",
            place="query",
            description="Handed in before.",
            kind=Moment,
            example="2036-05-01T08:00:00Z",
        ),
        PAGE,
        PER_PAGE,
    ],
    answers={200: Answer(description="A page of them.", kind=Success[SyncList])},
    refusals={422: "The query asks for something that there is not."},
)

CANCEL_SYNC = Operation(
    method="POST",
    path="/api/products/sync/{sync_id}/cancel",
    operation_id="cancelSync",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Take back what no station has got yet",
    parameters=[SYNC_ID],
    answers={
        200: Answer(description="How much was cancelled, and how much goes on.", kind=Success[CancelledSync])
    },
    refusals={409: TOO_LATE},
)

CANCEL_BULK = Operation(
    method="POST",
    path="/api/products/bulk/{bulk_id}/cancel",
    operation_id="cancelBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_WRITE,
    summary="Take back what no station has got yet",
    parameters=[BULK_ID],
    answers={
        200: Answer(
            description="How much was cancelled, and how much goes on.", kind=BulkAnswer[CancelledBulk]
        )
    },
    refusals={409: TOO_LATE},
)
