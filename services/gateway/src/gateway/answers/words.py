"""Words that answers share: ids, times and numbers, each with what it means and how one looks."""

from typing import Annotated

from pydantic import Field, WithJsonSchema

from common.messages import Result
from gateway.submissions import Status

Instant = Annotated[
    str,
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-05-01T08:00:00+00:00"]}),
]
Count = Annotated[int, Field(ge=0, examples=[1])]
SyncId = Annotated[
    str,
    Field(
        description="The synchronization; `GET /api/products/sync/{syncId}` tells of it.",
        pattern=r"^sync_[0-9A-Za-z]+$",
        examples=["sync_0198c1f2a7de7c51a3b1f0a2c4d5e6f7"],
    ),
]
BulkId = Annotated[
    str,
    Field(
        description="The bulk; `GET /api/products/bulk/{bulkId}` tells of it.",
        pattern=r"^bulk_[0-9A-Za-z]+$",
        examples=["bulk_0198c1f2a7de7c51a3b1f0a2c4d5e6f7"],
    ),
]
ProductId = Annotated[
    int | None, Field(description="Our id of the product, the same for all its life.", examples=[1])
]
PrestaId = Annotated[
    int | None, Field(description="The product's id in the shop, once it is there.", examples=[456])
]
Reference = Annotated[
    str | None, Field(description="The sender's own name of the product.", examples=["PROD001"])
]
ShopId = Annotated[str, Field(description="The shop.", examples=["milano"])]
TraceId = Annotated[
    str | None,
    Field(
        description="Finds the product in the logs of all services.",
        examples=["4bf92f3577b34da6a3ce929d0e0e4736"],
    ),
]
StatusName = Annotated[
    Status,
    WithJsonSchema(
        {"type": "string", "enum": [status.value for status in Status], "examples": ["completed"]}
    ),
]
OperationName = Annotated[str, Field(description="What was asked for.", examples=["create"])]
ResultName = Annotated[
    str,
    WithJsonSchema(
        {"type": "string", "enum": [result.value for result in Result], "examples": [Result.CREATED.value]}
    ),
]
Index = Annotated[int, Field(ge=0, description="The place in the list that was sent, from 0.", examples=[0])]
