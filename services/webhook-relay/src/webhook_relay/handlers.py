"""What webhook-relay does when chunks and submissions complete, and shops are away or back."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime

import structlog

from common.database import UnitOfWork
from common.messages import ChunkCompleted, ShopReachability, SubmissionCompleted
from common.messaging.envelope import Received
from common.public.events import PublicEvent, ShopUnreachable
from webhook_relay.events import end_of
from webhook_relay.reachability import hear
from webhook_relay.store import shops as shop_store
from webhook_relay.store.submissions import Ended, note_ended, note_told_chunks, take_whole
from webhook_relay.telling import Telling

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
        """The public events, and a delivery of each for every endpoint that subscribed to it.

        A dry run has changed nothing, so nobody outside is told of it. Where two stations end one chunk, as
        when its shop is removed, the first end counts.
        """
        real = [item for item in received if not item.message.chunk.dry_run]
        fresh = await note_told_chunks(work.connection, [item.message.chunk for item in real])
        received = _first_ends(real, fresh)
        telling = await Telling.to_tenants(work, {item.message.chunk.tenant for item in received})
        for item in received:
            before = telling.told
            with item.bound(chunk_id=item.message.chunk.chunk_id):
                telling.chunk(item)
                log.info("chunk.told", outcomes=len(item.message.outcomes), webhooks=telling.told - before)
        whole = await take_whole(work.connection, {item.message.chunk.submission_id for item in received})
        self._tell_whole(telling, whole)
        await self._record(work, telling)

    async def take_completed_submissions(
        self, work: UnitOfWork, received: Sequence[Received[SubmissionCompleted]]
    ) -> None:
        """The end of a submission, once all of its chunks have been told: now, or with the last of them."""
        await note_ended(
            work.connection, [Ended(item.message, item.envelope.traceparent) for item in received]
        )
        telling = await Telling.to_tenants(work, {item.message.tenant for item in received})
        whole = await take_whole(work.connection, {item.message.submission_id for item in received})
        self._tell_whole(telling, whole)
        await self._record(work, telling)

    async def take_reachability(
        self, work: UnitOfWork, received: Sequence[Received[ShopReachability]]
    ) -> None:
        """Tell the public when a shop becomes unreachable and when all services reach it again."""
        views = await shop_store.load_views(work.connection, [item.message for item in received])
        telling = await Telling.to_tenants(work, {item.message.tenant for item in received})
        for item in received:
            shop = item.message.shop
            views[shop], event = hear(views[shop], item.message)
            if event is not None:
                with item.bound():
                    telling.event(event, caused_by=item)
                work.after_commit(_log_when_committed(event))
        await shop_store.save_views(work.connection, views)
        await self._record(work, telling)

    def _tell_whole(self, telling: Telling, ended: Sequence[Ended]) -> None:
        for one in ended:
            submission_id = one.message.submission_id
            telling.event(end_of(one.message), step=submission_id, traceparent=one.traceparent)
            log.info("submission.told", submission_id=submission_id, shop=one.message.shop)

    async def _record(self, work: UnitOfWork, telling: Telling) -> None:
        if await telling.record(self._now()):
            work.after_commit(self._wake)


def _first_ends(
    received: Sequence[Received[ChunkCompleted]], fresh: set[str]
) -> list[Received[ChunkCompleted]]:
    """The first end of each of the chunks that are told for the first time; the others are logged."""
    first: dict[str, Received[ChunkCompleted]] = {}
    for item in received:
        chunk_id = item.message.chunk.chunk_id
        if chunk_id in fresh and chunk_id not in first:
            first[chunk_id] = item
        else:
            with item.bound(chunk_id=chunk_id):
                log.info("chunk.ended_twice", by=item.envelope.service)
    return list(first.values())


def _log_when_committed(event: PublicEvent) -> Callable[[], None]:
    def tell() -> None:
        if isinstance(event, ShopUnreachable):
            log.warning(
                "shop.unreachable", shop=event.shop, tenant=event.tenant, by=event.service, cause=event.cause
            )
        else:
            log.info("shop.recovered", shop=event.shop, tenant=event.tenant)

    return tell
