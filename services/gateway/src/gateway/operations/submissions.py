"""Operations on what was handed in: look through it, take it back."""

from gateway.access.scopes import Scope
from gateway.operations.operation import Operation, Tag

ALL_SYNCS = Operation(
    method="GET",
    path="/api/products/sync",
    operation_id="listSyncs",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_READ,
    summary="Synchronizations, the newest first",
)

CANCEL_SYNC = Operation(
    method="POST",
    path="/api/products/sync/{sync_id}/cancel",
    operation_id="cancelSync",
    tag=Tag.PRODUCTS,
    scope=Scope.PRODUCTS_WRITE,
    summary="Take back what no station has got yet",
)

CANCEL_BULK = Operation(
    method="POST",
    path="/api/products/bulk/{bulk_id}/cancel",
    operation_id="cancelBulk",
    tag=Tag.BULK,
    scope=Scope.PRODUCTS_WRITE,
    summary="Take back what no station has got yet",
)
