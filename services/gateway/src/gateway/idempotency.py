"""Idempotency keys (draft-ietf-httpapi-idempotency-key-header): a request that is sent again has one effect.

A key belongs to a tenant and a route. With another body it is refused (422), while its first request is being
answered it is in use (409), later it is answered as the first time.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from common.messages import Reason
from gateway.errors import Refusal
from gateway.strict_json import Json

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
MAX_KEY_CHARACTERS = 255

_KEY = re.compile(rf"[\x20-\x7e]{{1,{MAX_KEY_CHARACTERS}}}")
_PICTURE = re.compile(r'"(picture [0-9a-f]{16}/\d+)"')


@dataclass(frozen=True)
class KeyedRequest:
    """A request with its key. `fingerprint` is the sha-256 of what decides its effect."""

    tenant: str
    method: str
    path: str
    key: str
    fingerprint: bytes = field(repr=False)


@dataclass(frozen=True)
class GivenAnswer:
    """An answer as it was given, but for its trace."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)


@dataclass(frozen=True)
class KnownKey:
    """What is kept of an earlier request with the key."""

    fingerprint: bytes
    submission_id: str
    is_running: bool
    answer: GivenAnswer | None


def key_of(values: Sequence[str]) -> str | None:
    """The key that a request was sent with, in quotes (RFC 8941) or bare. Raises `Refusal` (400)."""
    if not values:
        return None
    [value, *others] = values
    quoted = len(value) > 1 and value[0] == value[-1] == '"'
    key = re.sub(r'\\(["\\])', r"\1", value[1:-1]) if quoted else value
    if others or not _KEY.fullmatch(key):
        message = f"Send one {HEADER}: 1 to {MAX_KEY_CHARACTERS} printable ASCII characters, best a UUID."
        details = [Reason(code="idempotency_key_form", field=HEADER, message=message)]
        raise Refusal(400, "idempotency_key_form", message, details)
    return key


def fingerprint(shop: str, query: str, content: bytes) -> bytes:
    """The sha-256 of a body's content together with the shop that it is for and what the address asks."""
    return hashlib.sha256(f"{shop}\0{query}\0".encode() + content).digest()


def content_digest(body: Json, pictures: Mapping[str, str]) -> bytes:
    """The sha-256 of a body in its canonical form: neither spaces nor the order of keys count.

    `pictures` says what stands in the place of each picture that was cut out of the body.
    """
    digest = hashlib.sha256()
    for part in _canonical(body):
        text = _PICTURE.sub(lambda name: json.dumps(pictures.get(name[1], name[1])), part)
        digest.update(text.encode())
    return digest.digest()


def _canonical(body: Json) -> Iterator[str]:
    """The JSON in parts, so that of thousands of items only one is written out at a time."""
    if not isinstance(body, dict):
        yield _text(body)
        return
    for name in sorted(body):
        yield _text(name)
        value = body[name]
        if not isinstance(value, list):
            yield f":{_text(value)},"
            continue
        yield ":["
        for element in value:
            yield f"{_text(element)},"
        yield "],"


def _text(value: Json) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), default=_number)


def _number(value: Decimal) -> list[str]:
    return ["number", str(value.normalize())]


def answer_of(known: KnownKey, request: KeyedRequest) -> GivenAnswer | None:
    """What the earlier request was answered; None where whoever asks has to find that out.

    Raises `Refusal`: 422 for another body, 409 while the first request is being answered.
    """
    if known.fingerprint != request.fingerprint:
        message = f"This {HEADER} was sent with another body or for another shop; use a new one."
        details = [Reason(code="idempotency_key_reused", field=HEADER, message=message)]
        raise Refusal(422, "idempotency_key_reused", message, details)
    if known.answer is None and known.is_running:
        raise in_use()
    return known.answer


def in_use() -> Refusal:
    """409: the first request with the key is not answered yet."""
    message = f"The first request with this {HEADER} is still being answered; send it again in a moment."
    details = [Reason(code="idempotency_key_in_use", field=HEADER, message=message)]
    return Refusal(409, "idempotency_key_in_use", message, details, headers={"Retry-After": "1"})
