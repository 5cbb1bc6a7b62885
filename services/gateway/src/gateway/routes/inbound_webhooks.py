"""`POST /api/webhooks/gesmart/products`: what an ERP tells by itself, vouched for by its signature."""

from aiohttp import web

from gateway.idempotency import REPLAYED
from gateway.inbound.deliveries import Deliveries
from gateway.operations import inbound_webhooks
from gateway.routing import Route


class InboundWebhookRoutes:
    """Deliveries in; no credential but their signature."""

    def __init__(self, deliveries: Deliveries) -> None:
        self._deliveries = deliveries

    def routes(self) -> list[Route]:
        return [Route(inbound_webhooks.DELIVER, self.post)]

    async def post(self, request: web.Request) -> web.Response:
        """200 as soon as it is durably queued, the same again for a delivery that comes again.

        400, 413, 422 for what cannot be read; 401 for what no secret vouches for; 409 for an id of another.
        """
        answered = await self._deliveries.take(request)
        headers = {REPLAYED: "true"} if answered.again else {}
        return web.json_response(answered.body, headers=headers)
