"""The document as a whole: pure, from a list of operations."""

from collections.abc import Iterable, Iterator
from typing import Any

from gateway.access.scopes import Scope
from gateway.openapi.headers import HEADERS
from gateway.openapi.refusals import ENVELOPES
from gateway.openapi.responses import Responses
from gateway.openapi.schemas import Schemas
from gateway.operations.operation import ABOUT_TAGS, Body, Open, Operation, Parameter, Tag
from gateway.operations.parameters import X_TENANT_ID

VERSION = "1.0.0"
ABOUT = """\
Describe products; Skuwire brings PrestaShop shops to that state and reports what happened to each of them.

A field that is left out stays as it is, `null` clears it, a list is the whole desired list. Every violation
of a body is listed with its path, and nothing is half-applied. `X-Trace-Id` of every answer finds one product
in the logs of all services. Whoever accepts `application/problem+json` is refused with problem details
(RFC 9457).
"""
CREDENTIALS = {
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "An access token of a login, or an API key.",
    },
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key", "description": "An API key."},
}
METHODS = ("POST", "GET", "HEAD", "PUT", "PATCH", "DELETE")


def openapi_document(operations: Iterable[Operation]) -> dict[str, Any]:
    """The OpenAPI 3.1 document of these operations, by tag and path, but for those of the operator alone."""
    told = (one for one in operations if one.scope is not Open.TO_OPERATOR)
    known = sorted(told, key=_place)
    schemas = Schemas([*ENVELOPES, *_kinds(known)])
    responses = Responses(schemas)
    paths: dict[str, dict[str, Any]] = {}
    for one in known:
        paths.setdefault(one.path, {})[one.method.lower()] = _operation(one, schemas, responses)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Skuwire", "version": VERSION, "description": ABOUT},
        "servers": [{"url": "/", "description": "The gateway that serves this document."}],
        "tags": [
            {"name": tag.value, "description": ABOUT_TAGS[tag]}
            for tag in Tag
            if any(operation.tag is tag for operation in known)
        ],
        "paths": paths,
        "components": {
            "schemas": dict(sorted(schemas.components.items())),
            "responses": dict(sorted(responses.shared.items())),
            "headers": dict(HEADERS),
            "securitySchemes": CREDENTIALS,
        },
    }


def _place(operation: Operation) -> tuple[int, str, int]:
    return list(Tag).index(operation.tag), operation.path, METHODS.index(operation.method)


def _kinds(operations: Iterable[Operation]) -> Iterator[Any]:
    for operation in operations:
        yield from (parameter.kind for parameter in _parameters(operation))
        if operation.body is not None:
            yield operation.body.kind
        yield from (answer.kind for answer in operation.answers.values() if answer.kind is not None)


def _parameters(operation: Operation) -> list[Parameter]:
    return [*operation.parameters, *([] if operation.is_open_to_all else [X_TENANT_ID])]


def _operation(operation: Operation, schemas: Schemas, responses: Responses) -> dict[str, Any]:
    told: dict[str, Any] = {
        "operationId": operation.operation_id,
        "tags": [operation.tag.value],
        "summary": operation.summary,
        "description": _description(operation),
        "parameters": [_parameter(parameter, schemas) for parameter in _parameters(operation)],
        "requestBody": None if operation.body is None else _body(operation.body, schemas),
        "responses": responses.of(operation),
    }
    return {key: value for key, value in told.items() if value not in (None, "", [])} | {
        "security": [] if operation.is_open_to_all else _credentials(operation)
    }


def _description(operation: Operation) -> str:
    needs = f"Needs the scope `{operation.scope}`." if isinstance(operation.scope, Scope) else ""
    return "\n\n".join(part for part in (operation.description.strip(), needs) if part)


def _credentials(operation: Operation) -> list[dict[str, list[str]]]:
    scopes = sorted(scope.value for scope in operation.needed_scopes)
    return [{name: scopes} for name in CREDENTIALS]


def _parameter(parameter: Parameter, schemas: Schemas) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "required": parameter.required or parameter.place == "path",
        "schema": schemas.of(parameter.kind),
        **({} if parameter.example is None else {"example": parameter.example}),
    }


def _body(body: Body, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {"schema": schemas.of(body.kind)}
    if body.examples:
        content["examples"] = {title: {"value": value} for title, value in body.examples.items()}
    return {"required": body.required, "content": {body.content_type: content}}
