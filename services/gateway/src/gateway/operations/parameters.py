"""Parameters that several operations share."""

from typing import Annotated, Any

from pydantic import Field, WithJsonSchema

from gateway.operations.operation import Parameter
from gateway.paging import MAX_PAGE, MAX_PER_PAGE

Moment = Annotated[Any, WithJsonSchema({"type": "string", "format": "date-time"})]

SHOP = Parameter(
    name="shop",
    place="query",
    description="The shop that is meant; else the first that the caller works with.",
    example="milano",
)
X_SHOP_ID = Parameter(
    name="X-Shop-Id", place="header", description="The same as `shop`, which counts before it."
)
X_TENANT_ID = Parameter(
    name="X-Tenant-Id",
    place="header",
    description="The tenant that the caller means to be: 403 where the credential is another's.",
)
IDEMPOTENCY_KEY = Parameter(
    name="Idempotency-Key",
    place="header",
    description="One effect and one answer for one key, for a day: sent again with the same body, the "
    "request gets the answer that was given before. Another body gets 422, a request that still runs 409 "
    "(draft-ietf-httpapi-idempotency-key-header).",
    kind=Annotated[str, Field(pattern=r"^[!#-~]{1,255}$")],
    example="8e03978e-40d5-43dd-bc93-6894a57f9324",
)
PREFER = Parameter(
    name="Prefer",
    place="header",
    description="`wait=5` waits so many seconds for the result, `respond-async` not at all (RFC 7240).",
    example="wait=5",
)
PAGE = Parameter(
    name="page",
    place="query",
    description="Which page, from 1.",
    kind=Annotated[int, Field(ge=1, le=MAX_PAGE)],
    example=1,
)
PER_PAGE = Parameter(
    name="per_page",
    place="query",
    description="How many entries a page has.",
    kind=Annotated[int, Field(ge=1, le=MAX_PER_PAGE)],
    example=20,
)
SYNC_ID = Parameter(
    name="sync_id",
    place="path",
    description="The `syncId` of an answer.",
    kind=Annotated[str, Field(pattern="^sync_[0-9A-Za-z]+$")],
    example="sync_0198c1f2a7de7c51a3b1f0a2c4d5e6f7",
)
BULK_ID = Parameter(
    name="bulk_id",
    place="path",
    description="The `bulkId` of an answer.",
    kind=Annotated[str, Field(pattern="^bulk_[0-9A-Za-z]+$")],
    example="bulk_0198c1f2a7de7c51a3b1f0a2c4d5e6f7",
)

OF_PRODUCTS = (SHOP, X_SHOP_ID, IDEMPOTENCY_KEY)
"""Of whatever hands products in."""
