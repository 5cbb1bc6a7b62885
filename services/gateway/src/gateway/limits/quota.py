"""A quota that fills up again steadily (GCRA), and how it is told. Pure.

All that is kept of a caller is the time at which its quota will be whole again: what it has used is what is
missing until then. A caller whose quota is whole need not be remembered.

RateLimit fields: draft-ietf-httpapi-ratelimit-headers-11.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass

_ROUNDING_SECONDS = 1e-6

REQUESTS, ITEMS, BYTES = "requests", "items", "content-bytes"


@dataclass(frozen=True)
class Policy:
    """So many units in so many seconds: at once, or spread."""

    name: str
    quota: int
    window_seconds: int
    unit: str = REQUESTS

    def seconds_for(self, units: int) -> float:
        """How long it takes until so many units are there again."""
        return units * self.window_seconds / self.quota


@dataclass(frozen=True)
class Standing:
    """Where a caller stands with a policy.

    `seconds`: until the whole quota is there, or what was asked for where that was too much.
    """

    policy: Policy
    remaining: int
    seconds: int
    is_exceeded: bool = False


def take(policy: Policy, whole_at: float, units: int, now: float) -> tuple[float, Standing]:
    """Take units where they are there: when the quota is whole again then, and the standing.

    Where they are not, nothing is taken.
    """
    missing = max(0.0, whole_at - now)
    after = missing + policy.seconds_for(units)
    if after > policy.window_seconds + _ROUNDING_SECONDS:
        wait = max(1, math.ceil(after - policy.window_seconds))
        return whole_at, Standing(policy, _remaining(policy, missing), wait, is_exceeded=True)
    return now + after, Standing(policy, _remaining(policy, after), math.ceil(after))


def _remaining(policy: Policy, missing: float) -> int:
    share = 1 - missing / policy.window_seconds
    return max(0, math.floor(policy.quota * share + 1e-6))


def policy_field(standings: Iterable[Standing]) -> str:
    """The value of `RateLimit-Policy`: `"items";q=100000;w=60;qu="items"`."""
    return ", ".join(_policy(standing.policy) for standing in standings)


def _policy(policy: Policy) -> str:
    unit = "" if policy.unit == REQUESTS else f';qu="{policy.unit}"'
    return f'"{policy.name}";q={policy.quota};w={policy.window_seconds}{unit}'


def limit_field(standings: Iterable[Standing]) -> str:
    """The value of `RateLimit`: `"items";r=99950;t=1`."""
    return ", ".join(f'"{one.policy.name}";r={one.remaining};t={one.seconds}' for one in standings)
