"""Operations that tell what there is."""

from typing import Any

from gateway.operations.operation import Answer, Open, Operation, Parameter, Tag

IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    place="header",
    description="The `ETag` of the document that is known already: 304 where it is still the same.",
)

OPENAPI = Operation(
    method="GET",
    path="/openapi.json",
    operation_id="getOpenApi",
    tag=Tag.DOCUMENTS,
    scope=Open.TO_ALL,
    summary="This document",
    parameters=[IF_NONE_MATCH],
    answers={
        200: Answer(
            description="The document, OpenAPI 3.1.",
            kind=dict[str, Any],
            example={"openapi": "3.1.0"},
            headers=["ETag"],
        ),
        304: Answer(description="It is the one that is known.", headers=["ETag"]),
    },
)
