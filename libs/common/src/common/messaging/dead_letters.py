"""Dead letters: parked messages, taken from the dead queue to be kept, and sent back to who failed on them.

A message is dead when our own retries are exhausted (it then carries `reason` and `traceback`), or when the
broker gave up: `rejected` (its reader could not read it), `delivery_limit` (its readers died with it, mostly
not by its fault: a process that crashes again and again takes the healthy neighbours along). The latter is
therefore sent back once by itself.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import aio_pika
import asyncpg
import structlog
from aio_pika.abc import AbstractIncomingMessage

from common.database.pool import UNAVAILABLE
from common.messaging.broker import Broker, BrokerAway, NotPublished, answered
from common.messaging.consumer import WATCH_SECONDS, Batch, Consumer
from common.messaging.dead_letter import REDRIVEN, DeadLetter
from common.messaging.topology import RETURN, declare_dead_queue
from common.stopping import sleep_or_stop
from common.telemetry import meter

log = structlog.get_logger()

RETRY_PAUSE_SECONDS = 2.0
_OF_THE_DEATH = ("reason", "traceback")

_collected = meter.create_counter("skuwire_dead_letters", description="Dead letters, by service and reason")

Keep = Callable[[DeadLetter, bool], Awaitable[None]]
"""Keeps a dead letter, in a transaction of its own; the flag says that it was sent back by itself."""


class CannotBeSent(Exception):
    """Its id, type or headers are nothing that AMQP can carry: a stranger's, that had to be cleaned."""


def read_dead_letter(delivery: AbstractIncomingMessage) -> DeadLetter:
    """The dead letter in a delivery of the dead queue. Reads anything."""
    headers = json_safe(dict(delivery.headers))
    attempt = headers.get("attempt")
    return DeadLetter(
        message_id=_text(delivery.message_id),
        message_type=_text(delivery.type),
        service=_text(delivery.routing_key),
        attempt=attempt if isinstance(attempt, int) else 0,
        reason=_text(headers.get("reason")) or _broker_reason(headers),
        traceback=_text(headers.get("traceback")),
        headers={name: value for name, value in headers.items() if not _is_of_the_death(name)},
        body=delivery.body,
    )


def _broker_reason(headers: Mapping[str, Any]) -> str:
    """Why the broker gave it up: the newest death comes first, those in retry queues behind it."""
    deaths = headers.get("x-death")
    newest = deaths[0] if isinstance(deaths, list) and deaths else {}
    reason = newest.get("reason") if isinstance(newest, dict) else None
    return _text(reason) or "unknown"


def _is_of_the_death(header: str) -> bool:
    return header in _OF_THE_DEATH or header.startswith(("x-death", "x-first-death", "x-last-death"))


def json_safe(value: Any) -> Any:
    """The AMQP value as PostgreSQL's jsonb takes it: no NUL, no lone surrogate, no other types, no NaN."""
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, dict):
        return {_text(key): json_safe(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [json_safe(entry) for entry in value]
    if isinstance(value, bytes | bytearray):
        value = value.decode(errors="replace")
    return _text(value)


def _text(value: object) -> str:
    if value is None:
        return ""
    return str(value).replace("\0", "\ufffd").encode(errors="replace").decode()


class DeadLetterCollector:
    """The one consumer of the dead queue."""

    def __init__(self, broker: Broker, keep: Keep, *, watch_seconds: float = WATCH_SECONDS) -> None:
        self._broker = broker
        self._keep = keep
        self._consumer = Consumer(broker, declare_dead_queue, watch_seconds=watch_seconds)

    async def run(self, stopping: asyncio.Event) -> None:
        """Have dead letters kept until `stopping`."""

        async def collect(batch: Batch) -> None:
            for delivery in batch:
                await self._collect(delivery, stopping)

        await self._consumer.run(collect, stopping)

    async def _collect(self, delivery: AbstractIncomingMessage, stopping: asyncio.Event) -> None:
        letter = read_dead_letter(delivery)
        redriven = letter.deserves_another_life and await self._sent_back(letter)
        while not await self._kept(letter, redriven):
            await sleep_or_stop(stopping, RETRY_PAUSE_SECONDS)
            if stopping.is_set():
                return  # unacknowledged, so delivered again
        log.error(
            "message.dead",
            failed_service=letter.service,
            message_id=letter.message_id,
            message_type=letter.message_type,
            reason=letter.reason,
            redriven=redriven,
        )
        _collected.add(1, {"service": letter.service, "redriven": redriven})
        try:
            async with answered(5):
                await delivery.ack()
        except BrokerAway:
            log.info("dead_letter.acknowledge_lost", cause="the channel was closed; it is copied again")

    async def _sent_back(self, letter: DeadLetter) -> bool:
        try:
            await _send(self._broker, letter, {**letter.headers, REDRIVEN: 1})
        except (NotPublished, CannotBeSent) as error:  # then it waits like any other
            log.warning("dead_letter.not_redriven", message_id=letter.message_id, cause=str(error))
            return False
        return True

    async def _kept(self, letter: DeadLetter, redriven: bool) -> bool:
        try:
            await self._keep(letter, redriven)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("dead_letter.not_kept", message_id=letter.message_id, cause=type(error).__name__)
            return False
        return True


async def send_back(broker: Broker, letter: DeadLetter) -> None:
    """Give the message back to the service that failed on it, under its own id, with all its attempts anew.

    Raises `NotPublished`, also where that service has no queue, and `CannotBeSent`.
    """
    fresh = {name: value for name, value in letter.headers.items() if name not in ("attempt", REDRIVEN)}
    await _send(broker, letter, fresh)


async def _send(broker: Broker, letter: DeadLetter, headers: Mapping[str, Any]) -> None:
    message = aio_pika.Message(
        letter.body,
        message_id=letter.message_id or None,
        type=letter.message_type or None,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        headers=dict(headers),
    )
    try:
        message.properties.marshal()  # here, and not between a publish and its confirm
    except (TypeError, ValueError) as error:
        raise CannotBeSent(str(error)) from error
    await broker.send(message, exchange=RETURN, routing_key=letter.service)
