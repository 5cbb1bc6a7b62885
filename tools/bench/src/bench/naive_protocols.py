"""Protocols that are less careful than the writer's: the simulation has to show what each of them doubles."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from bench.create_world import PROTOCOL, Rules
from common.create_protocol import Absent, Adopt, Post, Wait

OURS = "skuwire"


def _never_looks(_post: Post | None, **_: object) -> Absent:
    return Absent()


def _believes_at_once(_post: Post | None, *, found: bool, **_: object) -> Adopt | Absent:
    return Adopt(ours=True) if found else Absent()


class _WaitsFromTheIntent:
    """Under a lease that was renewed meanwhile the request is sent long after its intent."""

    def __init__(self) -> None:
        self._intents: dict[int, datetime] = {}

    def __call__(
        self, post: Post | None, *, found: bool, epoch: int, now: datetime, patience: timedelta
    ) -> Adopt | Absent | Wait:
        since = self._intents.setdefault(post.epoch, now) if post and post.epoch is not None else None
        if found:
            return Adopt(ours=post is not None)
        if post is None or since is None or now >= since + patience:
            self._intents[epoch] = now
            return Absent()
        return Wait(post, min(since + patience, now + timedelta(seconds=5)))


def _from_now_on(post: Post, now: datetime) -> Post:
    return Post(post.epoch, now)


PROTOCOLS: Mapping[str, Callable[[], Rules]] = {
    OURS: lambda: PROTOCOL,
    "never-looks": lambda: Rules(judge=_never_looks),
    "believes-at-once": lambda: Rules(judge=_believes_at_once),
    "waits-from-the-intent": lambda: Rules(judge=_WaitsFromTheIntent()),
    "forgets-outages": lambda: Rules(restart=None),
    "heeds-outages-when-over": lambda: Rules(restart=_from_now_on, when_noticed=False),
}
"""By name, the rules for one schedule. All but the first make duplicates."""

NAIVE = tuple(name for name in PROTOCOLS if name != OURS)
