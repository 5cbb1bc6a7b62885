"""For tests: every answer is held against the OpenAPI document."""

import re
from collections.abc import Mapping
from copy import deepcopy
from functools import cache
from typing import Any, cast

import jsonschema_rs

from gateway.openapi.document import openapi_document
from gateway.openapi.headers import HEADERS
from gateway.operations.every import every_operation
from gateway.operations.operation import Operation

OUR_FAULTS = (500,)  # what is not documented because it must not be


@cache
def closed_document() -> dict[str, Any]:
    """The document, in which an object has the properties that are named and no others.

    What is served leaves room for more: clients must not fall over what is added one day.
    """
    document = deepcopy(openapi_document(every_operation()))
    for schema in document["components"]["schemas"].values():
        if "properties" in schema:
            schema.setdefault("additionalProperties", False)
    return document


@cache
def _by_path() -> list[tuple[re.Pattern[str], Operation]]:
    """As a router: the paths that are most fixed come first."""
    known = sorted(every_operation(), key=lambda operation: operation.path.count("{"))
    return [(re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(one.path))), one) for one in known]


def operation_at(method: str, path: str) -> Operation | None:
    """The operation that is asked for by an address; None where there is none."""
    plain = path.partition("?")[0]
    return next((one for form, one in _by_path() if one.method == method and form.fullmatch(plain)), None)


class NotDocumented(AssertionError):
    """An answer is another than the document says."""


def check_documented(method: str, path: str, status: int, headers: Mapping[str, str], body: Any) -> None:
    """Raises `NotDocumented` for an answer that the document does not know."""
    operation = operation_at(method, path)
    if operation is None or status in OUR_FAULTS:
        return
    name = f"{status} of {operation.operation_id}"
    told = _response(operation, status)
    if told is None:
        raise NotDocumented(f"{name} is told nowhere: add it to answers or refusals of the operation")
    unknown = {header for header in HEADERS if header in headers} - set(told["headers"])
    if unknown:
        raise NotDocumented(f"{name} comes with {unknown}, which its headers do not name")
    if method != "HEAD":
        _check_body(operation, status, headers.get("Content-Type", "").partition(";")[0], body)


def _response(operation: Operation, status: int) -> dict[str, Any] | None:
    document = closed_document()
    told = document["paths"][operation.path][operation.method.lower()]["responses"].get(str(status))
    if told is not None and "$ref" in told:
        told = document["components"]["responses"][told["$ref"].rpartition("/")[2]]
    return cast("dict[str, Any] | None", told)


def _check_body(operation: Operation, status: int, content_type: str, body: Any) -> None:
    name = f"{status} of {operation.operation_id}"
    validators = _validators(operation.operation_id, status)
    if not validators:
        if body:
            raise NotDocumented(f"{name} has a body, and no kind is documented")
        return
    if content_type not in validators:
        raise NotDocumented(f"{name} is sent as {content_type!r}, documented are {list(validators)}")
    wrong = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in validators[content_type].iter_errors(body)
    ]
    if wrong and "json" in content_type:
        raise NotDocumented(f"{name} is not as documented: {'; '.join(wrong[:3])} in {body}")


@cache
def _validators(operation_id: str, status: int) -> dict[str, jsonschema_rs.Draft202012Validator]:
    """By content type."""
    [operation] = [one for one in every_operation() if one.operation_id == operation_id]
    content: dict[str, Any] = (_response(operation, status) or {}).get("content", {})
    components = {"components": closed_document()["components"]}
    return {
        content_type: jsonschema_rs.Draft202012Validator({**told["schema"], **components})
        for content_type, told in content.items()
    }
