"""Operations of the sync dialect: one product or a batch."""

from typing import Annotated, Literal

from pydantic import Field

from gateway.access.scopes import Scope
from gateway.answers.envelopes import Success
from gateway.answers.sync import (
    BatchData,
    BatchStatus,
    FinishedProduct,
    OpenProduct,
    Queued,
    SingleStatus,
)
from gateway.dialects.sync import MAX_REFERENCE
from gateway.operations.operation import Answer, Body, Operation, Parameter, Tag
from gateway.operations.parameters import IDEMPOTENCY_KEY, OF_PRODUCTS, PREFER, SHOP, SYNC_ID, X_SHOP_ID
from gateway.product_bodies import Batch, SingleProduct

COFFEE_MACHINE = {
    "operation": "create",
    "reference": "PROD001",
    "name": "Professional Coffee Machine",
    "description": "High-end espresso machine",
    "price": 1299.99,
    "quantity": 50,
    "active": True,
    "categories": [2],
    "brand": {"name": "CoffeePro"},
    "technical_data": [
        {"Gruppo": "Power", "Descrizione": "Rated power", "Valore": "1450", "Suffisso": "W", "PrintOrder": 1}
    ],
}
NEW_PRICE = {"operation": "update", "reference": "PROD001", "price": 1199.0}

DONE = Answer(
    description="The shop has it.",
    kind=Success[FinishedProduct],
    headers=["Preference-Applied", "Idempotency-Replayed"],
)
GOES_ON = Answer(
    description="Accepted; it takes longer than the caller waits. `Location` tells what becomes of it.",
    kind=Success[OpenProduct | Queued],
    headers=["Location", "Retry-After", "Preference-Applied", "Idempotency-Replayed"],
)
BATCH_DONE = Answer(
    description="All are finished; `success` is false where some were refused.",
    kind=Success[BatchData],
    headers=["Preference-Applied", "Idempotency-Replayed"],
)
BATCH_GOES_ON = Answer(
    description="Accepted; some take longer than the caller waits. `Location` tells what becomes of them.",
    kind=Success[BatchData | Queued],
    headers=["Location", "Retry-After", "Preference-Applied", "Idempotency-Replayed"],
)
SHOP_AWAY = (
    "The shop cannot be reached. It is accepted all the same, and brought to the shop when that answers: "
    "`Location` and `syncId` tell what becomes of it. Not where `Prefer` says that nobody waits."
)
KEY_IN_USE = "The request with this idempotency key still runs."

SEND = Operation(
    method="POST",
    path="/api/products/sync",
    operation_id="syncProduct",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send one product, and wait for what becomes of it",
    description="The answer comes when the shop has the product, or when the caller waits no longer. What a "
    "`create` needs is listed; an `update` may leave out what is to stay as it is.",
    parameters=[*OF_PRODUCTS, PREFER],
    body=Body(
        kind=SingleProduct,
        examples={
            "A new product": COFFEE_MACHINE,
            "A new price": NEW_PRICE,
            "What a new stock would change": NEW_PRICE | {"quantity": 40, "dry_run": True},
        },
    ),
    answers={200: DONE, 202: GOES_ON},
    refusals={
        404: "There is no such product.",
        409: f"There is a product with this reference already. Or: {KEY_IN_USE}",
        502: SHOP_AWAY,
    },
)

SEND_BATCH = Operation(
    method="POST",
    path="/api/products/sync/batch",
    operation_id="syncBatch",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send up to 200 products, with a result for each",
    description="A product that breaks a rule is refused for itself, and its result says why.",
    parameters=[*OF_PRODUCTS, PREFER],
    body=Body(
        kind=Batch,
        examples={
            "Two products": {
                "products": [COFFEE_MACHINE, COFFEE_MACHINE | {"reference": "PROD002", "price": 899.5}]
            }
        },
    ),
    answers={200: BATCH_DONE, 202: BATCH_GOES_ON},
    refusals={409: KEY_IN_USE},
)

STATUS = Operation(
    method="GET",
    path="/api/products/sync/{sync_id}",
    operation_id="getSync",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_READ,
    summary="What became of a synchronization",
    parameters=[SYNC_ID],
    answers={
        200: Answer(
            description="Status, outcome, steps and trace id.",
            kind=Success[SingleStatus] | Success[BatchStatus],
        )
    },
)

RETRY = Operation(
    method="POST",
    path="/api/products/sync/{sync_id}/retry",
    operation_id="retrySync",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Hand in once more what was refused",
    description="What was refused is handed in as it was, and counts as new.",
    parameters=[SYNC_ID, IDEMPOTENCY_KEY, PREFER],
    answers={
        200: Answer(
            description="All are finished.",
            kind=Success[FinishedProduct] | Success[BatchData],
            headers=["Preference-Applied", "Idempotency-Replayed"],
        ),
        202: Answer(
            description="Accepted; it takes longer than the caller waits.",
            kind=Success[OpenProduct | Queued] | Success[BatchData | Queued],
            headers=["Location", "Retry-After", "Preference-Applied", "Idempotency-Replayed"],
        ),
    },
    refusals={
        400: "The idempotency key cannot be read.",
        409: "Nothing was refused, or not all is finished.",
        410: "What was refused is not stored any more.",
        413: "A picture is too large.",
        422: "It is refused again; every violation is listed with its field.",
        502: f"Of a single product: {SHOP_AWAY}",
    },
)

DELETE = Operation(
    method="DELETE",
    path="/api/products/sync/{reference}",
    operation_id="deleteProduct",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_DELETE,
    summary="Delete a product from the shop, or take it off sale",
    parameters=[
        Parameter(
            name="reference",
            place="path",
            description="Your own name of the product.",
            kind=Annotated[str, Field(min_length=1, max_length=MAX_REFERENCE)],
            example="PROD001",
        ),
        Parameter(
            name="mode",
            place="query",
            description="`delete` removes it, `deactivate` leaves it in the shop and takes it off sale.",
            kind=Literal["delete", "deactivate"],
            example="deactivate",
        ),
        Parameter(
            name="dry_run",
            place="query",
            description="`true` changes nothing and tells what would be changed.",
            kind=Literal["true", "false"],
            example="false",
        ),
        SHOP,
        X_SHOP_ID,
        IDEMPOTENCY_KEY,
        PREFER,
    ],
    answers={200: DONE, 202: GOES_ON},
    refusals={
        400: "The idempotency key cannot be read, or the mode is unknown.",
        404: "There is no such product.",
        409: KEY_IN_USE,
        422: "A rule is broken; every violation is listed with its field.",
        502: SHOP_AWAY,
    },
)
