"""The headers of answers."""

from collections.abc import Mapping
from typing import Any

_TEXT: Mapping[str, str] = {"type": "string"}


def _header(description: str, example: str, schema: Mapping[str, str] = _TEXT) -> dict[str, Any]:
    return {"description": description, "schema": dict(schema), "example": example}


HEADERS: Mapping[str, dict[str, Any]] = {
    "X-Trace-Id": _header(
        "Finds the request in the logs of all services.", "4bf92f3577b34da6a3ce929d0e0e4736"
    ),
    "RateLimit-Policy": _header(
        "The quotas of this credential (draft-ietf-httpapi-ratelimit-headers).", '"requests";q=6000;w=60'
    ),
    "RateLimit": _header(
        "What is left of each, and in how many seconds it is whole.", '"requests";r=5999;t=1'
    ),
    "Retry-After": _header("In so many seconds it is worth asking again.", "5"),
    "Location": _header("Where to ask what became of it.", "/api/products/sync/sync_0198c1f2a7de"),
    "Preference-Applied": _header("What of `Prefer` was honoured (RFC 7240).", "wait=5"),
    "Idempotency-Replayed": _header("`true`: this is the answer that was given before.", "true"),
    "WWW-Authenticate": _header("What credential is needed (RFC 6750).", 'Bearer realm="skuwire"'),
    "ETag": _header("The version of the document.", '"5d41402abc4b2a76b9719d911017c592"'),
}
