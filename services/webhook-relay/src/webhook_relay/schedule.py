"""When a failed delivery is tried again: eleven attempts over 75.6 hours.

The waits are those of Standard Webhooks 1.0 with one more early step (30 s). A receiver may ask for more
time with `Retry-After` (RFC 9110 §10.2.3); it gets at most twice the step, so that it can neither speed
up its deliveries nor put them off for ever.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from uuid import UUID

MINUTE, HOUR = 60, 3600
WAITS_SECONDS: tuple[float, ...] = (
    0,
    5,
    30,
    5 * MINUTE,
    30 * MINUTE,
    2 * HOUR,
    5 * HOUR,
    10 * HOUR,
    14 * HOUR,
    20 * HOUR,
    24 * HOUR,
)
"""Seconds before the first attempt, the second, and so on."""

JITTER = 0.2
LONGEST_RETRY_AFTER_SECONDS = 10**9


def next_wait(
    attempts_made: int,
    *,
    chance: float,
    retry_after: timedelta | None = None,
    waits: Sequence[float] = WAITS_SECONDS,
) -> timedelta | None:
    """How long to wait for the next attempt, or None when all have been made.

    `chance` in [0, 1) spreads the step by ±20 %, so that deliveries that failed together do not come
    back together.
    """
    if attempts_made >= len(waits):
        return None
    step = timedelta(seconds=waits[attempts_made])
    if retry_after is not None:
        return min(max(retry_after, step), 2 * step)
    return step * (1 - JITTER + 2 * JITTER * chance)


def spread(delivery_id: UUID, attempts_made: int) -> float:
    """The `chance` of a delivery's next wait: its own number in (0, 1), turned round at every attempt.

    A long wait is so followed by a short one: each is spread by ±20 %, yet all together last 73 hours at
    least. Spread independently, one delivery in five would give up within 72.
    """
    own = (delivery_id.int % 2**32 + 0.5) / 2**32
    return own if attempts_made % 2 else 1 - own


def parse_retry_after(value: str | None, now: datetime) -> timedelta | None:
    """What `Retry-After` asks for: whole seconds or a date. Anything else counts as absent."""
    if value is None:
        return None
    text = value.strip()
    if text.isascii() and text.isdigit():
        seconds = int(text[:10]) if len(text) <= 10 else LONGEST_RETRY_AFTER_SECONDS
        return timedelta(seconds=min(seconds, LONGEST_RETRY_AFTER_SECONDS))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, OverflowError, IndexError):
        return None
    if date.tzinfo is None:
        date = date.replace(tzinfo=UTC)
    return max(date - now, timedelta(0))
