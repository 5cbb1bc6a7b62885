"""A shop as a service reaches it: the client, its breaker, a span for each request.

The writer and the image-processor each have one link per shop. A link says `unreachable` when its breaker
opens and `recovered` at the first success after that — and once after a start, because the process before
may have died while the shop was away. `on_outage` is awaited before either is told: what a service has to
remember of an outage must outlive the process that has noticed it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import structlog
from opentelemetry import trace

from common.database import Database
from common.http.addresses import refuse_unless_public
from common.http.visiting import accept_any_address, visiting_session
from common.messages import Reachability, ShopReachability
from common.shops import ShopSettings, TenantShop
from common.stopping import sleep_or_stop
from common.telemetry import SECONDS_BUCKETS, meter, tracer
from prestashop import (
    Breaker,
    BreakerState,
    ClientSettings,
    RequestRecord,
    Shop,
    ShopError,
    Transition,
    is_failure,
)

log = structlog.get_logger()

ASK_AGAIN_SECONDS = 1.0
KEEP_ALIVE_SECONDS = 4.0  # as the shop client has it: shorter than the 5 s after which Apache closes

_requests = meter.create_histogram(
    "skuwire_shop_request_seconds",
    unit="s",
    description="Requests to shops",
    explicit_bucket_boundaries_advisory=SECONDS_BUCKETS,
)


class ShopLink:
    """One shop, one breaker. `before_request` is awaited ahead of every request and may refuse it."""

    def __init__(
        self,
        shop: ShopSettings,
        service: str,
        database: Database,
        *,
        before_request: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self.shop = shop
        self.breaker = Breaker()
        self.on_outage: Callable[[], Awaitable[None]] | None = None
        self._service = service
        self._database = database
        self._told: Reachability | None = None
        self._to_tell: list[ShopReachability] = []
        self._session = visiting_session_of(shop)
        self.client = Shop(
            shop.url,
            shop.key.get_secret_value(),
            settings=ClientSettings(
                read_timeout_seconds=shop.request_timeout_seconds,
                image_timeout_seconds=3 * shop.request_timeout_seconds,
                max_concurrency=shop.concurrency,
                max_requests_per_minute=shop.requests_per_minute or None,
                max_entities_per_request=100,
            ),
            session=self._session,
            on_request=self._note,
            before_request=before_request,
        )

    async def ask(self) -> None:
        """Ask the shop something small, for which it needs its database. Raises `ShopError`."""
        await self.client.list("languages", display=("id",), limit=1)

    async def wait_until_allowed(self, stopping: asyncio.Event) -> None:
        """Return when the shop may be asked; meanwhile probe it at the breaker's growing distances."""
        while self.breaker.state is not BreakerState.CLOSED and not stopping.is_set():
            await self.tell()
            pause = self.client.pace.pause_seconds()  # the shop has asked for it: a probe would not be sent
            await sleep_or_stop(stopping, max(self.breaker.wait_seconds(), pause, 0.05))
            if stopping.is_set() or not self.breaker.allow():
                continue
            try:
                await self.ask()
            except ShopError as error:
                if not is_failure(error):
                    continue  # it answers; whoever has work will hear what is wrong
                log.info("shop.probe_failed", shop=self.shop.id, cause=str(error))
        await self.tell()

    async def ask_again(self, stopping: asyncio.Event) -> None:
        """After a failure: was it the request, or is the shop away? Ask until it answers or is given up.

        Without it an outage would be noticed only after as many long requests as the breaker counts.
        """
        while self.breaker.state is BreakerState.CLOSED and not stopping.is_set():
            try:
                await self.ask()
            except ShopError as error:
                if not is_failure(error):
                    return
                await sleep_or_stop(stopping, ASK_AGAIN_SECONDS)
            else:
                return

    async def tell(self) -> None:
        """Publish what has changed about the shop's reachability."""
        if not self._to_tell:
            return
        if self.on_outage is not None:
            await self.on_outage()
        telling, self._to_tell = self._to_tell, []
        try:
            async with self._database.unit_of_work() as work:
                for message in telling:
                    work.publish(message)
        except BaseException:
            self._to_tell = telling + self._to_tell
            raise

    async def close(self) -> None:
        await self.client.close()
        if self._session is not None:
            await self._session.close()

    def _note(self, record: RequestRecord) -> None:
        failed = record.error is not None and is_failure(record.error)
        transition = self.breaker.record_failure() if failed else self.breaker.record_success()
        if transition is Transition.OPENED:
            self._change(Reachability.UNREACHABLE, str(record.error))
        elif (
            not failed
            and self._told is not Reachability.RECOVERED
            and (self.breaker.state is BreakerState.CLOSED)
        ):
            self._change(Reachability.RECOVERED, "")
        labels = {"shop": self.shop.id, "method": record.method, "status": str(record.status or "none")}
        _requests.record(record.seconds, labels)
        span = tracer.start_span(
            f"{record.method} {record.path}",
            kind=trace.SpanKind.CLIENT,
            start_time=int(record.started_at * 1e9),
            attributes={
                "skuwire.shop": self.shop.id,
                "http.request.method": record.method,
                "http.response.status_code": record.status or 0,
                "skuwire.entities": record.entities,
            },
        )
        span.end(int((record.started_at + record.seconds) * 1e9))
        log.info(
            "shop.request",
            shop=self.shop.id,
            method=record.method,
            path=record.path,
            status=record.status,
            entities=record.entities,
            milliseconds=round(record.seconds * 1000),
            cause=str(record.error) if record.error else None,
        )

    def _change(self, reachability: Reachability, cause: str) -> None:
        self._told = reachability
        log.warning("breaker.changed", shop=self.shop.id, reachability=reachability.value, cause=cause)
        self._to_tell.append(
            ShopReachability(
                tenant=self.shop.tenant,
                shop=self.shop.id,
                service=self._service,
                reachability=reachability,
                at=datetime.now(UTC),
                cause=cause[:300],
            )
        )


def visiting_session_of(shop: ShopSettings) -> aiohttp.ClientSession | None:
    """What a registered shop is visited with; None for a shop of the operator, whose address is trusted."""
    if not isinstance(shop, TenantShop):
        return None
    return visiting_session(
        check=accept_any_address if shop.allow_private else refuse_unless_public,
        connections=shop.concurrency,
        timeout=aiohttp.ClientTimeout(),  # the shop client bounds each request
        keep_alive_seconds=KEEP_ALIVE_SECONDS,
    )
