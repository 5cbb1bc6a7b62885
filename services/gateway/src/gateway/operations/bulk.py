"""Operations of the bulk dialect: thousands of items in, progress to be asked for."""

from gateway.access.scopes import Scope
from gateway.answers.bulk import BulkAnswer, RetriedBulk
from gateway.operations.operation import Answer, Operation, Parameter, Tag

BULK_ID = Parameter(
    name="bulk_id", place="path", description="The bulk's id.", example="bulk_0198c1f2a7de7c51"
)

SEND = Operation(
    method="POST",
    path="/api/products/bulk",
    operation_id="sendBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send a catalogue",
)

PROGRESS = Operation(
    method="GET",
    path="/api/products/bulk/{bulk_id}",
    operation_id="getBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_READ,
    summary="Where a bulk stands, with a page of its items",
)

CHUNK = Operation(
    method="GET",
    path="/api/products/bulk/{bulk_id}/chunks/{partition}",
    operation_id="getChunk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_READ,
    summary="One chunk, as its webhook tells it",
)

RETRY = Operation(
    method="POST",
    path="/api/products/bulk/{bulk_id}/retry",
    operation_id="retryBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_WRITE,
    summary="Hand in once more what was refused",
    description="As a new bulk, with new sequences: it counts as sent now. What was refused is stored for "
    "7 days.",
    parameters=(BULK_ID,),
    answers={
        200: Answer(
            description="It was accepted as a new bulk.",
            kind=BulkAnswer[RetriedBulk],
            headers=("Location",),
        )
    },
    refusals={
        409: "Nothing of it was refused, or not all of it is finished.",
        410: "What was refused is not stored any more.",
    },
)
