"""What a request can be refused with, and the body of each answer: one place for all dialects.

Seed 000's form is `{success: false, error, details: [{field, message}]}`; `/api/v1` answers in seed 001's
`{status: "error", error: {code, message, details}}`; whoever accepts `application/problem+json` gets
RFC 9457 problem details.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from common.messages import Reason

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER_SECONDS = 5


@dataclass
class Refusal(Exception):
    """The request is not carried out; the fields become the answer."""

    status: int
    code: str
    message: str
    details: Sequence[Reason] = ()
    headers: Mapping[str, str] = field(default_factory=dict)


def unreadable(message: str) -> Refusal:
    """400: the body is not JSON, or not of the kind that the route reads."""
    return Refusal(400, "unreadable", message)


def violated(details: Sequence[Reason]) -> Refusal:
    """422 with every violation; 400 for an unknown operation, 413 where only pictures are too large."""
    if any(reason.code == "operation_unknown" for reason in details):
        return Refusal(400, "operation_unknown", "Unknown operation", details)
    if details and all(reason.code == "image_too_large" for reason in details):
        return Refusal(413, "image_too_large", "Image too large", details)
    return Refusal(422, "validation_failed", "Validation failed", details)


def unauthorized(message: str, *, token_was_sent: bool = False) -> Refusal:
    """401, with the challenge of RFC 6750."""
    challenge = 'Bearer realm="skuwire"' + (', error="invalid_token"' if token_was_sent else "")
    return Refusal(401, "unauthorized", message, headers={"WWW-Authenticate": challenge})


def not_found(message: str) -> Refusal:
    """404: there is nothing here, or nothing of this tenant's."""
    return Refusal(404, "not_found", message)


def too_large(message: str) -> Refusal:
    """413, told before the body is read where its length is announced."""
    return Refusal(413, "too_large", message)


def unsupported(message: str) -> Refusal:
    """415: another content type or encoding."""
    return Refusal(415, "unsupported_media_type", message)


def unavailable(message: str) -> Refusal:
    """503: nothing was accepted; the same request may be sent again."""
    return Refusal(503, "unavailable", message, headers={"Retry-After": str(RETRY_AFTER_SECONDS)})


def body_of(refusal: Refusal, path: str, accept: str = "") -> tuple[str, dict[str, Any]]:
    """Content type and body of the answer to a request for `path`."""
    details = [{"field": reason.field, "message": reason.message} for reason in refusal.details]
    if PROBLEM_JSON in accept:
        problem: dict[str, Any] = {
            "type": f"urn:skuwire:problem:{refusal.code}",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": refusal.message,
        }
        return PROBLEM_JSON, problem | ({"errors": details} if details else {})
    if path.startswith("/api/v1/"):
        error = {"code": refusal.code, "message": refusal.message, "details": details}
        return "application/json", {"status": "error", "error": error}
    return "application/json", {"success": False, "error": refusal.message, "details": details}
