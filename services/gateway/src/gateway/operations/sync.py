"""Operations of the sync dialect: one product or a batch."""

from gateway.access.scopes import Scope
from gateway.operations.operation import Operation, Tag

SEND = Operation(
    method="POST",
    path="/api/products/sync",
    operation_id="syncProduct",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send one product, and wait for what becomes of it",
)

SEND_BATCH = Operation(
    method="POST",
    path="/api/products/sync/batch",
    operation_id="syncBatch",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send up to 200 products, with a result for each",
)

STATUS = Operation(
    method="GET",
    path="/api/products/sync/{sync_id}",
    operation_id="getSync",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_READ,
    summary="What became of a synchronization",
)

RETRY = Operation(
    method="POST",
    path="/api/products/sync/{sync_id}/retry",
    operation_id="retrySync",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Hand in once more what was refused",
)

DELETE = Operation(
    method="DELETE",
    path="/api/products/sync/{reference}",
    operation_id="deleteProduct",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_DELETE,
    summary="Delete a product from the shop, or take it off sale",
)
