"""The outbox relay: what a transaction decided to say is published after its commit, at least once."""

import asyncio
from typing import Any

import asyncpg
import structlog

from common.database.pool import UNAVAILABLE, Database
from common.messaging.broker import Broker, NotPublished
from common.messaging.envelope import envelope_from_headers
from common.telemetry import meter

log = structlog.get_logger()

BATCH = 200
POLL_SECONDS = 0.5
MEASURE_SECONDS = 5.0
STUCK_SECONDS = 60.0
CLAIM_MARGIN_SECONDS = 2.0

_published = meter.create_counter(
    "skuwire_outbox_published", description="Messages published from the outbox"
)
_waiting = meter.create_gauge("skuwire_outbox_waiting", description="Messages that wait in the outbox")
_oldest = meter.create_gauge(
    "skuwire_outbox_oldest_seconds", unit="s", description="Age of the oldest message in the outbox"
)

# Those that were tried least recently first: messages to a full queue never keep others waiting.
_CLAIM = """
    update outbox set claimed_until = now() + make_interval(secs => $2)
    where id in (
        select id from outbox where claimed_until <= now()
        order by claimed_until, id limit $1 for update skip locked
    )
    returning id, message_id, exchange, routing_key, message_type, headers, body
"""
_MEASURE = "select count(*), extract(epoch from now() - min(created_at))::float8 as oldest from outbox"


class OutboxRelay:
    """Publishes the outbox of one service, woken by commits and by a slow poll."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._wake = asyncio.Event()
        self._measured_at = self._warned_at = float("-inf")
        database.on_outgoing = self._wake.set

    async def run(self, stopping: asyncio.Event) -> None:
        """Relay until `stopping`, then what is left."""
        await self._waiting_for_database(self._free_claims())
        while not stopping.is_set():
            self._wake.clear()
            published = await self._waiting_for_database(self.relay_batch())
            await self._waiting_for_database(self._measure())
            if published < BATCH:
                await self._sleep(stopping)
        while await self._waiting_for_database(self.relay_batch()):
            pass

    async def _waiting_for_database(self, work: Any) -> int:  # Any: a coroutine of int
        try:
            return int(await work)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("outbox.database_unreachable", cause=type(error).__name__)
            return 0

    async def _free_claims(self) -> int:
        """What a process before this one was publishing when it died is free at once.

        It is not made new again: '-infinity' says of a message that nobody has tried to publish it.

        A living neighbour's messages may so be published twice, under the same id.
        """
        await self._database.pool.execute(
            "update outbox set claimed_until = now() where claimed_until > now()"
        )
        return 0

    async def _measure(self) -> int:
        now = asyncio.get_running_loop().time()
        if now - self._measured_at < MEASURE_SECONDS:
            return 0
        self._measured_at = now
        [row] = await self._database.pool.fetch(_MEASURE)
        waiting, oldest = row["count"], row["oldest"] or 0.0
        _waiting.set(waiting)
        _oldest.set(oldest)
        if oldest > STUCK_SECONDS and now - self._warned_at > STUCK_SECONDS:
            self._warned_at = now
            log.error("outbox.stuck", waiting=waiting, oldest_seconds=round(oldest))
        return 0

    async def _sleep(self, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(stopping.wait())]
        try:
            await asyncio.wait(waits, timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def relay_batch(self) -> int:
        """Publish up to a batch of rows; return how many were confirmed."""
        if not self._broker.connected:
            return 0
        claim_seconds = self._broker.publish_timeout_seconds + CLAIM_MARGIN_SECONDS
        rows = await self._database.pool.fetch(_CLAIM, BATCH, claim_seconds)
        if not rows:
            return 0
        results = await asyncio.gather(*(self._publish(row) for row in sorted(rows, key=lambda r: r["id"])))
        done = [row_id for row_id, failure in results if failure is None]
        failures = {row_id: failure for row_id, failure in results if failure is not None}
        await self._database.pool.execute("delete from outbox where id = any($1::bigint[])", done)
        if failures:
            log.warning(
                "outbox.not_published", messages=len(failures), first_cause=next(iter(failures.values()))
            )
            await self._database.pool.execute(
                "update outbox set claimed_until = now() + interval '1 second' where id = any($1::bigint[])",
                list(failures),
            )
        _published.add(len(done))
        return len(done)

    async def _publish(self, row: Any) -> tuple[int, str | None]:  # Any: asyncpg's Record is untyped
        envelope = envelope_from_headers(row["message_id"], row["message_type"], row["headers"])
        try:
            await self._broker.publish(
                envelope, exchange=row["exchange"], routing_key=row["routing_key"], body=row["body"]
            )
        except NotPublished as error:
            return row["id"], str(error)
        return row["id"], None
