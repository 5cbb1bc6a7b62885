"""Operations that tell what there is."""

from typing import Any

from gateway.operations.operation import Answer, Open, Operation, Parameter, Tag

IF_NONE_MATCH = Parameter(
    name="If-None-Match",
    place="header",
    description="The `ETag` of the document that is known already: 304 where it is still the same.",
)


def _document(path: str, operation_id: str, summary: str, answer: str, example: Any) -> Operation:
    return Operation(
        method="GET",
        path=path,
        operation_id=operation_id,
        tag=Tag.DOCUMENTS,
        scope=Open.TO_ALL,
        summary=summary,
        parameters=[IF_NONE_MATCH],
        answers={
            200: Answer(description=answer, kind=dict[str, Any], example=example, headers=["ETag"]),
            304: Answer(description="It is the one that is known.", headers=["ETag"]),
        },
    )


OPENAPI = _document(
    "/openapi.json", "getOpenApi", "This document", "The document, OpenAPI 3.1.", {"openapi": "3.1.0"}
)

POSTMAN = _document(
    "/postman_collection.json",
    "getPostmanCollection",
    "This document as a Postman collection that can be run",
    "The collection, format 2.1.",
    {"info": {"name": "Skuwire"}},
)

ASYNCAPI = _document(
    "/asyncapi.json",
    "getAsyncApi",
    "What is told by webhook and on the broker",
    "The document, AsyncAPI 3.0.",
    {"asyncapi": "3.0.0"},
)
