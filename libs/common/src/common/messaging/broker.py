"""The connection to RabbitMQ and the confirmed publish.

Facts behind the settings, measured with aio-pika 9.6 and 10.2: an unroutable message is lost silently
unless `on_return_raises` is set; when the heartbeat declares a connection stuck, a pending publish raises
`CancelledError` although nobody cancelled the task, and the message may have arrived.
"""

import asyncio
from collections.abc import Mapping
from uuid import UUID

import aio_pika
import structlog
from aio_pika.abc import AbstractExchange, AbstractRobustChannel, AbstractRobustConnection
from aio_pika.exceptions import AMQPError

from common.errors import Transient
from common.messaging.envelope import Envelope
from common.messaging.topology import EVENTS, declare_exchanges
from common.settings import ServiceSettings

log = structlog.get_logger()

HEARTBEAT_SECONDS = 10


class NotPublished(Transient):
    """The broker has not confirmed the message; it may have arrived, so publish it again under its id."""


class Broker:
    """One connection, one publishing channel; consumers open their own."""

    def __init__(
        self,
        connection: AbstractRobustConnection,
        channel: AbstractRobustChannel,
        exchanges: Mapping[str, AbstractExchange],
        publish_timeout_seconds: float,
    ) -> None:
        self.connection = connection
        self.channel = channel
        self._exchanges = exchanges
        self._timeout = publish_timeout_seconds

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
        # Nobody has to listen to public events; a fact between services without a queue would be lost.
        mandatory = exchange != EVENTS
        try:
            await self._exchanges[exchange].publish(
                message, routing_key, mandatory=mandatory, timeout=self._timeout
            )
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                raise
            raise NotPublished("the connection got stuck while publishing") from None
        except (AMQPError, OSError, TimeoutError, RuntimeError) as error:
            raise NotPublished(f"{type(error).__name__}: {error}") from error

    async def close(self) -> None:
        await self.connection.close()


async def connect(settings: ServiceSettings, service: str) -> Broker:
    """Connect, waiting for a broker that is not there yet, and declare the exchanges."""
    pause = 0.2
    while True:
        try:
            connection = await aio_pika.connect_robust(
                settings.amqp_url.get_secret_value(),
                client_properties={"connection_name": f"skuwire-{service}"},
                heartbeat=HEARTBEAT_SECONDS,
                reconnect_interval=1,
                timeout=10,
            )
            break
        except (AMQPError, OSError, TimeoutError) as error:
            log.warning("broker.unreachable", cause=type(error).__name__, retry_seconds=pause)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5.0)
    channel = await connection.channel(publisher_confirms=True, on_return_raises=True)
    assert isinstance(channel, AbstractRobustChannel)  # noqa: S101 - connect_robust gives nothing else
    exchanges = await declare_exchanges(channel)
    return Broker(connection, channel, exchanges, settings.publish_timeout_seconds)


def message_id_of(message: aio_pika.abc.AbstractIncomingMessage) -> UUID:
    """The message's id. Raises `ValueError` where it has none or not one of ours."""
    return UUID(message.message_id or "")
