"""Dead letters: parked messages, copied from the dead queue into a table, from where they are replayed.

A message is dead when our own retries are exhausted (it then carries `reason` and `traceback`), or when the
broker gave up: `rejected` (its reader could not read it), `delivery_limit` (its readers died with it, mostly
not by its fault: a process that crashes again and again takes the healthy neighbours along). The latter is
therefore sent back once by itself.
"""

import asyncio
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID, uuid5

import aio_pika
import asyncpg
import structlog
from aio_pika.abc import AbstractIncomingMessage

from common.database.pool import UNAVAILABLE, Database
from common.messaging.broker import Broker, BrokerAway, NotPublished, answered
from common.messaging.consumer import WATCH_SECONDS, Batch, Consumer
from common.messaging.topology import RETURN, declare_dead_queue
from common.stopping import sleep_or_stop
from common.telemetry import meter

log = structlog.get_logger()

RETRY_PAUSE_SECONDS = 2.0
DELIVERY_LIMIT_REASON = "delivery_limit"
REDRIVEN = "redriven"  # header of a message that was sent back by itself
_OF_THE_DEATH = ("reason", "traceback")
_LETTERS = UUID("5f0f2f2e-7d0c-4c0a-9d7e-3f2b8a3c9d11")

_collected = meter.create_counter("skuwire_dead_letters", description="Dead letters, by service and reason")

_SAVE = """
    insert into dead_letters
        (letter_id, message_id, message_type, service, attempt, reason, traceback, headers, body, replayed_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8::text::jsonb, $9, case when $10 then now() end)
    on conflict (letter_id) do update set
        attempt = excluded.attempt, reason = excluded.reason, traceback = excluded.traceback,
        headers = excluded.headers, last_seen = now(), replayed_at = excluded.replayed_at
"""
_LOAD = """
    select letter_id, message_id, message_type, service, attempt, reason, traceback, headers, body, first_seen
    from dead_letters where letter_id = $1
"""
_REPLAYED = "update dead_letters set replayed_at = now() where letter_id = $1"


@dataclass(frozen=True)
class DeadLetter:
    """A parked message. `service` failed on it and gets it back on a replay.

    `message_id` and `message_type` are as the sender gave them, which may be not at all.
    """

    message_id: str
    message_type: str
    service: str
    attempt: int
    reason: str
    traceback: str
    headers: Mapping[str, Any] = field(repr=False)
    body: bytes = field(repr=False)
    first_seen: datetime | None = None

    @property
    def letter_id(self) -> UUID:
        """The same for the same message of the same service, however often it dies."""
        digest = hashlib.sha256(self.body).hexdigest()
        return uuid5(_LETTERS, f"{self.service}|{self.message_id}|{self.message_type}|{digest}")

    @property
    def deserves_another_life(self) -> bool:
        """Whether the broker gave it up for its readers' crashes, for the first time."""
        return self.reason == DELIVERY_LIMIT_REASON and REDRIVEN not in self.headers


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

    def __init__(self, database: Database, broker: Broker, *, watch_seconds: float = WATCH_SECONDS) -> None:
        self._database = database
        self._broker = broker
        self._consumer = Consumer(broker, declare_dead_queue, watch_seconds=watch_seconds)

    async def run(self, stopping: asyncio.Event) -> None:
        """Copy dead letters into the table until `stopping`."""

        async def collect(batch: Batch) -> None:
            for delivery in batch:
                await self._collect(delivery, stopping)

        await self._consumer.run(collect, stopping)

    async def _collect(self, delivery: AbstractIncomingMessage, stopping: asyncio.Event) -> None:
        letter = read_dead_letter(delivery)
        redriven = letter.deserves_another_life and await self._sent_back(letter)
        while not await self._saved(letter, redriven):
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
            await _send_back(self._broker, letter, {**letter.headers, REDRIVEN: 1})
        except NotPublished as error:  # then it waits in the table like any other
            log.warning("dead_letter.not_redriven", message_id=letter.message_id, cause=str(error))
            return False
        return True

    async def _saved(self, letter: DeadLetter, redriven: bool) -> bool:
        try:
            await self._database.pool.execute(
                _SAVE,
                letter.letter_id,
                letter.message_id,
                letter.message_type,
                letter.service,
                letter.attempt,
                letter.reason,
                letter.traceback,
                json.dumps(letter.headers),
                letter.body,
                redriven,
            )
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("dead_letter.not_saved", message_id=letter.message_id, cause=type(error).__name__)
            return False
        return True


async def load_dead_letter(database: Database, letter_id: UUID) -> DeadLetter | None:
    """A dead letter by its id."""
    row = await database.pool.fetchrow(_LOAD, letter_id)
    return None if row is None else DeadLetter(**{k: v for k, v in row.items() if k != "letter_id"})


async def replay(letter: DeadLetter, broker: Broker, database: Database) -> None:
    """Give the message back to the service that failed on it, with all its attempts anew.

    Raises `NotPublished`, also where that service has no queue.
    """
    fresh = {name: value for name, value in letter.headers.items() if name not in ("attempt", REDRIVEN)}
    await _send_back(broker, letter, fresh)
    await database.pool.execute(_REPLAYED, letter.letter_id)


async def _send_back(broker: Broker, letter: DeadLetter, headers: Mapping[str, Any]) -> None:
    message = aio_pika.Message(
        letter.body,
        message_id=letter.message_id or None,
        type=letter.message_type or None,
        content_type="application/json",
        delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
        headers=dict(headers),
    )
    await broker.send(message, exchange=RETURN, routing_key=letter.service)
