"""Exchanges and queues, the same on RabbitMQ 3.10 to 4.x, without plugins.

A service has one quorum queue. A message that hits a bug waits in a retry queue (one per waiting time, for
all services) and returns to the queue of the service that failed; after the last it goes to the dead queue.
Arguments of a queue never change in code: the broker refuses a redeclaration, so a change needs a new name.

Exchanges are restored by the client library after a reconnection, queues are not: a quorum queue that has
lost its leader never answers, and everything else on the connection would wait for it.
"""

from collections.abc import Iterable, Sequence

import aio_pika
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustQueue

from common.messages.contract import Message

CHUNKS = "skuwire.chunks"  # facts between services
EVENTS = "skuwire.events"  # facts for the public
RETURN = "skuwire.return"  # from the retry queues back to the service that failed
DEAD = "skuwire.dead"  # parked messages

RETRY_SECONDS = (5, 30, 120, 600)

QUEUE_LENGTH = 20_000
QUEUE_BYTES = 256 * 1024 * 1024
DELIVERY_LIMIT = 20  # explicit and positive: RabbitMQ 3.10 drops a message at its first requeue on 0 or -1
NO_DELIVERY_LIMIT = 1_000_000  # as good as none: where nothing is said, RabbitMQ 4 drops at the 20th requeue


def queue_of(service: str) -> str:
    """Name of a service's queue."""
    return f"skuwire.{service}"


def retry_exchange(seconds: float) -> str:
    """Name of the exchange, and of the queue behind it, where a message waits that long."""
    return f"skuwire.retry.{seconds:g}s"


async def declare_exchanges(
    channel: AbstractRobustChannel, rungs: Sequence[float] = RETRY_SECONDS
) -> dict[str, AbstractExchange]:
    """Declare all exchanges and return them by name."""
    names = [CHUNKS, EVENTS, RETURN, DEAD, *map(retry_exchange, rungs)]
    return {
        name: await channel.declare_exchange(name, aio_pika.ExchangeType.TOPIC, durable=True)
        for name in names
    }


async def declare_parking(channel: AbstractRobustChannel, rungs: Sequence[float]) -> None:
    """Declare the retry queues and the dead queue."""
    for seconds in rungs:
        queue = await channel.declare_queue(
            retry_exchange(seconds),
            durable=True,
            robust=False,
            arguments={
                "x-queue-type": "quorum",
                "x-message-ttl": round(seconds * 1000),  # per queue: per-message TTLs block at the head
                "x-dead-letter-exchange": RETURN,
                "x-dead-letter-strategy": "at-least-once",
                "x-overflow": "reject-publish",
                "x-max-length": 100_000,
            },
        )
        await queue.bind(retry_exchange(seconds), "#", robust=False)
    await declare_dead_queue(channel)


async def declare_dead_queue(channel: AbstractRobustChannel) -> AbstractRobustQueue:
    """The queue of parked messages. It has no length limit: nothing may be lost here."""
    dead = await channel.declare_queue(
        DEAD,
        durable=True,
        robust=False,
        arguments={"x-queue-type": "quorum", "x-delivery-limit": NO_DELIVERY_LIMIT},
    )
    await dead.bind(DEAD, "#", robust=False)
    return dead


async def declare_service_queue(
    channel: AbstractRobustChannel, service: str, message_types: Iterable[type[Message]]
) -> AbstractRobustQueue:
    """The service's queue, bound to the facts that it handles, of all shops."""
    queue = await channel.declare_queue(
        queue_of(service),
        durable=True,
        robust=False,
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
        await queue.bind(CHUNKS, f"{subject_and_action}.#", robust=False)
    await queue.bind(RETURN, service, robust=False)
    return queue
