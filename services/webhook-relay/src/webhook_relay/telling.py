"""How the outside is told: on the exchange, and by a webhook for each endpoint that has subscribed."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID, uuid5

from common.database import UnitOfWork
from common.messages import ChunkCompleted, Message
from common.messaging.envelope import Received, current_traceparent
from common.messaging.topology import EVENTS
from common.public.events import ChunkFinished, EndpointDisabled, PublicEvent
from common.public.webhooks import CHUNK_COMPLETED
from webhook_relay.endpoints import Endpoint, subscribed
from webhook_relay.events import events_of
from webhook_relay.notices import Notice, chunk_notice, notice_of
from webhook_relay.store.deliveries import NewDelivery, add_deliveries
from webhook_relay.store.endpoints import endpoints_of


class Telling:
    """What one transaction tells. `told` counts the webhooks; `record` stores them all at once."""

    def __init__(self, work: UnitOfWork, endpoints: Sequence[Endpoint]) -> None:
        self._work = work
        self._endpoints = endpoints
        self._deliveries: list[NewDelivery] = []

    @classmethod
    async def to_tenants(cls, work: UnitOfWork, tenants: set[str]) -> "Telling":
        """With the endpoints of these tenants, as they are now."""
        return cls(work, await endpoints_of(work.connection, sorted(tenants)))

    @property
    def told(self) -> int:
        return len(self._deliveries)

    def event(
        self,
        event: PublicEvent,
        *,
        caused_by: Received[Message] | None = None,
        step: str = "",
        traceparent: str | None = None,
    ) -> None:
        """Tell an event. Its id, and so those of its webhooks, are made as `UnitOfWork.publish` says."""
        envelope = self._work.publish(
            event, caused_by=caused_by, step=step, exchange=EVENTS, traceparent=traceparent
        )
        if isinstance(event, ChunkFinished):
            return  # its webhook says more than the event: see `chunk`
        of_shop = None if isinstance(event, EndpointDisabled) else event.shop
        hearing = subscribed(self._endpoints, event.tenant, of_shop, event.event_name())
        if isinstance(event, EndpointDisabled):  # it would be told about itself
            hearing = [endpoint for endpoint in hearing if str(endpoint.id) != event.endpoint_id]
        if hearing:
            self._add(notice_of(event), envelope.message_id, hearing, envelope.traceparent)

    def chunk(self, received: Received[ChunkCompleted]) -> None:
        """Tell of a completed chunk: each of its products, and then the whole."""
        for name, event in events_of(received.message, received.envelope.time):
            self.event(event, caused_by=received, step=name)
        chunk = received.message.chunk
        hearing = subscribed(self._endpoints, chunk.tenant, chunk.shop, CHUNK_COMPLETED)
        if hearing:
            traceparent = current_traceparent() or received.envelope.traceparent
            self._add(chunk_notice(received.message), received.envelope.message_id, hearing, traceparent)

    async def record(self, now: datetime) -> bool:
        """Store the webhooks, due now; whether there are any."""
        await add_deliveries(self._work.connection, self._deliveries, now)
        return bool(self._deliveries)

    def _add(
        self, notice: Notice, cause: UUID, endpoints: Sequence[Endpoint], traceparent: str | None
    ) -> None:
        """A delivery for each; ids follow from the cause's, so that a replay is recognised."""
        for endpoint in endpoints:
            delivery_id = uuid5(cause, str(endpoint.id))
            self._deliveries.append(NewDelivery(delivery_id, endpoint.id, notice, traceparent))
