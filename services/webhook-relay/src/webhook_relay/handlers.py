"""What webhook-relay does when a chunk completes or a service tells whether it can reach a shop."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from uuid import uuid5

import structlog

from common.database import UnitOfWork
from common.messages import ChunkCompleted, ShopReachability
from common.messaging.envelope import Received, current_traceparent
from common.messaging.topology import EVENTS
from webhook_relay.bodies import CHUNK_COMPLETED, chunk_body
from webhook_relay.endpoints import Endpoint, subscribed
from webhook_relay.events import PublicEvent, ShopUnreachable, events_of
from webhook_relay.reachability import hear
from webhook_relay.store import deliveries as delivery_store
from webhook_relay.store import endpoints as endpoint_store
from webhook_relay.store import shops as shop_store
from webhook_relay.store.deliveries import NewDelivery

log = structlog.get_logger()


def utc_now() -> datetime:
    """The relay's clock, where no other is given."""
    return datetime.now(UTC)


class Intake:
    """The handlers of the service's queue. `wake` is called when there is something to deliver."""

    def __init__(self, wake: Callable[[], None], now: Callable[[], datetime] = utc_now) -> None:
        self._wake = wake
        self._now = now

    async def take_completed_chunks(
        self, work: UnitOfWork, received: Sequence[Received[ChunkCompleted]]
    ) -> None:
        """One delivery for each endpoint that subscribed, and the public events.

        A dry run has changed nothing, so nobody outside is told of it.
        """
        received = [item for item in received if not item.message.chunk.dry_run]
        tenants = {item.message.chunk.tenant for item in received}
        endpoints = await endpoint_store.endpoints_of(work.connection, sorted(tenants))
        deliveries: list[NewDelivery] = []
        for item in received:
            chunk = item.message.chunk
            with item.bound(chunk_id=chunk.chunk_id):
                for name, event in events_of(item.message, item.envelope.time):
                    work.publish(event, caused_by=item, step=name, exchange=EVENTS)
                wanted = subscribed(endpoints, chunk.tenant, chunk.shop, CHUNK_COMPLETED)
                deliveries += new_deliveries(item, wanted)
                log.info("chunk.told", outcomes=len(item.message.outcomes), webhooks=len(wanted))
        if deliveries:
            await delivery_store.add_deliveries(work.connection, deliveries, self._now())
            work.after_commit(self._wake)

    async def take_reachability(
        self, work: UnitOfWork, received: Sequence[Received[ShopReachability]]
    ) -> None:
        """Tell the public when a shop becomes unreachable and when all services reach it again."""
        views = await shop_store.load_views(work.connection, [item.message for item in received])
        for item in received:
            shop = item.message.shop
            views[shop], event = hear(views[shop], item.message)
            if event is not None:
                with item.bound():
                    work.publish(event, caused_by=item, exchange=EVENTS)
                work.after_commit(_log_when_committed(event))
        await shop_store.save_views(work.connection, views)


def new_deliveries(item: Received[ChunkCompleted], endpoints: Sequence[Endpoint]) -> list[NewDelivery]:
    """The deliveries of one chunk; their ids follow from the message's, so that a replay is recognised."""
    if not endpoints:
        return []
    chunk, body = item.message.chunk, chunk_body(item.message)
    traceparent = current_traceparent() or item.envelope.traceparent
    ids = {endpoint.id: uuid5(item.envelope.message_id, str(endpoint.id)) for endpoint in endpoints}
    return [
        NewDelivery(
            id=ids[endpoint.id],
            endpoint_id=endpoint.id,
            webhook_id=f"msg_{ids[endpoint.id].hex}",
            event_type=CHUNK_COMPLETED,
            tenant=chunk.tenant,
            shop=chunk.shop,
            subject=chunk.chunk_id,
            body=body,
            traceparent=traceparent,
        )
        for endpoint in endpoints
    ]


def _log_when_committed(event: PublicEvent) -> Callable[[], None]:
    def tell() -> None:
        if isinstance(event, ShopUnreachable):
            log.warning(
                "shop.unreachable", shop=event.shop, tenant=event.tenant, by=event.service, cause=event.cause
            )
        else:
            log.info("shop.recovered", shop=event.shop, tenant=event.tenant)

    return tell
