"""What is known of a dead letter, and which letters somebody asks for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Any, Literal
from uuid import UUID

from common.messages import Reason
from common.messaging.dead_letter import DeadLetter
from gateway.errors import unreadable, violated
from gateway.moments import MOMENT_FORM, moment
from gateway.strict_json import Json

MAX_TEXT = 200
MIN_RATE, MAX_RATE, USUAL_RATE = 0.1, 100.0, 10.0  # messages a second
MAX_DISCARD_REASON = 500


Event = Literal["parked", "redriven", "edited", "replayed", "discarded"]
ReplayState = Literal["running", "finished", "stopped"]


class LetterState(StrEnum):
    """Where a letter stands: it waits for somebody, was sent back, or is to be left alone."""

    WAITING = "waiting"
    REPLAYED = "replayed"
    DISCARDED = "discarded"


@dataclass(frozen=True)
class Asker:
    """Who looks after letters: `name` is for the record. `tenant` None is the operator, who sees all."""

    name: str
    tenant: str | None


@dataclass(frozen=True)
class HistoryEntry:
    """What happened to a letter. `by` None is nobody: a service parked it, or it was sent back by itself."""

    at: datetime
    event: Event
    by: str | None
    reason: str | None
    attempts: int | None


@dataclass(frozen=True)
class Edit:
    """A body in the place of the parked one."""

    body: bytes = field(repr=False)
    by: str
    at: datetime


@dataclass(frozen=True)
class Letter:
    """A letter with what became of it. `edit` is the last one; `parked` is the message as it died first."""

    letter_id: UUID
    parked: DeadLetter
    tenant: str | None
    shop: str | None
    submission_id: str | None
    state: LetterState
    first_seen: datetime
    last_seen: datetime
    replayed_at: datetime | None
    edit: Edit | None = None
    history: Sequence[HistoryEntry] = ()

    @property
    def to_send(self) -> DeadLetter:
        """The message as its service gets it on a replay."""
        return self.parked if self.edit is None else replace(self.parked, body=self.edit.body)


@dataclass(frozen=True)
class LetterFilter:
    """None leaves a question open. `since` counts, `until` does no more; `reason` is a part of it."""

    service: str | None = None
    message_type: str | None = None
    reason: str | None = None
    shop: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    state: LetterState | None = None


@dataclass(frozen=True)
class WantedReplay:
    """Letters that wait and fit the filter are to be sent back, so many messages a second."""

    filter: LetterFilter
    rate: float


@dataclass(frozen=True)
class Replay:
    """How far a replay is. `rate` is in messages a second; what failed waits as before."""

    replay_id: str
    tenant: str | None
    filter: LetterFilter
    rate: float
    state: ReplayState
    total: int
    sent: int
    failed: int
    started_by: str
    started_at: datetime
    ended_at: datetime | None


OF_FILTER = ("service", "type", "reason", "shop", "since", "until")


def read_filter(query: Mapping[str, str]) -> LetterFilter:
    """What a query asks for. Raises `Refusal` (422) with every violation."""
    known = (*OF_FILTER, "state")
    wrong = _unknown(query, (*known, "page", "per_page"))
    found = _filter({name: query[name] for name in known if name in query}, wrong, "")
    if wrong:
        raise violated(wrong)
    return found


def read_wanted_replay(body: Json) -> WantedReplay:
    """`{filter, rate}`, either of which may be left out. Raises `Refusal`: 400, 422."""
    if not isinstance(body, dict):
        raise unreadable("The body must be a JSON object with filter and rate.")
    wrong = _unknown(body, ("filter", "rate"))
    wanted, rate = body.get("filter", {}), body.get("rate", USUAL_RATE)
    if isinstance(wanted, dict):
        wrong += _unknown(wanted, OF_FILTER, "filter.")
        found = _filter(wanted, wrong, "filter.")
    else:
        wrong.append(_wrong("filter", f"Must be an object with some of {', '.join(OF_FILTER)}."))
    if isinstance(rate, bool | str) or not _is_rate(rate):
        wrong.append(
            _wrong("rate", f"Must be a number of messages a second from {MIN_RATE} to {MAX_RATE:g}.")
        )
    if wrong:
        raise violated(wrong)
    return WantedReplay(replace(found, state=LetterState.WAITING), float(rate))


def read_discard_reason(query: Mapping[str, str]) -> str:
    """`?reason=…`: why nobody needs the message. Raises `Refusal` (422)."""
    reason = query.get("reason", "").strip()
    wrong = _unknown(query, ("reason",))
    if not reason or len(reason) > MAX_DISCARD_REASON or not reason.isprintable():
        message = f"Say in one line of at most {MAX_DISCARD_REASON} characters why nobody needs the message."
        wrong.append(_wrong("reason", message))
    if wrong:
        raise violated(wrong)
    return reason


def read_replacement(body: Json) -> dict[str, Json] | None:
    """`{body}`, which may be left out: what is to be sent in the place of the parked body.

    Raises `Refusal`: 400, 422.
    """
    if not isinstance(body, dict):
        raise unreadable("The body must be a JSON object with body, or with nothing.")
    wrong = _unknown(body, ("body",))
    replacement = body.get("body")
    if "body" in body and not isinstance(replacement, dict):
        wrong.append(_wrong("body", "Must be the whole message as a JSON object."))
    if wrong:
        raise violated(wrong)
    return replacement


def filter_as_json(wanted: LetterFilter) -> dict[str, Any]:
    """The filter as it is sent and kept; what is open is left out."""
    values = {
        "service": wanted.service,
        "type": wanted.message_type,
        "reason": wanted.reason,
        "shop": wanted.shop,
        "since": wanted.since.isoformat() if wanted.since else None,
        "until": wanted.until.isoformat() if wanted.until else None,
    }
    return {name: value for name, value in values.items() if value is not None}


def filter_of_json(kept: Mapping[str, Any]) -> LetterFilter:
    """The inverse of `filter_as_json`, for letters that wait."""
    return replace(_filter(kept, [], ""), state=LetterState.WAITING)


def _filter(sent: Mapping[str, Any], wrong: list[Reason], prefix: str) -> LetterFilter:
    """The filter, and into `wrong` what cannot be read of it."""
    texts: dict[str, str | None] = {}
    for name in ("service", "type", "reason", "shop"):
        value = sent.get(name)
        if value is not None and not _is_text(value):
            wrong.append(_wrong(prefix + name, f"Must be 1 to {MAX_TEXT} printable characters."))
        texts[name] = value if _is_text(value) else None
    times = {name: moment(str(sent[name])) for name in ("since", "until") if sent.get(name) is not None}
    wrong += [_wrong(prefix + name, MOMENT_FORM) for name, time in times.items() if time is None]
    state = sent.get("state")
    if state is not None and state not in list(LetterState):
        wrong.append(_wrong(prefix + "state", f"Must be {', '.join(LetterState)}."))
        state = None
    return LetterFilter(
        service=texts["service"],
        message_type=texts["type"],
        reason=texts["reason"],
        shop=texts["shop"],
        since=times.get("since"),
        until=times.get("until"),
        state=None if state is None else LetterState(state),
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()


def _is_rate(value: Any) -> bool:
    try:
        return MIN_RATE <= float(value) <= MAX_RATE
    except (TypeError, OverflowError):
        return False


def _unknown(sent: Mapping[str, Any], known: Sequence[str], prefix: str = "") -> list[Reason]:
    message = f"Is none of {', '.join(known)}."
    return [
        Reason(code="field_unknown", field=prefix + str(name)[:MAX_TEXT], message=message)
        for name in sent
        if name not in known
    ]


def _wrong(name: str, message: str) -> Reason:
    return Reason(code="value_invalid", field=name, message=message)
