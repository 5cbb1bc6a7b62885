"""One delivery as a chain of states.

    Pending → prepare → Attempt → (sent) → Answered | Failed
            → judge   → Delivered | RetryAt | Exhausted | EndpointGone

Everything here is decided from values: the clock and chance are given by the caller.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from webhook_relay.schedule import WAITS_SECONDS, next_wait, parse_retry_after
from webhook_relay.signing import Secret, sign

USER_AGENT = "Skuwire-Webhooks/1"
GONE = 410


@dataclass(frozen=True, slots=True)
class Pending:
    """A claimed delivery. `body` is what is signed, the same bytes at every attempt.

    `attempts_made` counts the recorded ones; `epoch` is the claim's, and fences the record against a
    worker that came back after its lease had run out. `generation` is the endpoint's at the
    claim. `traceparent` is the trace of the delivery's cause.
    """

    id: UUID
    epoch: int
    endpoint_id: UUID
    generation: int
    webhook_id: str
    event_type: str
    tenant: str
    shop: str
    body: bytes = field(repr=False)
    attempts_made: int
    traceparent: str | None
    url: str = field(repr=False)  # may carry a token in its query
    secrets: tuple[Secret, ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Attempt:
    """An HTTP request, complete, and whose it is."""

    url: str = field(repr=False)
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    tenant: str = ""


@dataclass(frozen=True, slots=True)
class Answered:
    """The endpoint answered; `cut` is the beginning of what it said."""

    status: int
    seconds: float
    retry_after: str | None = None
    cut: str = field(default="", repr=False)

    @property
    def is_success(self) -> bool:
        return 200 <= self.status < 300


@dataclass(frozen=True, slots=True)
class Failed:
    """No answer. `cause` is one of the words of `posting.py`."""

    cause: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Delivered:
    """The endpoint has it."""


@dataclass(frozen=True, slots=True)
class RetryAt:
    """It is tried again at this time."""

    at: datetime


@dataclass(frozen=True, slots=True)
class Exhausted:
    """All attempts have been made."""


@dataclass(frozen=True, slots=True)
class EndpointGone:
    """The endpoint wants nothing more (410): it is disabled."""


Answer = Answered | Failed
Outcome = Delivered | RetryAt | Exhausted | EndpointGone


def is_success(answer: Answer) -> bool:
    """Whether the endpoint has it."""
    return isinstance(answer, Answered) and answer.is_success


def prepare(pending: Pending, now: datetime, *, traceparent: str | None = None) -> Attempt:
    """The request to send: signed now, because receivers refuse old timestamps."""
    headers = headers_of(pending.webhook_id, pending.event_type, pending.body, now, pending.secrets)
    if traceparent:
        headers["traceparent"] = traceparent
    return Attempt(pending.url, headers, pending.body, pending.tenant)


def headers_of(
    webhook_id: str, event_type: str, body: bytes, now: datetime, secrets: Sequence[Secret]
) -> dict[str, str]:
    """The headers of a webhook, with a signature for each secret."""
    return {
        "content-type": "application/json",
        "user-agent": USER_AGENT,
        "webhook-type": event_type,
        **sign(webhook_id, int(now.timestamp()), body, secrets),
    }


def judge(
    pending: Pending,
    answer: Answer,
    now: datetime,
    *,
    chance: float,
    waits: Sequence[float] = WAITS_SECONDS,
    same_endpoint: bool = True,
) -> Outcome:
    """What the answer means. 2xx is success, 410 is farewell; a redirect is a failure like any other.

    So is the 410 of an endpoint that is not the `same_endpoint` any more: the new one has not said it.
    """
    retry_after = None
    if isinstance(answer, Answered):
        if answer.is_success:
            return Delivered()
        if answer.status == GONE and same_endpoint:
            return EndpointGone()
        retry_after = parse_retry_after(answer.retry_after, now)
    wait = next_wait(pending.attempts_made + 1, chance=chance, retry_after=retry_after, waits=waits)
    return Exhausted() if wait is None else RetryAt(now + wait)
