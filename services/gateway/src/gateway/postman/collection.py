"""The collection as a whole: pure, from the OpenAPI document (Postman Collection Format 2.1)."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gateway.postman.journey import FOLDERS, STEPS, VARIABLE_OF, VARIABLES, Step
from gateway.postman.schemas import with_definitions
from gateway.postman.scripts import OF_COLLECTION, after, before, event

FORMAT = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
ABOUT = """\
Every request of the API, with an example and its answers.

Set `base_url`, and `jwt_token` to a token or an API key; or set `email` and `password`, and the login keeps
the token. Run the whole collection, or single requests from its top: what later ones need, earlier ones keep.
"""
JSON = "application/json"
NOT_IN_GOOD_ORDER = ("401", "403", "408", "429")
"""Statuses that a request in good order is not answered with."""

Document = Mapping[str, Any]


@dataclass(frozen=True)
class Request:
    """An operation of the document, and how it is sent."""

    method: str
    path: str
    operation: Document
    step: Step
    is_known: bool

    @property
    def id(self) -> str:
        found: str = self.operation["operationId"]
        return found

    @property
    def folder(self) -> str:
        found: str = self.operation["tags"][0]
        return found


def postman_collection(document: Document) -> dict[str, Any]:
    """The collection of all operations of an OpenAPI document."""
    requests = list(_requests(document))
    names = [tag["name"] for tag in document["tags"]]
    first = [tag.value for tag in FOLDERS if tag.value in names]
    descriptions = {tag["name"]: tag.get("description", "") for tag in document["tags"]}
    order = list(STEPS)
    return {
        "info": {"name": document["info"]["title"], "description": ABOUT, "schema": FORMAT},
        "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{jwt_token}}", "type": "string"}]},
        "variable": [
            {"key": name, "value": value, "description": about} for name, (value, about) in VARIABLES.items()
        ],
        "event": event("prerequest", OF_COLLECTION),
        "item": [
            {
                "name": folder,
                "description": descriptions[folder],
                "item": [
                    _item(request, document)
                    for request in sorted(
                        (one for one in requests if one.folder == folder),
                        key=lambda one: order.index(one.id) if one.is_known else len(order),
                    )
                ],
            }
            for folder in [*first, *(name for name in names if name not in first)]
        ],
    }


def _requests(document: Document) -> Iterator[Request]:
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            known = STEPS.get(operation["operationId"])
            whole = {**operation, "responses": _with_shared(operation["responses"], document)}
            yield Request(method.upper(), path, whole, known or Step(), known is not None)


def _with_shared(responses: Document, document: Document) -> Document:
    """The responses, those that operations share as well."""
    shared = document["components"].get("responses", {})
    return {
        status: shared[answer["$ref"].rpartition("/")[2]] if "$ref" in answer else answer
        for status, answer in responses.items()
    }


def _item(request: Request, document: Document) -> dict[str, Any]:
    answers: dict[int, Document | None] = dict.fromkeys(request.step.answers)
    answers |= {int(status): schema for status, schema in _answers(request, document)}
    sent = _sent(request, document)
    return {
        "id": request.id,
        "name": f"{request.operation['summary']} · {request.path}",
        "event": [*event("prerequest", before(request.step)), *event("test", after(request.step, answers))],
        "request": sent,
        "response": list(_saved(request, sent)),
    }


def _sent(request: Request, document: Document) -> dict[str, Any]:
    body, content_type = _body(request)
    headers = {**({"Content-Type": content_type} if body is not None else {}), **request.step.headers}
    sent: dict[str, Any] = {
        "method": request.method,
        "header": [{"key": name, "value": value} for name, value in headers.items()],
        "url": _url(request),
        "description": request.operation.get("description", request.operation["summary"]),
    }
    if body is not None:
        language = {"options": {"raw": {"language": "json"}}} if content_type == JSON else {}
        sent["body"] = {"mode": "raw", "raw": body, **language}
    if not request.operation.get("security", document.get("security")):
        sent["auth"] = {"type": "noauth"}
    return sent


def _url(request: Request) -> dict[str, Any]:
    path = re.sub(r"{(\w+)}", r":\1", request.path)
    query = "&".join(f"{name}={value}" for name, value in request.step.query.items())
    return {
        "raw": "{{base_url}}" + path + (f"?{query}" if query else ""),
        "host": ["{{base_url}}"],
        "path": path.strip("/").split("/"),
        "query": [{"key": name, "value": value} for name, value in request.step.query.items()],
        "variable": [
            {"key": name, "value": _value_of(name, request)} for name in re.findall(r"{(\w+)}", request.path)
        ],
    }


def _value_of(name: str, request: Request) -> str:
    """What stands in the path: as the run has it, else the document's example, else what an answer gave."""
    if name in request.step.path:
        return request.step.path[name]
    if request.is_known:
        return "{{" + VARIABLE_OF.get((request.folder, name), name) + "}}"
    parameters = request.operation.get("parameters", ())
    return next(
        (str(one["example"]) for one in parameters if one["name"] == name and "example" in one), "none"
    )


def _body(request: Request) -> tuple[str | None, str]:
    """The text of the body and its content type: the document's first example, with what the run replaces."""
    content: Document = request.operation.get("requestBody", {}).get("content", {})
    content_type = next(iter(content), JSON)
    if request.step.text is not None:
        return request.step.text, content_type
    examples = content.get(content_type, {}).get("examples", {})
    example = next((one["value"] for one in examples.values()), None)
    if request.step.body is not None:
        named = example if isinstance(example, dict) else {}
        return _pretty({**named, **request.step.body}), JSON
    return (None if example is None else _pretty(example)), content_type


def _answers(request: Request, document: Document) -> Iterator[tuple[str, Mapping[str, Any] | None]]:
    """The statuses that are as they should be, each with the schema of its body.

    Of a request that the run knows those that went well; of another whatever the document has, for nobody
    has made ready what it is about.
    """
    for status, answer in request.operation["responses"].items():
        expected = request.step.answers
        if expected:
            wanted = int(status) in expected
        elif request.is_known:
            wanted = status.startswith("2")
        else:
            wanted = status < "5" and status not in NOT_IN_GOOD_ORDER
        if wanted:
            schema = answer.get("content", {}).get(JSON, {}).get("schema")
            yield status, None if schema is None else with_definitions(schema, document)


def _saved(request: Request, sent: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The answers of the document, as Postman shows them beside the request."""
    for status, answer in request.operation["responses"].items():
        content = answer.get("content", {})
        content_type = next(iter(content), None)
        example = None if content_type is None else content[content_type].get("example")
        headers = [] if content_type is None else [{"key": "Content-Type", "value": content_type}]
        yield {
            "name": f"{status} {answer['description']}",
            "originalRequest": {key: sent[key] for key in ("method", "header", "url", "body") if key in sent},
            "code": int(status),
            "_postman_previewlanguage": "json" if content_type == JSON else "text",
            "header": headers,
            "body": example if isinstance(example, str) else "" if example is None else _pretty(example),
        }


def _pretty(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
