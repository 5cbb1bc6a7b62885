"""When an endpoint is left in peace: a breaker after repeated failures, the end after five days of them.

After a failure one delivery at a time is sent. Ten in a row open the breaker: from then on one delivery a
minute probes the endpoint, the others wait as they are and lose no attempt. One success ends both. An
endpoint of which nothing but failures was heard for five days is disabled.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

FAILURES_THAT_OPEN = 10
BETWEEN_PROBES = timedelta(seconds=60)
LONGEST_FAILING = timedelta(days=5)


@dataclass(frozen=True, slots=True)
class Health:
    """How an endpoint has answered lately. `probe_at` is set while the breaker is open."""

    failures: int = 0
    failing_since: datetime | None = None
    probe_at: datetime | None = None


WELL = Health()


def after_failure(health: Health, now: datetime) -> Health:
    """The health after one more failure."""
    failures = health.failures + 1
    probe_at = now + BETWEEN_PROBES if failures >= FAILURES_THAT_OPEN else None
    return Health(failures, health.failing_since or now, probe_at)


def has_failed_too_long(health: Health, now: datetime) -> bool:
    """Whether the endpoint is to be disabled."""
    return health.failing_since is not None and now - health.failing_since >= LONGEST_FAILING
