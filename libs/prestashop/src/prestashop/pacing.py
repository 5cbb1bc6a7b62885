"""How many requests a shop bears at once and per minute, found out by asking. Pure: the clock is given.

A shop says that it has enough by growing slower, long before it fails. The limit therefore grows by one for
each round of answers that came nearly as fast as this shop ever answered, and shrinks by a share as soon as
answers take a multiple of that, or the shop fails: additive increase, multiplicative decrease, as TCP does
(RFC 5681, section 3.1). It begins with one request at a time, also after an outage.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from prestashop.errors import (
    ShopAnswerLost,
    ShopCrashed,
    ShopError,
    ShopRefusal,
    ShopThrottled,
    ShopTimeout,
    ShopUnreachable,
)

_NEWEST_SHARE: Final = 0.3
"""The weight of the newest answer in the smoothed slowness: about the last five answers count."""

_DRIFT_OF_BEST: Final = 0.05
"""How far the best time follows a slower answer to a request that ran alone: that is the shop's own doing."""

_MOST_SLOWNESS: Final = 2.0
"""What one answer counts at most: a single slow one in good times changes nothing."""

_MOST_KINDS: Final = 500
_SIZE_STEP_BYTES: Final = 4096


@dataclass(frozen=True, slots=True)
class PaceSettings:
    """The caps of a shop's pace, and how it adapts below them."""

    max_concurrency: int = 4
    """Never more requests at the same time."""

    max_requests_per_minute: float | None = None
    """Never more requests a minute, evenly spread; None for as many as the concurrency yields.

    It shrinks and grows with the concurrency.
    """

    near_best: float = 2.0
    """Answers that take up to so many times the best are as good as the best."""

    noise_seconds: float = 0.05
    """Added to the best before comparing: below it a difference says nothing about the shop."""

    shrink_when_slow: float = 0.7
    """What is left of the limit when the shop grows slow."""

    shrink_when_failing: float = 0.5
    """What is left of the limit when the shop fails: 429, 5xx, time-outs, no connection."""

    pause_seconds: float = 1.0
    """The wait after a 429 that names none."""


Kind = tuple[str, str, int]
"""Requests that take about equally long: method, resource, size of the exchange in powers of two."""


def kind_of(method: str, path: str, size_bytes: int) -> Kind:
    """Sort a request among those that it can be compared with, by the bytes sent and received."""
    return method, path.partition("/")[0], (size_bytes // _SIZE_STEP_BYTES).bit_length()


class Pace:
    """The pace of one shop: ``wait_seconds``, then ``start``, then one of ``finish`` and ``drop``."""

    def __init__(self, settings: PaceSettings, *, clock: Callable[[], float] = time.monotonic) -> None:
        rate = settings.max_requests_per_minute
        if settings.max_concurrency < 1 or (rate is not None and rate <= 0):
            raise ValueError("a shop is asked at least one thing at a time, and more than none a minute")
        self._settings = settings
        self._clock = clock
        self._limit = 1.0
        self._in_flight = 0
        self._best: dict[Kind, float] = {}
        self._slowness = 0.5
        self._shrunk_at = -math.inf
        self._paused_until = -math.inf
        self._next_start_at = -math.inf

    @property
    def current_limit(self) -> int:
        """How many requests may run at the same time now."""
        return int(self._limit)

    @property
    def current_requests_per_minute(self) -> float | None:
        """How many requests may start per minute now; None when only the concurrency bounds them."""
        most = self._settings.max_requests_per_minute
        return None if most is None else most * self._limit / self._settings.max_concurrency

    @property
    def in_flight(self) -> int:
        """How many requests run now."""
        return self._in_flight

    def pause_seconds(self) -> float:
        """How long the shop still asks to be left alone."""
        return max(self._paused_until - self._clock(), 0.0)

    def wait_seconds(self) -> float:
        """How long until the next request may start: 0 for now, infinite for when another has ended."""
        if self._in_flight >= self.current_limit:
            return math.inf
        return max(self._next_start_at - self._clock(), self.pause_seconds(), 0.0)

    def start(self) -> float:
        """Count a request that starts now; returns the time, to be given to ``finish``."""
        now = self._clock()
        rate = self.current_requests_per_minute
        self._in_flight += 1
        self._next_start_at = now if rate is None else now + 60 / rate
        return now

    def drop(self) -> None:
        """Count a request as ended that says nothing about the shop: never sent, or cancelled."""
        self._in_flight -= 1

    def finish(self, kind: Kind, started_at: float, error: ShopError | None) -> None:
        """Count an answer, or what came in its place, and adapt."""
        now = self._clock()
        full = self._in_flight >= self.current_limit
        self._in_flight -= 1
        if isinstance(error, ShopThrottled):
            wait = error.retry_after
            wait = self._settings.pause_seconds if wait is None else wait
            self._paused_until = max(self._paused_until, now + wait)
        if _tells_overload(error):
            self._shrink(self._settings.shrink_when_failing, started_at, now)
        elif error is None or isinstance(error, ShopRefusal):
            self._learn(kind, now - started_at)
            if self._slowness > 1:
                self._shrink(self._settings.shrink_when_slow, started_at, now)
            elif full:  # an answer while there was room to spare does not tell that more would be borne
                self._limit = min(self._limit + 1 / self._limit, float(self._settings.max_concurrency))

    def _learn(self, kind: Kind, seconds: float) -> None:
        """Smooth how much slower than near the best the shop answers: above 1 it is slow."""
        settings = self._settings
        best = self._best.get(kind, seconds)
        slowness = min(seconds / (settings.near_best * best + settings.noise_seconds), _MOST_SLOWNESS)
        self._slowness += _NEWEST_SHARE * (slowness - self._slowness)
        if kind in self._best or len(self._best) < _MOST_KINDS:
            # At more than one at a time a slow answer may be our doing, and must not become the measure.
            drift = _DRIFT_OF_BEST if self.current_limit == 1 else 0.0
            self._best[kind] = min(seconds, best + drift * (seconds - best))

    def _shrink(self, to_share: float, started_at: float, now: float) -> None:
        """Shrink once per round: requests that started before the last time have not seen its effect."""
        if started_at >= self._shrunk_at:
            self._limit = max(self._limit * to_share, 1.0)
            self._shrunk_at = now


def _tells_overload(error: ShopError | None) -> bool:
    """Whether an error speaks of a shop that has too much to do; PHP's own complaints (500) do not."""
    return isinstance(error, ShopThrottled | ShopCrashed | ShopTimeout | ShopAnswerLost | ShopUnreachable)
