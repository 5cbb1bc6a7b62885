"""What may be written in the place of a parked body: something that its reader can read, of the same message.

An edited message is the same message: it keeps its id, so that at most one of its versions has an effect.
Therefore nothing may be changed in it that says whose it is and which products it is about; no item may be
added, left out or given another sequence, and no picture may be named that the tenant had not sent with it.
"""

import json
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from pydantic import ValidationError

from common.messages import MESSAGE_TYPES, Message, Reason
from common.messaging.dead_letter import DeadLetter
from common.messaging.envelope import Envelope, envelope_from_headers
from gateway.errors import Refusal, violated
from gateway.strict_json import Json

MAX_TOLD = 50
_OWN = ("tenant", "shop")
_ITEM_LISTS = ("changes", "outcomes", "pictures")
_OF_ITEMS = {"sequence": int, "reference": str, "product_id": int, "presta_id": int}


def what_is_wrong(letter: DeadLetter) -> list[Reason]:
    """Why the message cannot be read by any service, as far as its body and its type tell."""
    if letter.message_type not in MESSAGE_TYPES:
        message = f"No service knows the type {letter.message_type!r}."
        return [Reason(code="type_unknown", field="", message=message)]
    try:
        MESSAGE_TYPES[letter.message_type].model_validate_json(letter.body)
    except ValidationError as error:
        return _reasons(error)
    return []


def edited_body(letter: DeadLetter, sent: Json) -> bytes:
    """The bytes that are sent in the place of the parked body.

    Raises `Refusal`: 409 where no body could help, 422 with every violation and its path.
    """
    envelope = _envelope(letter)
    body = json.dumps(sent, ensure_ascii=False, separators=(",", ":"), default=str).encode()
    try:
        message = MESSAGE_TYPES[letter.message_type].model_validate_json(body)
    except ValidationError as error:
        raise violated(_reasons(error)) from None
    before, after = _json_of(letter.body), json.loads(body)
    wrong = [
        *_differences_to_envelope(message, envelope),
        *_differences(before, after),
        *_foreign_pictures(before, after),
        *_unread(after, message.model_dump(mode="json", exclude_unset=True), before, ()),
    ]
    if wrong:
        raise violated(wrong[:MAX_TOLD])
    return body


def _envelope(letter: DeadLetter) -> Envelope:
    if letter.message_type not in MESSAGE_TYPES:
        message = f"No service knows the type {letter.message_type!r}: no other body makes it readable."
        raise Refusal(409, "type_unknown", message)
    try:
        message_id = UUID(letter.message_id)
        return envelope_from_headers(message_id, letter.message_type, dict(letter.headers))
    except (KeyError, TypeError, ValueError):
        message = "Its id or headers are not those of a message of ours: no other body makes it readable."
        raise Refusal(409, "envelope_unreadable", message) from None


def _reasons(error: ValidationError) -> list[Reason]:
    problems = error.errors(include_url=False, include_input=False, include_context=False)
    return [
        Reason(code="unreadable", field=_path(problem["loc"]), message=f"{problem['msg']}.")
        for problem in problems[:MAX_TOLD]
    ]


def _differences_to_envelope(message: Message, envelope: Envelope) -> Iterator[Reason]:
    for name, sent, known in (
        ("tenant", message.addressed_tenant(), envelope.tenant),
        ("shop", message.addressed_shop(), envelope.shop),
        ("submission", message.correlation_id(), envelope.correlation_id),
    ):
        if sent != known:
            yield _fixed(name, f"is {known!r} in the message's headers")


def _differences(before: Json, after: Json) -> Iterator[Reason]:
    """What says whose message it is and what it is about stays, as far as the parked body said it."""
    known, now = dict(_identity(before)), dict(_identity(after))
    for path, value in known.items():
        if path not in now:
            yield _fixed(path, "was left out")
        elif not _may_be_corrected(path, value) and str(now[path]) != str(value):
            yield _fixed(path, f"was {value!r}")
    if any(path.startswith("item ") for path in known):
        yield from (_fixed(path, "was not there") for path in now if _names_more(path, known))


def _may_be_corrected(path: str, value: Json) -> bool:
    """Whether the value cannot be what its name says; a number that came as a text can."""
    kind = _OF_ITEMS.get(path.rpartition(" ")[2], object)
    return not (isinstance(value, kind) or (kind is int and str(value).isascii() and str(value).isdigit()))


def _names_more(path: str, known: Mapping[str, Json]) -> bool:
    """Whether it says of an item what was not said. What every item needs may have been missing."""
    return path.startswith("item ") and path not in known and not path.endswith(" sequence")


def _identity(body: Json) -> Iterator[tuple[str, Json]]:
    if not isinstance(body, Mapping):
        return
    yield from ((name, body[name]) for name in _OWN if name in body)
    chunk = body.get("chunk")
    if isinstance(chunk, Mapping):
        yield "chunk.dry_run", chunk.get("dry_run", False)  # what is not said is said so
        yield from ((f"chunk.{name}", value) for name, value in chunk.items())
    for name in _ITEM_LISTS:
        entries = body.get(name)
        for entry in entries if isinstance(entries, list) else ():
            yield from _identity_of_item(entry.get("outcome", entry) if isinstance(entry, Mapping) else None)


def _identity_of_item(item: Json) -> Iterator[tuple[str, Json]]:
    if not isinstance(item, Mapping) or "position" not in item:
        return
    path = f"item {item['position']}"
    yield path, item["position"]
    yield from ((f"{path} {name}", item[name]) for name in _OF_ITEMS if item.get(name) is not None)


def _foreign_pictures(before: Json, after: Json) -> Iterator[Reason]:
    for sha256 in sorted(set(_digests(after)) - set(_digests(before))):
        message = f"The parked message has no picture {sha256}; hand the product in again with it."
        yield Reason(code="picture_unknown", field="images", message=message)


def _digests(body: Json) -> Iterator[str]:
    if isinstance(body, Mapping):
        yield from (str(value) for name, value in body.items() if name == "sha256")
    if isinstance(body, Mapping | list):
        for value in body.values() if isinstance(body, Mapping) else body:
            yield from _digests(value)


def _unread(sent: Json, read: Json, before: Json, path: tuple[str | int, ...]) -> Iterator[Reason]:
    """Fields that no reader looks at: a typing error must not pass for a change. What was there may stay."""
    if isinstance(sent, Mapping) and isinstance(read, Mapping):
        was = before if isinstance(before, Mapping) else {}
        for name, value in sent.items():
            if name in read:
                yield from _unread(value, read[name], was.get(name), (*path, name))
            elif name not in was:
                yield Reason(code="field_unknown", field=_path((*path, name)), message="Nobody reads this.")
    elif isinstance(sent, list) and isinstance(read, list):
        earlier = before if isinstance(before, list) else []
        for place, (value, seen) in enumerate(zip(sent, read, strict=False)):
            was_there = earlier[place] if place < len(earlier) else None
            yield from _unread(value, seen, was_there, (*path, place))


def _fixed(path: str, how: str) -> Reason:
    return Reason(code="identity_changed", field=path, message=f"Must stay as it is: it {how}.")


def _json_of(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _path(location: tuple[str | int, ...]) -> str:
    return ".".join(map(str, location))
