"""One endpoint that answers after 14 s among ten that answer at once: how much later do those get theirs?

Rounds without the slow one and with it take turns in one run, so that a machine that is busier at times
counts for both. A delivery takes from the moment in which the relay is told until it comes.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from itertools import count, islice
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from rich.table import Table

from bench.told_chunks import RELAY, chunk_id_of, logged_in, served, subscribed, tell_chunk
from common.messaging.broker import Broker, connect
from common.settings import ServiceSettings
from stack.stack import Stack, StackOptions

FAST_ENDPOINTS = 10
SLOW_SECONDS = 14.0
IN_FLIGHT_TO_ONE = 4
WARMING_CHUNKS = 2 * IN_FLIGHT_TO_ONE  # before each half of a round; the slow endpoint is busy then
GOAL = 1.5
BETWEEN_CHUNKS_SECONDS = 0.25  # so that nothing queues on two cores: else the queue is what is measured
ALL_COME_SECONDS = 60.0
SLOW_PATH = "/slow"

Note = Callable[[int], None]


@dataclass(frozen=True)
class Plan:
    """How much is measured. A round is told `chunks` without the slow endpoint, and as many with it."""

    rounds: int
    chunks: int
    slow_seconds: float = SLOW_SECONDS

    @property
    def measured(self) -> int:
        """Deliveries to fast endpoints that are measured."""
        return 2 * self.rounds * self.chunks * FAST_ENDPOINTS

    @property
    def deliveries(self) -> int:
        """All deliveries to fast endpoints."""
        return 2 * self.rounds * (self.chunks + WARMING_CHUNKS) * FAST_ENDPOINTS


@dataclass
class Receivers:
    """All endpoints. Notes when each chunk came to each fast one; `slow_at_once` is the slow one's most."""

    slow_seconds: float
    note: Note
    came: dict[tuple[str, str], float] = field(default_factory=dict)
    slow_in_flight: int = 0
    slow_at_once: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def take(self, request: web.Request) -> web.Response:
        now = time.monotonic()
        if request.path == SLOW_PATH:
            return await self._take_slowly()
        body = await request.json()
        self.came.setdefault((request.path, body["chunkId"]), now)
        self.note(1)
        self._news.set()
        return web.Response()

    async def until(self, holds: Callable[[], bool]) -> None:
        """Wait until it holds, or for a minute."""
        with suppress(TimeoutError):
            async with asyncio.timeout(ALL_COME_SECONDS):
                while not holds():
                    self._news.clear()
                    await self._news.wait()

    async def _take_slowly(self) -> web.Response:
        self.slow_in_flight += 1
        self.slow_at_once = max(self.slow_at_once, self.slow_in_flight)
        self._news.set()
        try:
            await asyncio.sleep(self.slow_seconds)
        finally:
            self.slow_in_flight -= 1
            self._news.set()
        return web.Response()


@dataclass(frozen=True)
class SlowEndpointResult:
    """Seconds of the fast endpoints' deliveries, without and with the slow one beside them."""

    without: Sequence[float]
    beside: Sequence[float]
    missing: int
    slow_at_once: int

    @property
    def ratio(self) -> float:
        """How many times later the latest hundredth comes beside the slow one."""
        return percentile(self.beside, 99) / percentile(self.without, 99)

    @property
    def problems(self) -> list[str]:
        found = []
        if self.missing:
            found.append(f"{self.missing} deliveries to fast endpoints never came")
        if self.ratio > GOAL:
            found.append(f"the fast ones' p99 is {self.ratio:.2f} times that of without (goal: {GOAL:g})")
        if self.slow_at_once > IN_FLIGHT_TO_ONE:
            found.append(f"{self.slow_at_once} webhooks were in flight to the slow endpoint")
        return found

    def lines(self) -> list[str]:
        """The figures in sentences."""
        return [
            f"p99 beside the slow endpoint: {self.ratio:.2f} times that of without it (goal: {GOAL:g})",
            *(f"PROBLEM {problem}" for problem in self.problems),
            f"{len(self.problems)} problems",
        ]

    def table(self) -> Table:
        """The figures side by side, in milliseconds."""
        table = Table("fast endpoints", "deliveries", "p50 ms", "p95 ms", "p99 ms", "longest ms")
        for name, seconds in (("without the slow one", self.without), ("with the slow one", self.beside)):
            figures = (percentile(seconds, share) * 1000 for share in (50, 95, 99, 100))
            table.add_row(name, str(len(seconds)), *(f"{figure:.0f}" for figure in figures))
        return table


def percentile(values: Sequence[float], share: float) -> float:
    """The least of the values that is not exceeded by `share` percent of them; 0 of none."""
    ordered = sorted(values)
    place = -(-len(ordered) * share // 100)
    return ordered[max(0, int(place) - 1)] if ordered else 0.0


async def measure(folder: Path, plan: Plan, note: Note) -> SlowEndpointResult:
    """Start a relay and its servers, measure, end it. `note` is told of each delivery to a fast endpoint."""
    options = StackOptions(data_dir=folder, services=("gateway", RELAY), durable=False, gateway_port=None)
    receivers = Receivers(plan.slow_seconds, note)
    without: list[float] = []
    beside: list[float] = []
    async with AsyncExitStack() as everything:
        stack = await everything.enter_async_context(Stack(options))
        url = await everything.enter_async_context(served(receivers.take))
        http = await everything.enter_async_context(aiohttp.ClientSession())
        headers = await logged_in(stack, http)
        for number in range(FAST_ENDPOINTS):
            await subscribed(stack, http, headers, f"{url}/fast-{number}")
        broker = await connect(ServiceSettings(amqp_url=SecretStr(stack.rabbitmq.url)), "bench")
        everything.push_async_callback(broker.close)
        numbers = count()
        for _ in range(plan.rounds):
            without += await _half(broker, receivers, numbers, plan.chunks)
            slow = await subscribed(stack, http, headers, url + SLOW_PATH)
            beside += await _half(broker, receivers, numbers, plan.chunks)
            await slow.end()
            await receivers.until(lambda: receivers.slow_in_flight == 0)
    missing = plan.measured - len(without) - len(beside)
    return SlowEndpointResult(without, beside, missing, receivers.slow_at_once)


async def _half(broker: Broker, receivers: Receivers, numbers: Iterator[int], chunks: int) -> list[float]:
    """The seconds of each delivery to a fast endpoint, of so many chunks after some to warm up."""
    await _told(broker, receivers, list(islice(numbers, WARMING_CHUNKS)))
    return await _told(broker, receivers, list(islice(numbers, chunks)))


async def _told(broker: Broker, receivers: Receivers, numbers: Sequence[int]) -> list[float]:
    """Tell chunks at an even pace; the seconds of each delivery to a fast endpoint that has come."""
    told: dict[str, float] = {}
    for number in numbers:
        told[chunk_id_of(number)] = time.monotonic()
        await tell_chunk(broker, number)
        await asyncio.sleep(BETWEEN_CHUNKS_SECONDS)
    await receivers.until(lambda: _have_come(receivers, numbers))
    return _seconds(receivers.came, told)


def _have_come(receivers: Receivers, numbers: Sequence[int]) -> bool:
    paths = [f"/fast-{number}" for number in range(FAST_ENDPOINTS)]
    return all((path, chunk_id_of(number)) in receivers.came for number in numbers for path in paths)


def _seconds(came: Mapping[tuple[str, str], float], told: Mapping[str, float]) -> list[float]:
    return [at - told[chunk_id] for (_, chunk_id), at in came.items() if chunk_id in told]
