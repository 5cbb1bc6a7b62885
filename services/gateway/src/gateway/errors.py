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
MAX_DETAILS = 1000


@dataclass
class Refusal(Exception):
    """The request is not carried out; the fields become the answer."""

    status: int
    code: str
    message: str
    details: Sequence[Reason] = ()
    headers: Mapping[str, str] = field(default_factory=dict)
    dry_run: bool = False
    problem: Mapping[str, Any] = field(default_factory=dict)  # members of problem details beside ours
    told: Mapping[str, Any] = field(default_factory=dict)  # the same, in every form


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


def forbidden(scope: str) -> Refusal:
    """403 for a caller that lacks the scope, with the challenge of RFC 6750."""
    challenge = f'Bearer realm="skuwire", error="insufficient_scope", scope="{scope}"'
    message = f"This needs the scope {scope}, which the credential does not have."
    return Refusal(403, "insufficient_scope", message, headers={"WWW-Authenticate": challenge})


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
    """Content type and body of the answer to a request for `path`; a dry run is told in all of them."""
    content_type, body = _body_of(refusal, path, accept)
    return content_type, body | dict(refusal.told) | ({"dryRun": True} if refusal.dry_run else {})


def _with_code(reason: Reason) -> dict[str, str]:
    return ({"code": reason.code} if reason.code else {}) | {"field": reason.field, "message": reason.message}


def _listed(reasons: Sequence[Reason]) -> list[Reason]:
    """As many as somebody may want to read: an answer is not longer than what it answers."""
    more = len(reasons) - MAX_DETAILS
    last = [Reason(code="more", field="", message=f"{more} more are not listed.")] if more > 0 else []
    return [*reasons[:MAX_DETAILS], *last]


def _body_of(refusal: Refusal, path: str, accept: str) -> tuple[str, dict[str, Any]]:
    reasons = _listed(refusal.details)
    details = [{"field": reason.field, "message": reason.message} for reason in reasons]
    if PROBLEM_JSON in accept:
        problem: dict[str, Any] = {
            "type": f"urn:skuwire:problem:{refusal.code}",
            "title": HTTPStatus(refusal.status).phrase,
            "status": refusal.status,
            "detail": refusal.message,
        }
        errors = [_with_code(reason) for reason in reasons]
        return PROBLEM_JSON, problem | dict(refusal.problem) | ({"errors": errors} if errors else {})
    if path.startswith("/api/v1/"):
        error = {"code": refusal.code, "message": refusal.message, "details": details}
        return "application/json", {"status": "error", "error": error}
    return "application/json", {"success": False, "error": refusal.message, "details": details}
