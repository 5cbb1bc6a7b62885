"""Letters and replays as they are shown: times in UTC, bodies as JSON where they are."""

import json
from datetime import datetime

from gateway.access.times import in_seconds
from gateway.answers.dead_letters import (
    ShownBody,
    ShownHistoryEntry,
    ShownLetter,
    ShownReplay,
    ShownWholeLetter,
)
from gateway.dead_letters.editing import what_is_wrong
from gateway.dead_letters.letters import HistoryEntry, Letter, Replay, filter_as_json

MAX_SHOWN_BYTES = 4 * 1024 * 1024  # as much as an edited message may have
MAX_CUT_BYTES = 64 * 1024


def letter_shown(letter: Letter) -> ShownLetter:
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
        "state": letter.state,
        "reason": parked.reason,
        "attempts": parked.attempt,
        "first_seen": _time(letter.first_seen),
        "last_seen": _time(letter.last_seen),
        "replayed_at": in_seconds(letter.replayed_at),
    }


def whole_letter_shown(letter: Letter) -> ShownWholeLetter:
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


def replay_shown(replay: Replay) -> ShownReplay:
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


def _body(body: bytes) -> ShownBody:
    try:
        found = json.loads(body) if len(body) <= MAX_SHOWN_BYTES else None
    except (ValueError, RecursionError):
        found = None
    text = body[:MAX_CUT_BYTES].decode(errors="replace") if found is None else None
    return {"bytes": len(body), "json": found, "text": text}


def _entry(entry: HistoryEntry) -> ShownHistoryEntry:
    return {
        "at": _time(entry.at),
        "event": entry.event,
        "by": entry.by,
        "reason": entry.reason,
        "attempts": entry.attempts,
    }


def _time(at: datetime) -> str:
    return in_seconds(at)
