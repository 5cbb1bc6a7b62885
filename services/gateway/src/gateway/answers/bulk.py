"""What the bulk dialect answers: seed 004's forms."""

from typing import Annotated, Generic, Literal, NotRequired, TypeVar

from pydantic import Field, JsonValue
from typing_extensions import TypedDict

from gateway.answers.envelopes import IsDryRun
from gateway.answers.plans import ItemPlan, Proof, ShopRequestsTold, ToldReason
from gateway.answers.words import (
    BulkId,
    Count,
    Index,
    Instant,
    OperationName,
    PrestaId,
    ProductId,
    Reference,
    ResultName,
    ShopId,
    StatusName,
    TraceId,
)

T = TypeVar("T")

Messages = Annotated[
    str,
    Field(
        description="A JSON text: `{field: [sentence, …]}`.",
        examples=['{"price":["Price must be a positive number"]}'],
    ),
]


class BulkAnswer(TypedDict, Generic[T]):
    """What stands around the answers of the bulk dialect."""

    data: T
    dryRun: NotRequired[IsDryRun]


class RefusedBulkItem(TypedDict):
    """An item that could not be read; the others go on."""

    type: Literal["error"]
    operation: OperationName
    msjs: Messages
    item: Annotated[JsonValue, Field(description="The item as it was sent, without the bytes of pictures.")]
    reasons: list[ToldReason]


class AcceptedBulk(TypedDict):
    """So many chunks, and the items that could not be read."""

    bulkId: BulkId
    chunks: Count
    errors: Annotated[int, Field(ge=0, description="How many items could not be read.", examples=[0])]
    msjs: list[RefusedBulkItem]


class RetriedBulk(AcceptedBulk):
    """The same for items that were handed in again."""

    retryOf: BulkId | None
    retried: Annotated[int, Field(ge=1, description="How many items were handed in again.", examples=[3])]
    notStored: Annotated[
        list[Index], Field(description="Refused items of the earlier bulk that are not stored any more.")
    ]


class BulkChunk(TypedDict):
    """One chunk: at most 50 items that travel together."""

    chunkId: Annotated[str, Field(examples=["bulk_0198c1f2a7de7c51a3b1f0a2c4d5e6f7_1"])]
    partition: Count
    status: StatusName
    totalItems: Count
    completed: Count
    errors: Count
    validatedAt: Instant | None
    writtenAt: Instant | None
    completedAt: Instant | None
    shopRequests: NotRequired[ShopRequestsTold]


class ItemOfBulk(Proof):
    """One item, and how it ended."""

    index: Index
    operation: OperationName
    id: ProductId
    reference: Reference
    presta_id: PrestaId
    result: ResultName | None
    imagesProcessed: Count
    technicalDataProcessed: Count
    errors: list[ToldReason]
    warnings: list[ToldReason]  # type: ignore[misc]  # always there, other than in Proof
    plan: NotRequired[ItemPlan]


class BulkProgress(TypedDict):
    """Where a bulk stands: totals, every chunk, and a page of the items."""

    bulkId: BulkId
    status: StatusName
    shop: ShopId
    retryOf: NotRequired[BulkId]
    traceId: TraceId
    totalItems: Count
    open: Count
    created: Count
    updated: Count
    unchanged: Count
    deleted: Count
    refused: Count
    refusedAtTheDoor: Annotated[Count, Field(description="Items that could not be read.")]
    imagesProcessed: Count
    submittedAt: Instant
    startedAt: Instant | None
    finishedAt: Instant | None
    dryRun: NotRequired[IsDryRun]
    shopRequests: NotRequired[ShopRequestsTold]
    chunks: list[BulkChunk]
    items: list[ItemOfBulk]
    page: Annotated[int, Field(ge=1, examples=[1])]
    perPage: Annotated[int, Field(ge=1, examples=[100])]
    pages: Annotated[int, Field(ge=0, examples=[1])]


class NamedItem(TypedDict):
    """Which item it is."""

    id: ProductId
    reference: Reference
    presta_id: PrestaId
    position: Index


class RefusedOfChunk(TypedDict):
    """An item of a chunk that was refused."""

    type: Literal["error"]
    operation: OperationName
    msjs: Messages
    item: NamedItem
    reasons: list[ToldReason]


class ChunkResult(BulkChunk):
    """One chunk in the form of its webhook, with each item that is finished."""

    itemsCompleted: list[ItemOfBulk]
    msjs: list[RefusedOfChunk]


class CancelledBulk(TypedDict):
    """What of a bulk was cancelled, and how much of it goes on."""

    bulkId: BulkId
    status: StatusName
    cancelled: Count
    open: Count
