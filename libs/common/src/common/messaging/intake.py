"""Intake: deliveries become one transaction — inbox, effects, outbox — and are acknowledged after it.

The consume callback only puts the delivery into a queue: aio-pika cancels a callback when the connection
drops, so no work may run there.
"""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import structlog
from aio_pika.abc import AbstractIncomingMessage
from aio_pika.exceptions import AMQPError
from pydantic import ValidationError

from common.database.pool import UNAVAILABLE, Database
from common.database.unit_of_work import UnitOfWork
from common.errors import Transient
from common.messages.contract import Message, UnknownMessageType, decode
from common.messaging.broker import Broker, NotPublished, message_id_of
from common.messaging.envelope import Envelope, Received, envelope_from_headers
from common.messaging.topology import DEAD, RETRY_SECONDS, declare_service_queue, retry_exchange
from common.telemetry import meter

log = structlog.get_logger()

Handler = Callable[[UnitOfWork, Sequence[Received[Any]]], Awaitable[None]]

PREFETCH = 200
BATCH_SIZE = 50
BATCH_SECONDS = 0.02
RETRY_PAUSES = (0.2, 1.0, 5.0)  # while the database is away

AWAY = (
    *UNAVAILABLE,
    asyncpg.DeadlockDetectedError,
    asyncpg.SerializationError,
    asyncpg.LockNotAvailableError,
)

_handled = meter.create_counter("skuwire_messages_handled", description="Messages handled, by type")
_parked = meter.create_counter("skuwire_messages_parked", description="Messages sent to the dead queue")


class Intake:
    """Consumes the queue of one service and gives batches of one type to its handler."""

    def __init__(
        self, service: str, database: Database, broker: Broker, handlers: Mapping[type[Message], Handler]
    ) -> None:
        self._service = service
        self._database = database
        self._broker = broker
        self._handlers = handlers
        self._deliveries: asyncio.Queue[AbstractIncomingMessage] = asyncio.Queue()
        self._consumer_tag = ""

    async def start(self) -> None:
        """Declare the queue and begin to take deliveries."""
        self._channel = await self._broker.connection.channel()
        await self._channel.set_qos(
            prefetch_count=PREFETCH
        )  # per consumer: a global one closes the connection
        self._queue = await declare_service_queue(self._channel, self._service, self._handlers)
        self._consumer_tag = await self._queue.consume(self._deliveries.put)

    async def is_consuming(self) -> bool:
        """Whether the broker knows a consumer of our queue. Raises when the broker does not answer."""
        async with asyncio.timeout(5), self._broker.connection.channel() as channel:
            queue = await channel.declare_queue(self._queue.name, passive=True)
            return (queue.declaration_result.consumer_count or 0) > 0

    async def run(self, stopping: asyncio.Event) -> None:
        """Handle deliveries until `stopping`; what was not handled then is delivered again later."""
        while not stopping.is_set():
            batch = await self._next_batch(stopping)
            if batch:
                await self._handle(batch, stopping)
        await self._stop_consuming()

    async def _stop_consuming(self) -> None:
        try:
            await self._queue.cancel(self._consumer_tag, timeout=2)
            await self._channel.close()
        except (AMQPError, OSError, TimeoutError, RuntimeError):
            log.info("intake.broker_away_at_stop")

    async def _next_batch(self, stopping: asyncio.Event) -> list[AbstractIncomingMessage]:
        try:
            first = await asyncio.wait_for(self._deliveries.get(), 0.5)
        except TimeoutError:
            return []
        batch = [first]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + BATCH_SECONDS
        while len(batch) < BATCH_SIZE and not stopping.is_set():
            try:
                batch.append(await asyncio.wait_for(self._deliveries.get(), max(deadline - loop.time(), 0)))
            except TimeoutError:
                break
        return batch

    async def _handle(self, batch: list[AbstractIncomingMessage], stopping: asyncio.Event) -> None:
        by_type: dict[type[Message], list[tuple[AbstractIncomingMessage, Received[Message]]]] = {}
        for delivery in batch:
            received = await self._decode(delivery)
            if received is not None:
                by_type.setdefault(type(received.message), []).append((delivery, received))
        for message_type, items in by_type.items():
            await self._handle_type(message_type, items, stopping)

    async def _handle_type(
        self,
        message_type: type[Message],
        items: list[tuple[AbstractIncomingMessage, Received[Message]]],
        stopping: asyncio.Event,
    ) -> None:
        try:
            if not await self._commit(message_type, [received for _, received in items], stopping):
                return  # stopping: unacknowledged, so delivered again
        except Exception as error:  # noqa: BLE001 - a bug of any kind must not stop the intake
            if len(items) > 1:  # find the one that fails; the others go on
                for item in items:
                    await self._handle_type(message_type, [item], stopping)
                return
            await self._retry_later(items[0][0], items[0][1].envelope, error)
        for delivery, _ in items:
            await _acknowledge(delivery)
        _handled.add(len(items), {"type": message_type.message_type})

    async def _commit(
        self, message_type: type[Message], received: list[Received[Message]], stopping: asyncio.Event
    ) -> bool:
        for pause in _pauses():
            try:
                async with self._database.unit_of_work() as work:
                    fresh = await self._fresh(work, received)
                    if fresh:
                        await self._handlers[message_type](work, fresh)
                return True
            except (*AWAY, Transient) as error:
                log.warning("intake.waiting", cause=f"{type(error).__name__}: {error}", retry_seconds=pause)
            if stopping.is_set():
                return False
            await asyncio.sleep(pause)
        raise AssertionError("the pauses never end")

    async def _fresh(self, work: UnitOfWork, received: list[Received[Message]]) -> list[Received[Message]]:
        rows = await work.connection.fetch(
            "insert into inbox (consumer, message_id) select $1, unnest($2::uuid[]) "
            "on conflict do nothing returning message_id",
            self._service,
            [r.envelope.message_id for r in received],
        )
        unseen = {row["message_id"] for row in rows}
        fresh = []
        for item in received:
            if item.envelope.message_id in unseen:
                unseen.remove(item.envelope.message_id)  # the same id twice in one batch counts once
                fresh.append(item)
        return fresh

    async def _decode(self, delivery: AbstractIncomingMessage) -> Received[Message] | None:
        try:
            message_id = message_id_of(delivery)
            envelope = envelope_from_headers(message_id, delivery.type or "", dict(delivery.headers))
            message = decode(envelope.message_type, delivery.body)
            if type(message) not in self._handlers:
                raise UnknownMessageType(envelope.message_type)
        except (ValueError, KeyError, ValidationError, UnknownMessageType) as error:
            await self._park_unreadable(delivery, error)
            return None
        return Received(message, envelope)

    async def _park_unreadable(self, delivery: AbstractIncomingMessage, error: Exception) -> None:
        """Send a message that cannot be read to the dead queue, by the queue's own dead-lettering."""
        log.error("message.unreadable", cause=f"{type(error).__name__}: {error}", message_type=delivery.type)
        _parked.add(1)
        try:
            await delivery.reject(requeue=False)
        except (AMQPError, OSError, RuntimeError):
            log.info("intake.broker_away_at_reject")

    async def _retry_later(
        self, delivery: AbstractIncomingMessage, envelope: Envelope, error: BaseException
    ) -> None:
        """Copy the message to the next retry queue, or after the last one to the dead queue."""
        attempt = envelope.attempt + 1
        again = replace(envelope, attempt=attempt)
        reason = f"{type(error).__name__}: {error}"
        log.error("message.failed", message_id=str(envelope.message_id), attempt=attempt, exc_info=error)
        exhausted = attempt > len(RETRY_SECONDS)
        exchange = DEAD if exhausted else retry_exchange(RETRY_SECONDS[attempt - 1])
        details = {"reason": reason[:500], "traceback": _traceback(error)} if exhausted else {}
        for pause in _pauses():
            try:
                await self._broker.publish(
                    again,
                    exchange=exchange,
                    routing_key=self._service,
                    body=delivery.body,
                    extra_headers=details,
                )
                break
            except NotPublished as unconfirmed:
                log.warning("intake.retry_not_published", cause=str(unconfirmed), retry_seconds=pause)
                await asyncio.sleep(pause)
        if exhausted:
            _parked.add(1)


def _pauses() -> Any:  # an endless generator of seconds
    yield from RETRY_PAUSES
    while True:
        yield RETRY_PAUSES[-1]


def _traceback(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))[-8000:]


async def _acknowledge(delivery: AbstractIncomingMessage) -> None:
    try:
        await delivery.ack()
    except (AMQPError, OSError, RuntimeError):
        log.info("intake.acknowledge_lost", cause="the channel was closed; the inbox knows the message")
