"""Webhooks of an ERP: taken in, vouched for by their signature; and the record of them, to be read."""

from aiohttp import web

from gateway.access.times import in_seconds
from gateway.answers.inbound_webhooks import ShownAttempt
from gateway.envelopes import enveloped
from gateway.idempotency import REPLAYED
from gateway.inbound.attempt_filter import read_filter
from gateway.inbound.attempt_store import RecordedAttempt, find_attempts
from gateway.inbound.deliveries import Deliveries
from gateway.operations import inbound_webhooks
from gateway.paging import read_page
from gateway.routing import Route
from gateway.surface import CALLER, Surface

PER_PAGE = 20


class InboundWebhookRoutes:
    """Deliveries in, with no credential but their signature; what became of them, for the tenant's users."""

    def __init__(self, surface: Surface, deliveries: Deliveries) -> None:
        self._surface = surface
        self._deliveries = deliveries

    def routes(self) -> list[Route]:
        return [Route(inbound_webhooks.DELIVER, self.post), Route(inbound_webhooks.RECORD, self.get)]

    async def post(self, request: web.Request) -> web.Response:
        """200 as soon as it is durably queued, the same again for a delivery that comes again.

        400, 413, 422 for what cannot be read; 401 for what no secret vouches for; 409 for an id of another.
        """
        answered = await self._deliveries.take(request)
        headers = {REPLAYED: "true"} if answered.again else {}
        return web.json_response(answered.body, headers=headers)

    async def get(self, request: web.Request) -> web.Response:
        """200 with a page of the tenant's attempts, the newest first."""
        wanted, page = read_filter(request.query), read_page(request.query, size=PER_PAGE)
        async with self._surface.rows(request).transaction() as connection:
            attempts, total = await find_attempts(connection, request[CALLER].tenant, wanted, page)
        data = {"inbound_webhooks": [_shown(attempt) for attempt in attempts], **page.of(total)}
        return enveloped(request, data, "Inbound webhooks")


def _shown(attempt: RecordedAttempt) -> ShownAttempt:
    return {
        "id": attempt.attempt_id,
        "at": in_seconds(attempt.at),
        "address": attempt.address,
        "source": attempt.source,
        "delivery_id": attempt.delivery_id,
        "event": attempt.event,
        "bytes": attempt.bytes,
        "outcome": attempt.outcome,
        "status": attempt.status,
        "reason": attempt.reason,
        "sync_id": attempt.submission_id,
    }
