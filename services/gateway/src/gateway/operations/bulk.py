"""Operations of the bulk dialect: thousands of items in, progress to be asked for."""

from typing import Annotated

from pydantic import Field

from gateway.access.scopes import Scope
from gateway.answers.bulk import AcceptedBulk, BulkAnswer, BulkProgress, ChunkResult, RetriedBulk
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag
from gateway.operations.parameters import BULK_ID, IDEMPOTENCY_KEY, OF_PRODUCTS, PAGE, PER_PAGE
from gateway.product_bodies import Bulk

SEND = Operation(
    method="POST",
    path="/api/products/bulk",
    operation_id="sendBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send a catalogue",
    description="It is cut into chunks of at most 50 items. Items that cannot be read are in `msjs` and are "
    "refused, the others go on; what becomes of them is told by webhooks, and to whoever asks.",
    parameters=OF_PRODUCTS,
    body=Body(
        kind=Bulk,
        examples={
            "A new product and a new stock": {
                "items": [
                    {
                        "reference": "SHIRT-01",
                        "category_id": 2,
                        "price": "20000",
                        "stock": 12,
                        "en": {"name": "Shirt", "slug": "shirt"},
                        "es": {"name": "Camisa", "slug": "camisa"},
                        "discounts": [{"quantity": 5, "discount": 5}],
                    },
                    {"reference": "PROD002", "operation": "update", "quantity": 7},
                ]
            },
            "What a catalogue would change": {
                "dry_run": True,
                "items": [{"reference": "SHIRT-01", "price": 1}],
            },
        },
    ),
    answers={
        200: Answer(
            description="Accepted in so many chunks; the items that could not be read.",
            kind=BulkAnswer[AcceptedBulk],
            headers=["Location", "Idempotency-Replayed"],
        )
    },
    refusals={409: "The request with this idempotency key still runs."},
)

PROGRESS = Operation(
    method="GET",
    path="/api/products/bulk/{bulk_id}",
    operation_id="getBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_READ,
    summary="Where a bulk stands, with a page of its items",
    parameters=[BULK_ID, PAGE, PER_PAGE],
    answers={
        200: Answer(
            description="Totals, every chunk, and a page of the items.", kind=BulkAnswer[BulkProgress]
        )
    },
    refusals={422: "There is no such page."},
)

CHUNK = Operation(
    method="GET",
    path="/api/products/bulk/{bulk_id}/chunks/{partition}",
    operation_id="getChunk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_READ,
    summary="One chunk, as its webhook tells it",
    parameters=[
        BULK_ID,
        Parameter(
            name="partition",
            place="path",
            description="Which chunk, from 0.",
            kind=Annotated[int, Field(ge=0)],
            example=0,
        ),
    ],
    answers={
        200: Answer(description="The chunk, with each item that is finished.", kind=BulkAnswer[ChunkResult])
    },
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
    parameters=(BULK_ID, IDEMPOTENCY_KEY),
    answers={
        200: Answer(
            description="It was accepted as a new bulk.",
            kind=BulkAnswer[RetriedBulk],
            headers=("Location", "Idempotency-Replayed"),
        )
    },
    refusals={
        400: "The idempotency key cannot be read.",
        409: "Nothing of it was refused, or not all of it is finished.",
        410: "What was refused is not stored any more.",
        413: "What was refused is more than can be read at a time.",
        422: "The idempotency key stands for another request, or the shop is no longer there.",
    },
)
