"""What an attempt tells about its endpoint: the breaker opens and closes, and at the end it is disabled."""

from collections.abc import Callable
from datetime import datetime

import structlog

from common.database import UnitOfWork
from common.public.events import EndpointDisabled
from webhook_relay.breaker import FAILURES_THAT_OPEN, WELL, Health, after_failure, has_failed_too_long
from webhook_relay.delivery import Delivered, EndpointGone, Outcome, Pending
from webhook_relay.store.health import disable, save_health
from webhook_relay.telling import Telling

log = structlog.get_logger()

ANSWERED_410 = "answered 410"
FAILED_FIVE_DAYS = "failed for five days"


async def note_outcome(
    work: UnitOfWork, pending: Pending, outcome: Outcome, before: Health, now: datetime
) -> None:
    """Keep the health of the endpoint. `before` is what `lock_health` has locked."""
    if isinstance(outcome, EndpointGone):
        await _disable(work, pending, ANSWERED_410, now)
    elif isinstance(outcome, Delivered):
        await save_health(work.connection, pending.endpoint_id, WELL)
        work.after_commit(_telling("endpoint.recovered"))
    else:
        await _note_failure(work, pending, after_failure(before, now), now)


async def _note_failure(work: UnitOfWork, pending: Pending, health: Health, now: datetime) -> None:
    if has_failed_too_long(health, now):
        await _disable(work, pending, FAILED_FIVE_DAYS, now, health.failing_since)
        return
    await save_health(work.connection, pending.endpoint_id, health)
    if health.failures == FAILURES_THAT_OPEN:
        work.after_commit(_telling("endpoint.breaker_opened"))


async def _disable(
    work: UnitOfWork, pending: Pending, reason: str, now: datetime, failing_since: datetime | None = None
) -> None:
    await disable(work.connection, pending.endpoint_id, reason, failing_since)
    event = EndpointDisabled(
        tenant=pending.tenant,
        shop=pending.shop,
        at=now,
        endpoint_id=str(pending.endpoint_id),
        reason=reason,
        failing_since=failing_since,
    )
    telling = await Telling.to_tenants(work, {pending.tenant})
    telling.event(event)
    await telling.record(now)
    work.after_commit(_telling("endpoint.disabled", reason=reason))


def _telling(word: str, **facts: str) -> Callable[[], None]:
    """Logs it after the commit; the ids are bound by the deliverer."""

    def tell() -> None:
        log.warning(word, **facts)

    return tell
