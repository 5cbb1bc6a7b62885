"""Taking deliveries from one queue for as long as the service lives.

The consume callback only puts the delivery into memory: aio-pika cancels a callback when the connection
drops, so no work may run there. Queue and consumer are restored here and not by the client library, which
waits for a queue that does not answer without a limit (see `topology`).
"""

import asyncio
from collections.abc import Awaitable, Callable

import aiormq
import structlog
from aio_pika.abc import AbstractIncomingMessage, AbstractRobustChannel, AbstractRobustQueue
from aio_pika.exceptions import ChannelNotFoundEntity

from common.messaging.broker import DECLARE_SECONDS, Broker, BrokerAway, answered
from common.stopping import sleep_or_stop
from common.telemetry import meter

log = structlog.get_logger()

Batch = list[AbstractIncomingMessage]

PREFETCH = 200
BATCH_SIZE = 50
BATCH_SECONDS = 0.02
SUBSCRIBE_PAUSE_SECONDS = 1.0
LOOK_SECONDS = 0.5
WATCH_SECONDS = 15.0
STRIKES = 3
DRAIN_SECONDS = 5.0

_depth = meter.create_gauge("skuwire_queue_messages", description="Messages that wait in a queue, by queue")


class ConsumerLost(Exception):
    """The broker knows no consumer of our queue although we subscribed: a new process is the cure."""


class Consumer:
    """A subscription to one queue. `declare` makes the queue, which may have been deleted meanwhile."""

    def __init__(
        self,
        broker: Broker,
        declare: Callable[[AbstractRobustChannel], Awaitable[AbstractRobustQueue]],
        *,
        watch_seconds: float = WATCH_SECONDS,
    ) -> None:
        self.consuming = False
        self._broker = broker
        self._declare = declare
        self._watch_seconds = watch_seconds
        self._deliveries: asyncio.Queue[AbstractIncomingMessage | None] = asyncio.Queue()  # None: stop
        self._channel: AbstractRobustChannel | None = None

    async def run(self, handle: Callable[[Batch], Awaitable[None]], stopping: asyncio.Event) -> None:
        """Give batches to `handle` until `stopping`, then what had already been delivered.

        Raises `ConsumerLost`, `DeclaredDifferently` and whatever `handle` raises.
        """
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._stay_subscribed(stopping))
                group.create_task(self._work(handle, stopping))
                group.create_task(self._wake_at_stop(stopping))
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None  # the others are consequences of the first
        finally:
            await self._close()

    async def _work(self, handle: Callable[[Batch], Awaitable[None]], stopping: asyncio.Event) -> None:
        while not stopping.is_set():
            batch = await self._next_batch()
            if batch:
                await handle(batch)
        # A message that goes back unhandled is one delivery nearer to its limit.
        until = asyncio.get_running_loop().time() + DRAIN_SECONDS
        while not self._deliveries.empty() and asyncio.get_running_loop().time() < until:
            if batch := await self._next_batch():
                await handle(batch)

    async def _wake_at_stop(self, stopping: asyncio.Event) -> None:
        await stopping.wait()
        self._deliveries.put_nowait(None)

    async def _next_batch(self) -> Batch:
        """What has been delivered; nothing when the service is to stop."""
        taken = [await self._deliveries.get()]
        if taken != [None] and self._deliveries.qsize() < BATCH_SIZE - 1:
            await asyncio.sleep(BATCH_SECONDS)
        while len(taken) < BATCH_SIZE and not self._deliveries.empty():
            taken.append(self._deliveries.get_nowait())
        return [delivery for delivery in taken if delivery is not None]

    async def _stay_subscribed(self, stopping: asyncio.Event) -> None:
        strikes = 0
        while not stopping.is_set():
            try:
                strikes = await self._subscribed_until_lost(stopping, strikes)
            except BrokerAway as error:
                log.warning("consumer.not_subscribed", cause=str(error))
            self.consuming = False
            if strikes >= STRIKES:
                raise ConsumerLost
            await sleep_or_stop(stopping, SUBSCRIBE_PAUSE_SECONDS)

    async def _subscribed_until_lost(self, stopping: asyncio.Event, strikes: int) -> int:
        """Subscribe and stay so; returns the strikes in a row when it is over. Raises `BrokerAway`."""
        await self._close()
        async with answered(DECLARE_SECONDS):
            self._channel = channel = await self._broker.open_channel()
            # Per consumer: a global limit closes the connection on quorum queues.
            await channel.set_qos(prefetch_count=PREFETCH)
            queue = await self._declare(channel)
            tag = await queue.consume(self._deliveries.put, robust=False)
            underlay = await channel.get_underlay_channel()
            assert isinstance(underlay, aiormq.Channel)  # noqa: S101 - the library has no other
        self.consuming = True
        log.info("consumer.subscribed", queue=queue.name)
        while await self._is_alive(underlay, tag, stopping):
            try:
                if not await self._is_known(queue.name, stopping):
                    log.error("consumer.unknown_to_broker", queue=queue.name)
                    return strikes + 1
            except BrokerAway as error:
                self.consuming = False
                log.warning("consumer.queue_does_not_answer", queue=queue.name, cause=str(error))
                continue
            self.consuming, strikes = True, 0
        if stopping.is_set():
            async with answered(2):
                await queue.cancel(tag)
        return 0

    async def _is_alive(self, channel: aiormq.Channel, tag: str, stopping: asyncio.Event) -> bool:
        """Whether, until it is time to ask the broker, the channel stayed open and the consumer its own."""
        loop = asyncio.get_running_loop()
        until = loop.time() + self._watch_seconds
        while loop.time() < until:
            await sleep_or_stop(stopping, min(LOOK_SECONDS, self._watch_seconds))
            if stopping.is_set() or channel.is_closed or tag not in channel.consumers:
                return False
        return True

    async def _is_known(self, queue: str, stopping: asyncio.Event) -> bool:
        """Whether the broker knows a consumer of the queue. Raises `BrokerAway`."""
        if await self._has_consumer(queue):
            return True
        # RabbitMQ tells of none, too, when the queue's leader needs more than 250 ms: not believed at once,
        # for a new subscription brings all that is in hand one delivery nearer to its limit.
        await sleep_or_stop(stopping, LOOK_SECONDS)
        return stopping.is_set() or await self._has_consumer(queue)

    async def _has_consumer(self, queue: str) -> bool:
        try:
            async with answered(5), await self._broker.open_channel() as channel:
                found = await channel.declare_queue(queue, passive=True, robust=False)
        except BrokerAway as error:
            if isinstance(error.__cause__, ChannelNotFoundEntity):
                return False
            raise
        _depth.set(found.declaration_result.message_count or 0, {"queue": queue})
        return bool(found.declaration_result.consumer_count)

    async def _close(self) -> None:
        channel, self._channel, self.consuming = self._channel, None, False
        if channel is None:
            return
        try:
            async with answered(2):
                await channel.close()
        except BrokerAway as error:
            log.info("consumer.channel_not_closed", cause=str(error))
