"""A real shop's time: what a request costs it, and how requests at once share its machine.

Fitted to PrestaShop 8.2.1 on two cores (php-fpm with 8 workers, MariaDB and the client beside it). Products
in one POST: 41 ms for 1, 17.7 ms each from 10 to 100. PUT: 35 ms, 14 ms each for 100. Stock: 14 ms, 0.5 ms
each for 100. A list by reference: 14 ms. A picture: 185 ms for 800 x 600, 2.1 s for 4000 x 3000. With four
clients: 45 POSTs, 53 PUTs, 159 stocks, 150 lists, 11.5 pictures a second, and 93 products a second in bodies
of 25. What was not measured (brands, features, categories) is taken to cost what a stock does.
"""

import asyncio
import heapq
from dataclasses import dataclass

from simulator.outline import Outline

PIXELS_PER_STEP = 1_000_000


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds for a request and for each of its entities (each million pixels, for a picture).

    `at_once` is how many such requests the machine does at full pace; more of them slow each other down.
    """

    request_seconds: float
    entity_seconds: float
    at_once: float

    def seconds(self, entities: float) -> float:
        """The time that a request takes when it is alone."""
        return self.request_seconds + self.entity_seconds * entities


@dataclass(frozen=True, slots=True)
class Work:
    """One request's work: its time when alone, and its share of the machine."""

    seconds: float
    share: float


READ = Cost(0.014, 0.0, 2.1)
PLAIN_WRITE = Cost(0.0136, 0.0004, 2.2)
PICTURE = Cost(0.105, 0.1662, 2.1)
COSTS = {
    ("products", "POST"): Cost(0.022, 0.0174, 1.73),
    ("products", "PUT"): Cost(0.021, 0.014, 1.86),
    ("products", "PATCH"): Cost(0.019, 0.014, 1.86),
    ("products", "DELETE"): Cost(0.021, 0.014, 1.86),
}


def work_of(outline: Outline, pixels: int) -> Work:
    """What a request costs; `pixels` of the picture that it brings, 0 = none."""
    if outline.method in ("GET", "HEAD"):
        cost, count = READ, 0.0
    elif outline.resource == "images":
        cost, count = (PICTURE, pixels / PIXELS_PER_STEP) if pixels else (READ, 0.0)
    else:
        cost, count = COSTS.get((outline.resource, outline.method), PLAIN_WRITE), outline.entities
    return Work(cost.seconds(count), 1 / cost.at_once)


class Machine:
    """Shares one machine among the requests under way: each goes on at the same pace, full when they fit.

    Progress is kept in seconds of undisturbed work, which all of them do at the same rate, so that the next
    to finish is always the one with the smallest end.
    """

    def __init__(self) -> None:
        self._progress = 0.0
        self._at = 0.0
        self._load = 0.0
        self._ends: list[tuple[float, int, float, asyncio.Future[None]]] = []
        self._number = 0
        self._timer: asyncio.TimerHandle | None = None

    async def do(self, work: Work) -> None:
        """Wait as long as a real shop would work."""
        self._advance()
        done = asyncio.get_running_loop().create_future()
        self._number += 1
        heapq.heappush(self._ends, (self._progress + work.seconds, self._number, work.share, done))
        self._load += work.share
        self._schedule()
        await done

    def _pace(self) -> float:
        return min(1.0, 1.0 / self._load) if self._load > 0 else 1.0

    def _advance(self) -> None:
        """Bring the progress up to now."""
        now = asyncio.get_running_loop().time()
        if self._ends:
            self._progress += (now - self._at) * self._pace()
        self._at = now

    def _schedule(self) -> None:
        """Wake when the next one is done."""
        if self._timer:
            self._timer.cancel()
        self._timer = None
        if self._ends:
            wait = max(0.0, self._ends[0][0] - self._progress) / self._pace()
            self._timer = asyncio.get_running_loop().call_later(wait, self._finish)

    def _finish(self) -> None:
        """Let those go whose work is done."""
        self._advance()
        while self._ends and self._ends[0][0] <= self._progress + 1e-6:
            _, _, share, done = heapq.heappop(self._ends)
            self._load = max(0.0, self._load - share) if self._ends else 0.0
            if not done.done():
                done.set_result(None)
        self._schedule()
