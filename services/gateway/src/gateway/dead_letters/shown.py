"""Letters and replays as they are shown: times in UTC, bodies as JSON where they are."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from typing_extensions import TypedDict

from gateway.access.times import in_seconds
from gateway.dead_letters.editing import what_is_wrong
from gateway.dead_letters.letters import HistoryEntry, Letter, Replay, filter_as_json

MAX_SHOWN_BYTES = 4 * 1024 * 1024  # as much as an edited message may have
MAX_CUT_BYTES = 64 * 1024


class LetterShown(TypedDict):
    """A dead letter in a list. `attempts` are those of all its lives."""

    id: str
    service: str
    type: str
    message_id: str
    tenant: str | None
    shop: str | None
    submission_id: str | None
    state: str
    reason: str
    attempts: int
    first_seen: str
    last_seen: str
    replayed_at: str | None


class BodyShown(TypedDict):
    """A body: as JSON, else as text that may be cut."""

    bytes: int
    json: Any
    text: str | None


class EditShown(BodyShown):
    """A body that is sent in the place of the parked one."""

    by: str
    at: str


class HistoryShown(TypedDict):
    """What happened to a letter: parked, redriven (sent back by itself), edited, replayed or discarded."""

    at: str
    event: str
    by: str | None
    reason: str | None
    attempts: int | None


class ViolationShown(TypedDict):
    """Why the message cannot be read."""

    field: str
    message: str


class WholeLetterShown(LetterShown):
    """A dead letter with all that is known of it. `unreadable` is empty where services can read the body."""

    traceback: str
    headers: Mapping[str, Any]
    body: BodyShown
    edit: EditShown | None
    unreadable: list[ViolationShown]
    history: list[HistoryShown]


class ReplayShown(TypedDict):
    """How far a replay is. `rate` is in messages a second; `failed` ones wait as before."""

    id: str
    state: str
    filter: Mapping[str, str]
    rate: float
    total: int
    sent: int
    failed: int
    started_by: str
    started_at: str
    ended_at: str | None


def letter_shown(letter: Letter) -> LetterShown:
    """The letter, in a list."""
    parked = letter.parked
    return {
        "id": str(letter.letter_id),
        "service": parked.service,
        "type": parked.message_type,
        "message_id": parked.message_id,
        "tenant": letter.tenant,
        "shop": letter.shop,
        "submission_id": letter.submission_id,
        "state": letter.state.value,
        "reason": parked.reason,
        "attempts": parked.attempt,
        "first_seen": _time(letter.first_seen),
        "last_seen": _time(letter.last_seen),
        "replayed_at": in_seconds(letter.replayed_at),
    }


def whole_letter_shown(letter: Letter) -> WholeLetterShown:
    """The letter, alone."""
    edit, parked = letter.edit, letter.parked
    return {
        **letter_shown(letter),
        "traceback": parked.traceback,
        "headers": parked.headers,
        "body": _body(parked.body),
        "edit": None if edit is None else {**_body(edit.body), "by": edit.by, "at": _time(edit.at)},
        "unreadable": [
            {"field": reason.field, "message": reason.message} for reason in what_is_wrong(letter.to_send)
        ],
        "history": [_entry(entry) for entry in letter.history],
    }


def replay_shown(replay: Replay) -> ReplayShown:
    """The replay of many."""
    return {
        "id": replay.replay_id,
        "state": replay.state,
        "filter": filter_as_json(replay.filter),
        "rate": replay.rate,
        "total": replay.total,
        "sent": replay.sent,
        "failed": replay.failed,
        "started_by": replay.started_by,
        "started_at": _time(replay.started_at),
        "ended_at": in_seconds(replay.ended_at),
    }


def _body(body: bytes) -> BodyShown:
    try:
        found = json.loads(body) if len(body) <= MAX_SHOWN_BYTES else None
    except (ValueError, RecursionError):
        found = None
    text = body[:MAX_CUT_BYTES].decode(errors="replace") if found is None else None
    return {"bytes": len(body), "json": found, "text": text}


def _entry(entry: HistoryEntry) -> HistoryShown:
    return {
        "at": _time(entry.at),
        "event": entry.event,
        "by": entry.by,
        "reason": entry.reason,
        "attempts": entry.attempts,
    }


def _time(at: datetime) -> str:
    return in_seconds(at)
