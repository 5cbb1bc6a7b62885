"""What the sync dialect answers: seed 000's forms, batches, and where the work stands."""

from typing import Annotated, Literal, NotRequired

from pydantic import Field
from typing_extensions import TypedDict

from gateway.answers.envelopes import IsDryRun
from gateway.answers.paging import Paged
from gateway.answers.plans import ItemPlan, Plan, Proof, ShopRequestsTold, ToldReason
from gateway.answers.words import (
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
    SyncId,
    TraceId,
)
from gateway.submissions import Kind

PicturesCount = Annotated[int, Field(ge=0, description="Pictures that the shop has now.", examples=[3])]
DataCount = Annotated[int, Field(ge=0, description="Technical data that the shop has now.", examples=[15])]
RetryOf = Annotated[SyncId, Field(description="The synchronization whose refused products these are.")]


class ProductData(Proof):
    """A product and its synchronization."""

    productId: ProductId
    reference: Reference
    presta_id: PrestaId
    syncId: SyncId
    operation: OperationName
    imagesProcessed: PicturesCount
    technicalDataProcessed: DataCount


class FinishedProduct(ProductData):
    """A product that is brought to the shop; of a dry run, what would be done."""

    plan: NotRequired[Plan]


class OpenProduct(ProductData):
    """A product that is on its way."""

    status: StatusName


class Queued(TypedDict):
    """Accepted, and nothing more is known at the moment."""

    syncId: SyncId
    status: StatusName


class BatchResult(ProductData):
    """What became of one product of a batch."""

    index: Index
    success: Annotated[bool | None, Field(description="Null while it goes on.", examples=[True])]
    status: StatusName
    outcome: NotRequired[ResultName]
    plan: NotRequired[ItemPlan]
    error: NotRequired[Annotated[str, Field(examples=["Validation failed"])]]
    details: NotRequired[list[ToldReason]]
    retriedIndex: NotRequired[
        Annotated[Index, Field(description="The place in the synchronization that is retried.")]
    ]


class BatchData(TypedDict):
    """What became of a batch, one result for each product in the order of the request."""

    syncId: SyncId
    status: StatusName
    total: Count
    succeeded: Count
    failed: Count
    results: list[BatchResult]
    shopRequests: NotRequired[ShopRequestsTold]
    retryOf: NotRequired[RetryOf | None]
    notStored: NotRequired[
        Annotated[
            list[Index], Field(description="Of a retry: places of products that are not stored any more.")
        ]
    ]


class Step(TypedDict):
    """A station that all of the work has passed."""

    step: Literal["accepted", "validated", "written", "completed"]
    at: Instant


class Standing(TypedDict):
    """Where a synchronization stands."""

    retryOf: NotRequired[RetryOf | None]
    steps: list[Step]
    shop: ShopId
    traceId: TraceId
    submittedAt: Instant
    finishedAt: Instant | None


class SingleStatus(ProductData, Standing):
    """Where the synchronization of one product stands."""

    status: StatusName
    outcome: ResultName | None
    details: list[ToldReason]
    warnings: list[ToldReason]  # type: ignore[misc]  # always there, other than in Proof
    plan: NotRequired[Plan]


class BatchStatus(BatchData, Standing):
    """Where the synchronization of several products stands."""


class ListedSync(TypedDict):
    """A synchronization in a list; one of a single product says how that ended."""

    syncId: SyncId
    kind: Annotated[Kind, Field(examples=[Kind.SYNC.value])]
    status: StatusName
    total: Count
    succeeded: Count
    failed: Count
    shop: ShopId
    traceId: TraceId
    submittedAt: Instant
    finishedAt: Instant | None
    retryOf: NotRequired[RetryOf]
    productId: NotRequired[ProductId]
    reference: NotRequired[Reference]
    presta_id: NotRequired[PrestaId]
    operation: NotRequired[OperationName]
    outcome: NotRequired[ResultName | None]
    details: NotRequired[list[ToldReason]]
    dryRun: NotRequired[IsDryRun]


class SyncList(Paged):
    """A page of synchronizations, the newest first."""

    syncs: list[ListedSync]


class CancelledSync(TypedDict):
    """What of a synchronization was cancelled, and how much of it goes on."""

    syncId: SyncId
    status: StatusName
    cancelled: Count
    open: Count


class RefusedProduct(TypedDict):
    """A product that was not taken in."""

    index: Index
    reference: Reference
    details: list[ToldReason]


class QueuedDelivery(TypedDict):
    """A delivery of an ERP that is durably queued."""

    deliveryId: Annotated[str, Field(examples=["8f14e45f-ceea-467f-a8f3-1c1e9c0d3f10"])]
    syncId: SyncId
    queued: Count
    refused: list[RefusedProduct]
