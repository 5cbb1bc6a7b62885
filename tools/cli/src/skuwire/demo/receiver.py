"""The demo's webhook consumer: checks signatures with the official library, knows repeats by their id."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from aiohttp import web
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from stack.ports import LOOPBACK, free_port, return_port

MOST_BYTES = 4 * 1024 * 1024  # 50 items with their messages are far below


@dataclass
class Received:
    """What came in so far, verified: `chunks` holds the bodies by chunk id, `events` those of other types."""

    secret: str | None = field(default=None, repr=False)
    chunks: dict[str, dict[str, Any]] = field(default_factory=dict)
    events: list[dict[str, Any]] = field(default_factory=list)
    delivery_ids: set[str] = field(default_factory=set)
    verified_ids: set[str] = field(default_factory=set)
    repeats: int = 0

    def take(self, headers: Mapping[str, str], body: bytes) -> int:
        """Note a delivery; the status to answer with."""
        if self.secret is None:
            return 503  # the subscription's answer is still on its way to us: deliver again later
        delivery_id = headers.get("webhook-id", "")
        known = delivery_id in self.verified_ids
        self.delivery_ids.add(delivery_id)
        try:
            Webhook(self.secret).verify(body, dict(headers))
        except WebhookVerificationError:
            return 401
        self.verified_ids.add(delivery_id)
        if known:
            self.repeats += 1
        else:
            self._keep(json.loads(body))
        return 200

    def _keep(self, told: dict[str, Any]) -> None:
        if "chunkId" in told:
            self.chunks[told["chunkId"]] = told
        else:
            self.events.append(told)


class Receiver:
    """A small web server around `Received`; use it as a context manager."""

    def __init__(self) -> None:
        self.received = Received()
        self._port = free_port()
        self._runner: web.AppRunner

    @property
    def url(self) -> str:
        """Where webhooks are to be sent."""
        return f"http://{LOOPBACK}:{self._port}/webhooks"

    async def __aenter__(self) -> Self:
        app = web.Application(client_max_size=MOST_BYTES)
        app.router.add_post("/webhooks", self._take)
        self._runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=1)
        await self._runner.setup()
        await web.TCPSite(self._runner, LOOPBACK, self._port).start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()
        return_port(self._port)

    async def _take(self, request: web.Request) -> web.Response:
        headers = {name.lower(): value for name, value in request.headers.items()}
        return web.Response(status=self.received.take(headers, await request.read()))
