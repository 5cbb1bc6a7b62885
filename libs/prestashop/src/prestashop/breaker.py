"""When to leave a shop alone, and when to try again. Pure: the clock and the dice are given.

One breaker per shop. It tells the two moments that others want to know exactly once: that it opened
(``shop.unreachable``) and that it closed again (``shop.recovered``).
"""

import random
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from prestashop.errors import (
    ShopAnswerLost,
    ShopAnswerUnreadable,
    ShopBlocked,
    ShopCrashed,
    ShopError,
    ShopTimeout,
    ShopUnavailable,
    ShopUnreachable,
)


class BreakerState(StrEnum):
    """Closed lets everything pass, open nothing, half-open one probe."""

    CLOSED = "closed"
    OPEN = "open"
    HALF_OPEN = "half-open"


class Transition(StrEnum):
    """A change that others want to hear of."""

    OPENED = "opened"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class BreakerSettings:
    """When the breaker opens and how far its probes are apart."""

    failures_in_a_row: int = 5
    """So many failures in a row open it."""

    failure_share: float = 0.5
    """So does this share of failures among the calls of the window ..."""

    least_calls: int = 20
    """... when there were at least so many."""

    window_seconds: float = 30.0
    """How far back calls count."""

    first_probe_seconds: float = 5.0
    """The wait before the first probe; each probe that fails doubles it."""

    longest_probe_seconds: float = 300.0
    """The wait never grows beyond this, but for the jitter."""

    jitter: float = 0.2
    """Every wait is longer or shorter by up to this share, so that callers do not probe in step."""

    probe_timeout_seconds: float = 120.0
    """A probe of which nothing is heard for so long is given up: its caller may have died."""


_BREAKER_DEFAULTS = BreakerSettings()


def is_failure(error: ShopError) -> bool:
    """Tell whether an error speaks against the shop as a whole, and not against a request or the key.

    A crash over a write speaks against its entities: a missing parent category is an empty 500 every time
    (measured on PrestaShop 8.2.1) and must not cut off the whole shop. So does a firewall that dislikes a
    text, or a page in place of an answer. Over a GET none of them has an entity to blame.
    """
    if isinstance(error, ShopCrashed | ShopBlocked | ShopAnswerUnreadable):
        return error.reading
    return isinstance(error, ShopUnreachable | ShopTimeout | ShopAnswerLost | ShopUnavailable)


class Breaker:
    """Counts the calls to one shop and decides whether the next may go out.

    ``allow()`` before every call; ``record_success()`` or ``record_failure()`` after it. ``clock`` is
    monotonic, in seconds; ``dice`` returns numbers from 0 to 1.
    """

    def __init__(
        self,
        settings: BreakerSettings = _BREAKER_DEFAULTS,
        *,
        clock: Callable[[], float] = time.monotonic,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._dice = dice
        self._state = BreakerState.CLOSED
        self._failures_in_a_row = 0
        self._calls: deque[tuple[float, bool]] = deque()
        self._failed_probes = 0
        self._wait_until = 0.0

    @property
    def state(self) -> BreakerState:
        """The state now."""
        return self._state

    def allow(self) -> bool:
        """Tell whether a call may go out now. When open and due, the call allowed is the probe."""
        if self._state is BreakerState.CLOSED:
            return True
        if self._clock() < self._wait_until:
            return False
        self._state = BreakerState.HALF_OPEN
        self._wait_until = self._clock() + self._settings.probe_timeout_seconds
        return True

    def wait_seconds(self) -> float:
        """Return how long until a call may go out; 0 when one may go now."""
        if self._state is BreakerState.CLOSED:
            return 0.0
        return max(self._wait_until - self._clock(), 0.0)

    def record_success(self) -> Transition | None:
        """Note an answer, also a refusal: the shop is there. Closes the breaker when it was the probe's."""
        if self._state is BreakerState.OPEN:
            return None  # a call from before the opening: only the probe closes
        if self._state is BreakerState.HALF_OPEN:
            self._state = BreakerState.CLOSED
            self._failures_in_a_row = self._failed_probes = 0
            self._calls.clear()
            return Transition.CLOSED
        self._failures_in_a_row = 0
        self._note(failed=False)
        return None

    def record_failure(self) -> Transition | None:
        """Note a failure of the shop. Opens the breaker when it was one too many."""
        if self._state is BreakerState.OPEN:
            return None
        if self._state is BreakerState.HALF_OPEN:
            self._failed_probes += 1
            self._open()
            return None  # it was open to others all the time
        self._failures_in_a_row += 1
        self._note(failed=True)
        if not self._too_many():
            return None
        self._open()
        return Transition.OPENED

    def _note(self, *, failed: bool) -> None:
        now = self._clock()
        self._calls.append((now, failed))
        while self._calls[0][0] < now - self._settings.window_seconds:
            self._calls.popleft()

    def _too_many(self) -> bool:
        settings = self._settings
        if self._failures_in_a_row >= settings.failures_in_a_row:
            return True
        failures = sum(failed for _, failed in self._calls)
        return len(self._calls) >= settings.least_calls and failures >= settings.failure_share * len(
            self._calls
        )

    def _open(self) -> None:
        settings = self._settings
        self._state = BreakerState.OPEN
        # The exponent is bounded because a shop that is down for days would overflow a float.
        wait = min(
            settings.first_probe_seconds * 2.0 ** min(self._failed_probes, 32), settings.longest_probe_seconds
        )
        self._wait_until = self._clock() + wait * (1 + settings.jitter * (2 * self._dice() - 1))
