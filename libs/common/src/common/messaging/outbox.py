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
CLAIM_SECONDS = 30  # longer than a publish may take; a crashed relay's rows are free again after it

_published = meter.create_counter(
    "skuwire_outbox_published", description="Messages published from the outbox"
)

_CLAIM = """
    update outbox set claimed_until = now() + make_interval(secs => $2)
    where id in (
        select id from outbox where claimed_until <= now() order by id limit $1 for update skip locked
    )
    returning id, message_id, exchange, routing_key, message_type, headers, body
"""


class OutboxRelay:
    """Publishes the outbox of one service, woken by commits and by a slow poll."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._wake = asyncio.Event()
        database.on_outgoing = self._wake.set

    async def run(self, stopping: asyncio.Event) -> None:
        """Relay until `stopping`, then once more for what is left."""
        while not stopping.is_set():
            published = await self._relay_or_wait()
            if published < BATCH:
                await self._sleep(stopping)
        await self._relay_or_wait()

    async def _relay_or_wait(self) -> int:
        self._wake.clear()
        try:
            return await self.relay_batch()
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("outbox.database_unreachable", cause=type(error).__name__)
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
        rows = await self._database.pool.fetch(_CLAIM, BATCH, CLAIM_SECONDS)
        if not rows:
            return 0
        results = await asyncio.gather(*(self._publish(row) for row in sorted(rows, key=lambda r: r["id"])))
        done = [row_id for row_id, confirmed in results if confirmed]
        failed = [row_id for row_id, confirmed in results if not confirmed]
        await self._database.pool.execute("delete from outbox where id = any($1::bigint[])", done)
        if failed:
            await self._database.pool.execute(
                "update outbox set claimed_until = now() + interval '1 second' where id = any($1::bigint[])",
                failed,
            )
        _published.add(len(done))
        return len(done)

    async def _publish(self, row: Any) -> tuple[int, bool]:  # Any: asyncpg's Record is untyped
        envelope = envelope_from_headers(row["message_id"], row["message_type"], row["headers"])
        try:
            await self._broker.publish(
                envelope, exchange=row["exchange"], routing_key=row["routing_key"], body=row["body"]
            )
        except NotPublished as error:
            log.warning("outbox.not_published", message_id=str(envelope.message_id), cause=str(error))
            return row["id"], False
        return row["id"], True
