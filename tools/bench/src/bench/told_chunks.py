"""A relay that is told of chunks, and the webhooks that come of it: what its measurements share."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web

from common.messages import Chunk, ChunkCompleted, Intent, ItemOutcome, Result
from common.messaging.broker import Broker
from common.messaging.envelope import Envelope
from common.messaging.topology import CHUNKS
from stack.stack import Stack

RELAY = "webhook-relay"
SHOP = "demo"
TENANT = "default"


def chunk_id_of(number: int) -> str:
    """What the chunk of a number is called in its webhook."""
    return f"bulk_{number:06d}_0"


async def tell_chunk(broker: Broker, number: int) -> None:
    """Tell the relay that a chunk of one product has completed."""
    chunk = Chunk(
        chunk_id=chunk_id_of(number),
        submission_id=f"bulk_{number:06d}",
        partition=0,
        tenant=TENANT,
        shop=SHOP,
        submitted_at=datetime.now(UTC),
        total_items=1,
    )
    outcome = ItemOutcome(position=0, sequence=number + 1, intent=Intent.UPSERT, result=Result.CREATED)
    message = ChunkCompleted(chunk=chunk, outcomes=(outcome,))
    envelope = Envelope(
        message_id=uuid4(),
        message_type=message.message_type,
        time=datetime.now(UTC),
        correlation_id=message.correlation_id(),
        service="bench",
        tenant=TENANT,
        shop=SHOP,
    )
    await broker.publish(envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json())


@dataclass(frozen=True)
class Subscription:
    """A webhook, as the gateway keeps it."""

    http: aiohttp.ClientSession
    url: str
    headers: dict[str, str] = field(repr=False)
    secret: str = field(repr=False)

    async def post(self, what: str) -> Any:
        """What the gateway answers to `rotate-secret` or `test`."""
        async with self.http.post(f"{self.url}/{what}", headers=self.headers) as answer:
            answer.raise_for_status()
            return (await answer.json())["data"]

    async def end(self) -> None:
        """Remove it; what was still to be delivered is not."""
        async with self.http.delete(self.url, headers=self.headers) as answer:
            answer.raise_for_status()


async def logged_in(stack: Stack, http: aiohttp.ClientSession) -> dict[str, str]:
    """The header of somebody who may subscribe."""
    email, password = stack.login
    credentials = {"email": email, "password": password}
    async with http.post(f"{stack.gateway_url}/api/v1/auth/login", json=credentials) as answer:
        answer.raise_for_status()
        token = (await answer.json())["data"]["access_token"]
    return {"Authorization": f"Bearer {token}"}


async def subscribed(
    stack: Stack, http: aiohttp.ClientSession, headers: dict[str, str], to: str
) -> Subscription:
    """A new webhook that hears of chunks, through the gateway."""
    where = f"{stack.gateway_url}/api/v1/webhooks"
    async with http.post(where, json={"url": to}, headers=headers) as answer:
        answer.raise_for_status()
        made = (await answer.json())["data"]
    return Subscription(http, f"{where}/{made['id']}", headers, made["secret"])


@asynccontextmanager
async def served(take: Callable[[web.Request], Awaitable[web.Response]]) -> AsyncIterator[str]:
    """Where webhooks may be sent, below any path, while it lasts."""
    app = web.Application()
    app.add_routes([web.post("/{path:.*}", take)])
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()
