"""How long somebody waits who has guessed wrong: decided here, counted in the database.

Every attempt is counted before it is looked at, so that many at a time are no way around it; a right
one is taken back. The pair of address and account counts most: whoever guesses for an account
from elsewhere does not keep out its owner, who has logged in before from an address of their own. For
everybody else the account's own count ends in waits of a minute at most, however long it goes on.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

WINDOW = timedelta(hours=1)
KNOWN = timedelta(days=30)


class Count(StrEnum):
    """What attempts are counted by."""

    PAIR = "pair"  # address and account
    ADDRESS = "address"
    ACCOUNT = "account"
    KEYS = "keys"  # by address: API keys and refresh tokens
    SIGNATURES = "signatures"  # by address: webhooks of an ERP


@dataclass(frozen=True)
class Limit:
    """So many failures are free; then each doubles the wait, from a second up to the longest."""

    free: int
    longest_seconds: int


LIMITS: Mapping[Count, Limit] = {
    Count.PAIR: Limit(free=10, longest_seconds=900),
    Count.ADDRESS: Limit(free=50, longest_seconds=900),
    Count.ACCOUNT: Limit(free=100, longest_seconds=60),
    Count.KEYS: Limit(free=30, longest_seconds=900),
    Count.SIGNATURES: Limit(free=30, longest_seconds=900),
}


@dataclass(frozen=True)
class Guesses:
    """What is known of one count. `succeeded_at` is kept for pairs alone."""

    count: Count
    failures: int
    last_at: datetime
    succeeded_at: datetime | None = None


def failures_now(guesses: Guesses, now: datetime) -> int:
    """The failures that still count."""
    return guesses.failures if now - guesses.last_at < WINDOW else 0


def wait_seconds(guesses: Guesses, now: datetime) -> float:
    """How long this count asks to wait from now on; 0 = the attempt may be made."""
    limit, failures = LIMITS[guesses.count], failures_now(guesses, now)
    if failures < limit.free:
        return 0.0
    pause = min(2.0 ** min(failures - limit.free, 20), limit.longest_seconds)
    return max(0.0, pause - (now - guesses.last_at).total_seconds())


def wait_before_login(found: Mapping[Count, Guesses], now: datetime) -> float:
    """How long a login waits. An address from which this account has logged in is known: its pair counts."""
    pair = found[Count.PAIR]
    known = pair.succeeded_at is not None and now - pair.succeeded_at < KNOWN
    counted = [pair] if known else list(found.values())
    return max(wait_seconds(guesses, now) for guesses in counted)
