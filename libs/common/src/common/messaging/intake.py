"""Intake: deliveries become one transaction — inbox, effects, outbox — and are acknowledged after it."""

import asyncio
import traceback
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import asyncpg
import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustQueue

from common.database.pool import UNAVAILABLE, Database, is_refused_value
from common.database.unit_of_work import UnitOfWork
from common.errors import Transient
from common.messages.contract import Message, UnknownMessageType, decode
from common.messaging.broker import Broker, BrokerAway, NotPublished, answered, message_id_of
from common.messaging.consumer import WATCH_SECONDS, Batch, Consumer
from common.messaging.envelope import Envelope, Received, envelope_from_headers
from common.messaging.inbox import keep_unseen
from common.messaging.topology import DEAD, declare_service_queue, retry_exchange
from common.stopping import sleep_or_stop
from common.telemetry import meter, redact_text

log = structlog.get_logger()

Handler = Callable[[UnitOfWork, Sequence[Received[Any]]], Awaitable[None]]

RETRY_PAUSES = (0.2, 1.0, 5.0)  # while the database is away
TRIES_WITH_DATABASE = 5  # reliability of a database that answers: after that it is the message's fault
ACKNOWLEDGE_SECONDS = 5.0

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
        self,
        service: str,
        database: Database,
        broker: Broker,
        handlers: Mapping[type[Message], Handler],
        *,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self._service = service
        self._database = database
        self._broker = broker
        self._handlers = handlers
        self._consumer = Consumer(broker, self._declare, watch_seconds=watch_seconds)

    @property
    def consuming(self) -> bool:
        return self._consumer.consuming

    async def run(self, stopping: asyncio.Event) -> None:
        """Handle deliveries until `stopping`; what was not handled then is delivered again later."""

        async def handle(batch: Batch) -> None:
            await self._handle(batch, stopping)

        await self._consumer.run(handle, stopping)

    async def _declare(self, channel: AbstractRobustChannel) -> AbstractRobustQueue:
        return await declare_service_queue(channel, self._service, self._handlers)

    async def _handle(self, batch: Batch, stopping: asyncio.Event) -> None:
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
            done = await self._commit(message_type, [received for _, received in items], stopping)
        except Exception as error:  # noqa: BLE001 - a bug of any kind must not stop the intake
            if len(items) > 1:  # find the one that fails; the others go on
                for item in items:
                    await self._handle_type(message_type, [item], stopping)
                return
            done = await self._retry_later(items[0][0], items[0][1].envelope, error, stopping)
        if not done:
            return  # stopping: unacknowledged, so delivered again
        for delivery, _ in items:
            await _acknowledge(delivery)
        _handled.add(len(items), {"type": message_type.message_type})

    async def _commit(
        self, message_type: type[Message], received: list[Received[Message]], stopping: asyncio.Event
    ) -> bool:
        """One transaction, repeated while the database is away; False when `stopping` came before.

        An error like that of a missing database, while the database answers, is in the end a bug: else one
        message whose statement takes too long would keep all others waiting for ever.
        """
        tries = 0
        for pause in _pauses():
            try:
                async with self._database.unit_of_work() as work:
                    fresh = await keep_unseen(work.connection, self._service, received)
                    if fresh:
                        await self._handlers[message_type](work, fresh)
                return True
            except (*AWAY, Transient) as error:
                if is_refused_value(error):
                    raise
                if not isinstance(error, Transient) and await self._database.is_reachable():
                    tries += 1
                if tries >= TRIES_WITH_DATABASE:
                    raise
                log.warning("intake.waiting", cause=f"{type(error).__name__}: {error}", retry_seconds=pause)
            await sleep_or_stop(stopping, pause)
            if stopping.is_set():
                return False
        raise AssertionError("the pauses never end")

    async def _decode(self, delivery: AbstractIncomingMessage) -> Received[Message] | None:
        try:
            message_id = message_id_of(delivery)
            envelope = envelope_from_headers(message_id, delivery.type or "", dict(delivery.headers))
            message = decode(envelope.message_type, delivery.body)
            if type(message) not in self._handlers:
                raise UnknownMessageType(envelope.message_type)
        except Exception as error:  # noqa: BLE001 - whatever a stranger sent must not stop the intake
            await self._park_unreadable(delivery, error)
            return None
        return Received(message, envelope)

    async def _park_unreadable(self, delivery: AbstractIncomingMessage, error: Exception) -> None:
        """Send a message that cannot be read to the dead queue, by the queue's own dead-lettering."""
        log.error("message.unreadable", cause=type(error).__name__, message_type=delivery.type)
        _parked.add(1)
        try:
            async with answered(ACKNOWLEDGE_SECONDS):
                await delivery.reject(requeue=False)
        except BrokerAway:
            log.info("intake.broker_away_at_reject")

    async def _retry_later(
        self,
        delivery: AbstractIncomingMessage,
        envelope: Envelope,
        error: BaseException,
        stopping: asyncio.Event,
    ) -> bool:
        """Copy the message to the next retry queue, or after the last one to the dead queue.

        False when `stopping` came before the broker had it.
        """
        attempt = envelope.attempt + 1
        again = replace(envelope, attempt=attempt)
        log.error("message.failed", message_id=str(envelope.message_id), attempt=attempt, exc_info=error)
        rungs = self._broker.rungs
        exhausted = attempt > len(rungs)
        exchange = DEAD if exhausted else retry_exchange(rungs[attempt - 1])
        details = _details(error) if exhausted else {}
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
            await sleep_or_stop(stopping, pause)
            if stopping.is_set():
                return False
            await self._declare_parking()
        if exhausted:
            _parked.add(1)
        return True

    async def _declare_parking(self) -> None:
        try:
            await self._broker.declare_parking()  # a broker that lost its disk has no such queues
        except BrokerAway as error:
            log.warning("intake.parking_not_declared", cause=str(error))


def _pauses() -> Iterator[float]:
    yield from RETRY_PAUSES
    while True:
        yield RETRY_PAUSES[-1]


def _details(error: BaseException) -> dict[str, str]:
    """Reason and traceback for whoever looks at the dead letter; an error's text may hold a secret."""
    text = "".join(traceback.format_exception(error))
    return {
        "reason": redact_text(f"{type(error).__name__}: {error}")[:500],
        "traceback": redact_text(text)[-8000:],
    }


async def _acknowledge(delivery: AbstractIncomingMessage) -> None:
    try:
        async with answered(ACKNOWLEDGE_SECONDS):
            await delivery.ack()
    except BrokerAway:
        log.info("intake.acknowledge_lost", cause="the channel was closed; the inbox knows the message")
