"""The work loop: claim what is due, send it outside of any transaction, record what came of it."""

import asyncio
from collections import Counter
from collections.abc import Callable
from datetime import datetime
from uuid import UUID

import asyncpg
import structlog
from opentelemetry import trace

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.messaging.envelope import context_of, current_traceparent
from common.telemetry import SECONDS_BUCKETS, meter, tracer
from webhook_relay.delivery import (
    Answer,
    Answered,
    Delivered,
    EndpointGone,
    Exhausted,
    Outcome,
    Pending,
    RetryAt,
    is_success,
    judge,
    prepare,
)
from webhook_relay.endpoint_health import note_outcome
from webhook_relay.handlers import utc_now
from webhook_relay.posting import Poster
from webhook_relay.schedule import spread
from webhook_relay.settings import RelaySettings
from webhook_relay.store.deliveries import claim_due, record
from webhook_relay.store.health import lock_health

log = structlog.get_logger()

DATABASE_PAUSE_SECONDS = 1.0
STOP_SECONDS = 8.0  # within a service's shutdown deadline; what is cut off is sent again, under its id
AWAY = (
    *UNAVAILABLE,
    asyncpg.OperatorInterventionError,  # it is being shut down
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,  # deadlock
    asyncpg.LockNotAvailableError,
)

_attempts = meter.create_counter("skuwire_webhook_attempts", description="Webhook attempts, by outcome")
_seconds = meter.create_histogram(
    "skuwire_webhook_seconds",
    unit="s",
    description="Duration of attempts",
    explicit_bucket_boundaries_advisory=SECONDS_BUCKETS,
)

WORDS: dict[type[Outcome], str] = {
    Delivered: "webhook.delivered",
    RetryAt: "webhook.failed",
    Exhausted: "webhook.exhausted",
    EndpointGone: "webhook.endpoint_gone",
}


class Deliverer:
    """Delivers what is due. Safe to run in any number of processes on one database."""

    def __init__(
        self,
        database: Database,
        poster: Poster,
        settings: RelaySettings,
        *,
        now: Callable[[], datetime] = utc_now,
        chance: Callable[[UUID, int], float] = spread,
    ) -> None:
        self._database = database
        self._poster = poster
        self._settings = settings
        self._sealer = settings.sealer()
        self._now = now
        self._chance = chance
        self._wake = asyncio.Event()
        self._in_flight: dict[asyncio.Task[None], str] = {}
        """Each attempt, and whose it is."""

    def wake(self) -> None:
        """There may be something due: look now instead of at the next poll."""
        self._wake.set()

    async def run(self, stopping: asyncio.Event) -> None:
        """Deliver until `stopping`, then let finish what is in flight."""
        watch = asyncio.create_task(self._wake_at_stop(stopping))
        try:
            while not stopping.is_set():
                self._wake.clear()
                started = await self._start_due()
                if not started:
                    await self._until_woken()
            if self._in_flight:
                await asyncio.wait(self._in_flight, timeout=STOP_SECONDS)
        finally:
            watch.cancel()
            for task in self._in_flight:
                task.cancel()
            await asyncio.gather(watch, *self._in_flight, return_exceptions=True)

    async def deliver(self, pending: Pending) -> None:
        """One attempt: send, judge, record."""
        with (
            tracer.start_as_current_span(
                "deliver webhook",
                context=context_of(pending.traceparent),
                kind=trace.SpanKind.CLIENT,
                attributes={"skuwire.webhook.id": pending.webhook_id, "skuwire.shop": pending.shop},
            ),
            structlog.contextvars.bound_contextvars(
                webhook_id=pending.webhook_id,
                endpoint_id=str(pending.endpoint_id),
                tenant=pending.tenant,
                shop=pending.shop,
            ),
        ):
            attempt = prepare(pending, self._now(), traceparent=current_traceparent() or pending.traceparent)
            answer = await self._poster.post(attempt)
            await self._record(pending, answer)

    async def _record(self, pending: Pending, answer: Answer) -> None:
        now = self._now()
        waits = self._settings.retry_waits_seconds
        chance = self._chance(pending.id, pending.attempts_made + 1)
        async with self._database.unit_of_work() as work:
            # Claims, too, lock the endpoint before its deliveries.
            health = await lock_health(work.connection, pending, even_if_well=not is_success(answer))
            same = health is not None
            outcome = judge(pending, answer, now, chance=chance, waits=waits, same_endpoint=same)
            ours = await record(work.connection, pending, answer, outcome, now)
            if ours and health is not None:
                await note_outcome(work, pending, outcome, health, now)
        word = WORDS[type(outcome)]
        _attempts.add(1, {"outcome": word.removeprefix("webhook.")})
        _seconds.record(answer.seconds)
        log.info(
            word,
            attempt=pending.attempts_made + 1,
            status=answer.status if isinstance(answer, Answered) else None,
            cause=None if isinstance(answer, Answered) else answer.cause,
            seconds=round(answer.seconds, 3),
            next_at=outcome.at.isoformat() if isinstance(outcome, RetryAt) else None,
            lease_lost=not ours,
        )

    async def _start_due(self) -> int:
        """Claim as many as there is room for and start them; return how many."""
        room = self._settings.in_flight - len(self._in_flight)
        if room <= 0:
            return 0
        try:
            async with self._database.transaction() as connection:
                claimed = await claim_due(
                    connection,
                    self._sealer,
                    self._now(),
                    limit=room,
                    per_endpoint=self._settings.in_flight_per_endpoint,
                    per_tenant=max(1, self._settings.in_flight // 2),
                    held=Counter(self._in_flight.values()),
                    lease_seconds=self._settings.lease_seconds,
                )
        except AWAY as error:
            log.warning("deliveries.database_unreachable", cause=type(error).__name__)
            await asyncio.sleep(DATABASE_PAUSE_SECONDS)
            return 0
        for pending in claimed:
            task = asyncio.create_task(self._deliver_or_leave(pending), name=f"deliver {pending.webhook_id}")
            self._in_flight[task] = pending.tenant
            task.add_done_callback(self._finished)
        return len(claimed)

    async def _deliver_or_leave(self, pending: Pending) -> None:
        """What could not be recorded is sent again when its lease has run out, under the same id."""
        try:
            await self.deliver(pending)
        except AWAY as error:
            log.warning("webhook.not_recorded", webhook_id=pending.webhook_id, cause=type(error).__name__)
        except Exception:  # a bug in one delivery must not stop the others
            log.exception("webhook.bug", webhook_id=pending.webhook_id)

    def _finished(self, task: asyncio.Task[None]) -> None:
        del self._in_flight[task]
        self._wake.set()  # there is room again

    async def _until_woken(self) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), self._settings.poll_seconds)
        except TimeoutError:
            return

    async def _wake_at_stop(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self._wake.set()
