"""Operations of the bulk dialect: thousands of items in, progress to be asked for."""

from gateway.access.scopes import Scope
from gateway.operations.operation import Operation, Tag

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
