"""Operations for webhooks of an ERP."""

from gateway.operations.operation import Open, Operation, Tag

DELIVER = Operation(
    method="POST",
    path="/api/webhooks/gesmart/products",
    operation_id="deliverProducts",
    tag=Tag.INBOUND,
    scope=Open.TO_ALL,  # vouched for by its signature
    summary="Products that an ERP tells by itself, signed",
)
