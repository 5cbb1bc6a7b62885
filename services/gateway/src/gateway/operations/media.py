"""Operations on pictures that are sent ahead."""

from gateway.access.scopes import Scope
from gateway.operations.operation import Operation, Tag

SEND = Operation(
    method="PUT",
    path="/api/v1/media/{sha256}",
    operation_id="sendPicture",
    tag=Tag.PICTURES,
    scope=Scope.PRODUCTS_WRITE,
    summary="Send a picture ahead of the products that show it",
)

KNOWN = Operation(
    method="HEAD",
    path="/api/v1/media/{sha256}",
    operation_id="isPictureKnown",
    tag=Tag.PICTURES,
    scope=Scope.PRODUCTS_WRITE,  # asked before sending
    summary="Whether a picture was sent before",
)
