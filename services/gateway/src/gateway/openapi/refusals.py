"""How operations refuse: the refusals that all have, their envelopes, the headers that come with them."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from gateway.answers.envelopes import Problem, Refused, RefusedV1
from gateway.errors import PROBLEM_JSON
from gateway.operations.operation import Operation, Tag

BROKEN_RULE = "A rule is broken; every violation is listed with its field."

OF_ALL: Mapping[int, str] = {
    429: "A quota is used up; `Retry-After` says when there is something of it again.",
    503: "Nothing was accepted: something that is needed is away, or too much is waiting to be done. "
    "Send it again after `Retry-After`.",
}
OF_CALLERS: Mapping[int, str] = {
    401: "There is no credential, or none that is good.",
    403: "The credential lacks the scope, or is for another tenant or another kind of shop.",
}
OF_BODIES: Mapping[int, str] = {
    400: "The body cannot be read: it is no JSON, or not of the kind that is due.",
    408: "The body did not arrive in time.",
    413: "Something is too large; nothing was accepted.",
    415: "The body is of another content type, charset or encoding.",
    422: BROKEN_RULE,
}
OF_QUERIES: Mapping[int, str] = {422: BROKEN_RULE}
OF_PATHS: Mapping[int, str] = {404: "There is nothing of this name, or nothing of this tenant's."}

HEADERS_OF: Mapping[int, tuple[str, ...]] = {
    401: ("WWW-Authenticate",),
    403: ("WWW-Authenticate",),
    429: ("Retry-After", "RateLimit-Policy", "RateLimit"),  # also where nobody knows who calls
    502: ("Location", "Retry-After", "Preference-Applied", "Idempotency-Replayed"),
    503: ("Retry-After",),
}

SHOP_UNREACHABLE = "The shop cannot be reached; the change is kept and will be written when it answers."


def refusals_of(operation: Operation) -> dict[int, str]:
    """When the operation refuses, by status: what it says of itself counts before what all say."""
    found = dict(operation.refusals)
    for refusals, holds in (
        (OF_ALL, operation.tag is not Tag.HEALTH),
        (OF_CALLERS, not operation.is_open_to_all),
        (OF_BODIES, operation.body is not None),
        (OF_QUERIES, any(parameter.place == "query" for parameter in operation.parameters)),
        (OF_PATHS, any(parameter.place == "path" for parameter in operation.parameters)),
    ):
        if holds:
            found = {**refusals, **found}
    return {status: found[status] for status in sorted(found)}


def envelope_of(path: str) -> Any:
    """The type of a refusal that is answered to a request for this path."""
    return RefusedV1 if path.startswith("/api/v1/") else Refused


def examples_of(operation: Operation, status: int) -> dict[str, Any]:
    """An example of each form of a refusal, by its content type."""
    phrase = HTTPStatus(status).phrase
    code = phrase.lower().replace(" ", "_")
    message = f"{phrase}."
    kept: Mapping[str, Any] = {}
    if status == HTTPStatus.BAD_GATEWAY:
        code, message = "shop_unreachable", SHOP_UNREACHABLE
        kept = {"syncId": "sync_0198c1f2a7de7c51a3b1f0a2c4d5e6f7"}
    problem = {"type": f"urn:skuwire:problem:{code}", "title": phrase, "status": status, "detail": message}
    told: dict[str, Any] = {"success": False, "error": message, "details": []}
    if envelope_of(operation.path) is RefusedV1:
        told = {"status": "error", "error": {"code": code, "message": message, "details": []}}
    return {"application/json": {**told, **kept}, PROBLEM_JSON: {**problem, **kept}}


ENVELOPES = (Refused, RefusedV1, Problem)
