"""Thousands of webhooks while the relay is killed and secrets are rotated: each comes, and is verified."""

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
from aiohttp import web
from pydantic import SecretStr
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from bench.told_chunks import RELAY, logged_in, served, subscribed, tell_chunk
from common.messaging.broker import connect
from common.settings import ServiceSettings
from stack.stack import Stack, StackOptions

# A short lease, so that what a kill has cut off comes again soon; yet a busy machine has time to answer.
ENVIRONMENT = {
    "SKUWIRE_RELAY_TOTAL_TIMEOUT_SECONDS": "5",
    "SKUWIRE_RELAY_LEASE_SECONDS": "7",
    "SKUWIRE_RELAY_RETRY_WAITS_SECONDS": "[0, 0.5, 0.5, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1]",
}
REFUSED_SHARE = 0.02  # of the requests are answered with 500
LIVES_SECONDS = (0.2, 1.0)
ALL_SENT_SECONDS = 180.0
SEED = 7


@dataclass
class Consumer:
    """What the receiver saw. It verifies with the first secret, and with the newest once it is told so."""

    secrets: list[str] = field(default_factory=list, repr=False)
    ids_by_chunk: dict[str, set[str]] = field(default_factory=dict)
    taken: Counter[str] = field(default_factory=Counter)
    unverified: int = 0
    _news: asyncio.Event = field(default_factory=asyncio.Event)
    chance: random.Random = field(default_factory=lambda: random.Random(SEED))  # noqa: S311 - no secret

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        if not self._verifies(self.secrets[0], request.headers, body):
            self.unverified += 1
        if request.headers["webhook-type"] == "webhook.test":
            verified = self._verifies(self.secrets[-1], request.headers, body)
            return web.Response(status=200 if verified else 401)
        if self.chance.random() < REFUSED_SHARE:
            return web.Response(status=500)
        webhook_id = request.headers["webhook-id"]
        self.taken[webhook_id] += 1
        self.ids_by_chunk.setdefault(json.loads(body)["chunkId"], set()).add(webhook_id)
        self._news.set()
        return web.Response()

    async def whole(self, chunks: int) -> None:
        """Wait until so many chunks have come."""
        while len(self.ids_by_chunk) < chunks:
            self._news.clear()
            await self._news.wait()

    @staticmethod
    def _verifies(secret: str, headers: Mapping[str, str], body: bytes) -> bool:
        named = {name.lower(): value for name, value in headers.items()}
        try:
            Webhook(secret).verify(body, named)
        except WebhookVerificationError:
            return False
        return True


@dataclass(frozen=True)
class KillsResult:
    """`repeats` came more than once, under their own id."""

    chunks: int
    kills: int
    rotations: int
    seconds: float
    missing: int
    repeats: int
    with_two_ids: int
    unverified: int
    newest_verifies: bool

    @property
    def problems(self) -> list[str]:
        counts = {
            "were never delivered": self.missing,
            "came under two ids": self.with_two_ids,
            "were not verified": self.unverified,
        }
        found = [f"{count} webhooks {what}" for what, count in counts.items() if count]
        return found if self.newest_verifies else [*found, "the newest secret does not verify"]

    def lines(self) -> list[str]:
        """The figures, for reading."""
        return [
            f"{self.chunks} webhooks, {self.kills} kills, {self.rotations} rotations in {self.seconds:.0f} s",
            f"{self.repeats} came more than once, each under one id",
            *(f"PROBLEM {problem}" for problem in self.problems),
            f"{len(self.problems)} problems",
        ]


async def kill_the_relay(folder: Path, chunks: int, kills: int, rotations: int) -> KillsResult:
    """Start a relay and its servers, tell it of chunks, kill it again and again, end it."""
    options = StackOptions(
        data_dir=folder,
        services=("gateway", RELAY),
        environment=ENVIRONMENT,
        durable=False,
        gateway_port=None,
    )
    began = time.monotonic()
    consumer = Consumer()
    async with Stack(options) as stack, served(consumer.take) as url, aiohttp.ClientSession() as http:
        webhook = await subscribed(stack, http, await logged_in(stack, http), url)
        consumer.secrets.append(webhook.secret)
        telling = asyncio.create_task(_tell(stack, chunks, kills))
        for number in range(kills):
            await asyncio.sleep(consumer.chance.uniform(*LIVES_SECONDS))  # spreads the kills over the work
            await stack.supervisor.kill(RELAY)
            await stack.supervisor.wait_ready(RELAY, deadline_seconds=60)
            if number * rotations // kills != (number + 1) * rotations // kills:
                consumer.secrets.append((await webhook.post("rotate-secret"))["secret"])
        await telling
        await _all_told(consumer, chunks)
        return KillsResult(
            chunks=chunks,
            kills=kills,
            rotations=len(consumer.secrets) - 1,
            seconds=time.monotonic() - began,
            missing=chunks - len(consumer.ids_by_chunk),
            repeats=sum(count > 1 for count in consumer.taken.values()),
            with_two_ids=sum(len(ids) > 1 for ids in consumer.ids_by_chunk.values()),
            unverified=consumer.unverified,
            newest_verifies=(await webhook.post("test"))["delivered"],
        )


async def _all_told(consumer: Consumer, chunks: int) -> None:
    """Wait until everything has come, or the time is over."""
    with suppress(TimeoutError):
        await asyncio.wait_for(consumer.whole(chunks), ALL_SENT_SECONDS)


async def _tell(stack: Stack, chunks: int, kills: int) -> None:
    """Tell of the chunks bit by bit, so that there is work at each kill."""
    settings = ServiceSettings(amqp_url=SecretStr(stack.rabbitmq.url))
    broker = await connect(settings, "bench")
    size = max(1, chunks // (kills + 1))
    for first in range(0, chunks, size):
        numbers = range(first, min(first + size, chunks))
        await asyncio.gather(*(tell_chunk(broker, number) for number in numbers))
        await asyncio.sleep(sum(LIVES_SECONDS) / 2)
    await broker.close()
