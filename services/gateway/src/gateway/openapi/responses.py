"""The responses of operations: what goes well, and how they refuse."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from gateway.answers.envelopes import Problem, RefusedV1
from gateway.errors import PROBLEM_JSON
from gateway.openapi.refusals import HEADERS_OF, envelope_of, examples_of, refusals_of
from gateway.openapi.schemas import Schemas
from gateway.operations.operation import Answer, Operation

ALWAYS = ("X-Trace-Id",)
OF_CALLERS = ("RateLimit-Policy", "RateLimit")

Response = dict[str, Any]


class Responses:
    """The responses of all operations. Refusals that many have in common are `shared`, and referred to."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas
        self.shared: dict[str, Response] = {}

    def of(self, operation: Operation) -> dict[str, Response]:
        """By status, as text."""
        found = {status: self._answer(operation, answer) for status, answer in operation.answers.items()}
        for status, told in refusals_of(operation).items():
            own = status in operation.refusals or operation.method == "HEAD"
            refusal = self._refusal(operation, status, told)
            found.setdefault(status, refusal if own else self._share(operation, status, refusal))
        return {str(status): found[status] for status in sorted(found)}

    def _share(self, operation: Operation, status: int, refusal: Response) -> Response:
        name = HTTPStatus(status).phrase.title().replace(" ", "").replace("-", "")
        name += "V1" if envelope_of(operation.path) is RefusedV1 else ""
        name += "ToAll" if operation.is_open_to_all else ""
        name += "OfKey" if _of_keys(operation, status) else ""
        self.shared[name] = refusal
        return {"$ref": f"#/components/responses/{name}"}

    def _answer(self, operation: Operation, answer: Answer) -> Response:
        told = {"description": answer.description, "headers": _headers(operation, answer.headers)}
        if answer.kind is None:
            return told
        schema = self._schemas.of(answer.kind)
        example = self._schemas.example_of(schema) if answer.example is None else answer.example
        return told | {"content": {answer.content_type: {"schema": schema, "example": example}}}

    def _refusal(self, operation: Operation, status: int, told: str) -> Response:
        headers = _headers(operation, (*HEADERS_OF.get(status, ()), *_of_keys(operation, status)))
        if operation.method == "HEAD":
            return {"description": told, "headers": headers}
        kinds = {"application/json": envelope_of(operation.path), PROBLEM_JSON: Problem}
        examples = examples_of(operation, status)
        content = {
            content_type: {"schema": self._schemas.of(kind), "example": examples[content_type]}
            for content_type, kind in kinds.items()
        }
        return {"description": told, "headers": headers, "content": content}


def _of_keys(operation: Operation, status: int) -> tuple[str, ...]:
    """What a refusal has where the request may come with an idempotency key: kept ones are given again."""
    if all(parameter.name != "Idempotency-Key" for parameter in operation.parameters) or status >= 500:
        return ()
    return ("Idempotency-Replayed", "Retry-After") if status == 409 else ("Idempotency-Replayed",)


def _headers(operation: Operation, own: Iterable[str]) -> dict[str, Any]:
    standing = () if operation.is_open_to_all else OF_CALLERS
    return {name: {"$ref": f"#/components/headers/{name}"} for name in (*ALWAYS, *own, *standing)}
