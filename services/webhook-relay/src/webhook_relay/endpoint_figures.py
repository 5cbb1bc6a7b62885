"""How many endpoints stand how, for whoever watches: one that fails is seen before it is disabled."""

import asyncio

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.stopping import sleep_or_stop
from common.telemetry import meter
from webhook_relay.store.health import count_endpoints

log = structlog.get_logger()

MEASURE_SECONDS = 15.0
STANDINGS = ("enabled", "failing", "paused", "disabled")
"""The states of an endpoint that is not deleted, and `failing`: enabled, with an open breaker."""

_endpoints = meter.create_gauge(
    "skuwire_webhook_endpoints",
    description="Webhook endpoints by tenant: enabled, failing (the breaker is open), paused, disabled",
)


class EndpointFigures:
    """Counts the endpoints again and again."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._tenants: set[str] = set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Count until `stopping`."""
        while not stopping.is_set():
            try:
                await self._measure()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("endpoints.not_counted", cause=type(error).__name__)
            await sleep_or_stop(stopping, MEASURE_SECONDS)

    async def _measure(self) -> None:
        counts = await count_endpoints(self._database.pool)
        self._tenants |= {tenant for tenant, _ in counts}
        for tenant in self._tenants:  # also what there is none of: an alert sees the step from 0 to 1
            for standing in STANDINGS:
                count = counts.get((tenant, standing), 0)
                _endpoints.set(count, {"tenant": tenant, "state": standing})
