"""The connection to RabbitMQ and the confirmed publish.

Facts behind the settings, measured with aio-pika 9.6 and 10.2: an unroutable message is lost silently
unless `on_return_raises` is set; when the heartbeat declares a connection stuck, a pending call raises
`CancelledError` although nobody cancelled the task, and the message may have arrived; a publish without a
connection, or on a blocked one, waits for it without a limit.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from uuid import UUID

import aio_pika
import structlog
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection
from aio_pika.exceptions import AMQPError, ChannelPreconditionFailed

from common.errors import Transient
from common.messaging.envelope import Envelope
from common.messaging.topology import EVENTS, RETRY_SECONDS, declare_exchanges, declare_parking
from common.settings import ServiceSettings

log = structlog.get_logger()

HEARTBEAT_SECONDS = 10
CONNECT_SECONDS = 10
DECLARE_SECONDS = 10.0  # a queue without a leader never answers


class BrokerAway(Transient):
    """The broker did not answer, or said no; what was asked of it may have happened all the same."""


class NotPublished(Transient):
    """The broker has not confirmed the message; it may have arrived, so publish it again under its id."""


class DeclaredDifferently(Exception):
    """A queue or exchange exists with other arguments; whoever changed them must remove it, once empty."""


@asynccontextmanager
async def answered(seconds: float) -> AsyncIterator[None]:
    """Bound what is asked of the broker. Raises `BrokerAway`, in whatever way the library says so."""
    try:
        async with asyncio.timeout(seconds):
            yield
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        raise BrokerAway("the connection got stuck") from None
    except ChannelPreconditionFailed as error:
        raise DeclaredDifferently(f"{error}; delete it when it is empty, or undo the change") from error
    except (AMQPError, OSError, TimeoutError, RuntimeError) as error:
        raise BrokerAway(f"{type(error).__name__}: {error}".rstrip(": ")) from error


class Broker:
    """One connection, one publishing channel; consumers open their own."""

    def __init__(
        self,
        connection: AbstractRobustConnection,
        channel: AbstractRobustChannel,
        exchanges: Mapping[str, AbstractExchange],
        publish_timeout_seconds: float,
        rungs: Sequence[float] = RETRY_SECONDS,
    ) -> None:
        self.connection = connection
        self.channel = channel
        self.publish_timeout_seconds = publish_timeout_seconds
        self.rungs = rungs
        self._exchanges = exchanges

    @property
    def connected(self) -> bool:
        return not self.connection.is_closed and self.connection.connected.is_set()

    async def publish(
        self,
        envelope: Envelope,
        *,
        exchange: str,
        routing_key: str,
        body: bytes,
        extra_headers: Mapping[str, str | int] | None = None,
    ) -> None:
        """Publish and wait for the confirm. Raises `NotPublished`."""
        message = aio_pika.Message(
            body,
            message_id=str(envelope.message_id),
            type=envelope.message_type,
            timestamp=envelope.time,
            correlation_id=envelope.correlation_id,
            app_id=f"skuwire-{envelope.service}",
            content_type="application/json",
            delivery_mode=aio_pika.DeliveryMode.PERSISTENT,
            headers={**envelope.headers(), **(extra_headers or {})},
        )
        await self.send(message, exchange=exchange, routing_key=routing_key)

    async def send(self, message: aio_pika.Message, *, exchange: str, routing_key: str) -> None:
        """Publish a ready-made message and wait for the confirm. Raises `NotPublished`."""
        # Nobody has to listen to public events; a fact between services without a queue would be lost.
        mandatory = exchange != EVENTS
        try:
            async with answered(self.publish_timeout_seconds):
                await self._exchanges[exchange].publish(message, routing_key, mandatory=mandatory)
        except BrokerAway as error:
            raise NotPublished(str(error)) from error

    async def open_channel(self) -> AbstractRobustChannel:
        """A further channel; whoever opens it closes it."""
        channel = await self.connection.channel()
        assert isinstance(channel, AbstractRobustChannel)  # noqa: S101 - connect_robust gives nothing else
        return channel

    async def declare_parking(self) -> None:
        """See that the retry queues and the dead queue exist. Raises `BrokerAway`, `DeclaredDifferently`."""
        async with answered(DECLARE_SECONDS), await self.open_channel() as channel:
            await declare_parking(channel, self.rungs)

    async def close(self) -> None:
        await self.connection.close()


async def connect(settings: ServiceSettings, service: str, rungs: Sequence[float] = RETRY_SECONDS) -> Broker:
    """Connect, waiting for a broker that is not there yet, and declare the exchanges.

    `rungs` are the seconds that a failing message waits before each further attempt. Raises
    `DeclaredDifferently`.
    """
    pause = 0.2
    while True:
        try:
            broker = await _connect(settings, service, rungs)
            break
        except BrokerAway as error:
            log.warning("broker.unreachable", cause=str(error), retry_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
    try:
        await broker.declare_parking()
    except BrokerAway as error:  # nothing needs these queues before a message fails: see Intake
        log.warning("broker.parking_not_declared", cause=str(error))
    return broker


async def _connect(settings: ServiceSettings, service: str, rungs: Sequence[float]) -> Broker:
    # The library's own limit comes first: cancelled from outside, it would go on connecting behind our back.
    async with answered(CONNECT_SECONDS + 5):
        connection = await aio_pika.connect_robust(
            settings.amqp_url.get_secret_value(),
            client_properties={"connection_name": f"skuwire-{service}"},
            heartbeat=HEARTBEAT_SECONDS,
            reconnect_interval=1,
            timeout=CONNECT_SECONDS,
        )
    try:
        async with answered(DECLARE_SECONDS):
            channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
            assert isinstance(channel, AbstractRobustChannel)  # noqa: S101 - connect_robust gives nothing else
            exchanges = await declare_exchanges(channel, rungs)
    except BaseException:
        await connection.close()
        raise
    return Broker(connection, channel, exchanges, settings.publish_timeout_seconds, rungs)


def message_id_of(message: aio_pika.abc.AbstractIncomingMessage) -> UUID:
    """The message's id. Raises `ValueError` where it has none or not one of ours."""
    return UUID(message.message_id or "")
