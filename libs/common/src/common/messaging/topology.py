"""Exchanges and queues, the same on RabbitMQ 3.10 to 4.x, without plugins.

A service has one quorum queue. A message that hits a bug waits in a retry queue (one per waiting time, for
all services) and returns to the queue of the service that failed; after the last it goes to the dead queue.
Arguments of a queue never change in code: the broker refuses a redeclaration, so a change needs a new name.
"""

from collections.abc import Iterable

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractExchange, AbstractQueue

from common.messages.contract import Message

CHUNKS = "skuwire.chunks"  # facts between services
EVENTS = "skuwire.events"  # facts for the public
RETURN = "skuwire.return"  # from the retry queues back to the service that failed
DEAD = "skuwire.dead"  # parked messages

RETRY_SECONDS = (5, 30, 120, 600)

QUEUE_LENGTH = 20_000
QUEUE_BYTES = 256 * 1024 * 1024
DELIVERY_LIMIT = 20  # explicit and positive: RabbitMQ 3.10 drops a message at its first requeue on 0 or -1


def queue_of(service: str) -> str:
    """Name of a service's queue."""
    return f"skuwire.{service}"


def retry_exchange(seconds: int) -> str:
    """Name of the exchange, and of the queue behind it, where a message waits that long."""
    return f"skuwire.retry.{seconds}s"


async def declare_exchanges(channel: AbstractChannel) -> dict[str, AbstractExchange]:
    """Declare all exchanges, the retry queues and the dead queue; return the exchanges by name."""
    names = [CHUNKS, EVENTS, RETURN, DEAD, *(retry_exchange(s) for s in RETRY_SECONDS)]
    exchanges = {
        name: await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
        for name in names
    }
    for seconds in RETRY_SECONDS:
        queue = await channel.declare_queue(
            retry_exchange(seconds),
            durable=True,
            arguments={
                "x-queue-type": "quorum",
                "x-message-ttl": seconds * 1000,  # per queue: per-message TTLs block at the head
                "x-dead-letter-exchange": RETURN,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
                "x-max-length": 100_000,
            },
        )
        await queue.bind(exchanges[retry_exchange(seconds)], "#")
    dead = await channel.declare_queue(DEAD, durable=True, arguments={"x-queue-type": "quorum"})
    await dead.bind(exchanges[DEAD], "#")
    return exchanges


async def declare_service_queue(
    channel: AbstractChannel, service: str, message_types: Iterable[type[Message]]
) -> AbstractQueue:
    """The service's queue, bound to the facts that it handles, of all shops."""
    queue = await channel.declare_queue(
        queue_of(service),
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-delivery-limit": DELIVERY_LIMIT,
            "x-dead-letter-exchange": DEAD,
            "x-dead-letter-routing-key": service,
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            "x-max-length": QUEUE_LENGTH,
            "x-max-length-bytes": QUEUE_BYTES,
        },
    )
    for message_type in message_types:
        subject_and_action = message_type.message_type.rsplit(".", 1)[0]
        await queue.bind(CHUNKS, f"{subject_and_action}.#")
    await queue.bind(RETURN, service)
    return queue
