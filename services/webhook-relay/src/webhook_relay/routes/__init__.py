"""The internal API through which the gateway keeps the endpoints of tenants.

Served on the service's own port only, behind a token that both services share. The tenant is the
gateway's word: it has authenticated the caller.
"""

from collections.abc import Callable
from datetime import datetime

import structlog
from aiohttp import web

from common.database import RowsOf
from common.http.internal import guarded
from webhook_relay.handlers import utc_now
from webhook_relay.posting import Poster
from webhook_relay.routes.deliveries import DeliveryRoutes
from webhook_relay.routes.endpoints import EndpointRoutes
from webhook_relay.settings import RelaySettings

log = structlog.get_logger()

ALL = "/internal/webhooks"
ONE = f"{ALL}/{{id}}"
DELIVERIES = f"{ONE}/deliveries"
DELIVERY = f"{DELIVERIES}/{{delivery_id}}"


def internal_routes(
    rows_of: RowsOf,
    settings: RelaySettings,
    poster: Poster,
    wake: Callable[[], None],
    now: Callable[[], datetime] = utc_now,
) -> list[web.RouteDef]:
    """The routes; none where no internal token is set. `wake` is called when deliveries became due."""
    token = settings.internal_token
    if token is None:
        log.warning("internal_api.not_served", cause="SKUWIRE_INTERNAL_TOKEN is not set")
        return []
    endpoints = EndpointRoutes(rows_of, settings, poster, now)
    deliveries = DeliveryRoutes(rows_of, wake, now)
    return [
        web.route(method, path, guarded(token, handler))
        for method, path, handler in (
            ("POST", ALL, endpoints.create),
            ("GET", ALL, endpoints.show_all),
            ("GET", ONE, endpoints.show),
            ("PATCH", ONE, endpoints.change),
            ("DELETE", ONE, endpoints.delete),
            ("POST", f"{ONE}/rotate-secret", endpoints.rotate),
            ("POST", f"{ONE}/test", endpoints.test),
            ("POST", f"{ONE}/recover", deliveries.recover),
            ("GET", DELIVERIES, deliveries.show_all),
            ("POST", f"{DELIVERIES}/replay", deliveries.replay_many),
            ("GET", DELIVERY, deliveries.show),
            ("POST", f"{DELIVERY}/replay", deliveries.replay_one),
        )
    ]
