"""What image-processor does when written chunks arrive: raise the desired pictures, nothing else."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import structlog

from common.database import UnitOfWork
from common.messages import ChunkCompleted, ChunkWritten, Result, ShopSnapshot
from common.messaging.envelope import Received
from image_processor.store import intake as store
from image_processor.store.settling import FinishedChunk, take_finished

log = structlog.get_logger()


class Intake:
    """Takes written chunks. `wake(shop)` starts a pass, once the state is committed."""

    def __init__(self, wake: Callable[[str], None]) -> None:
        self._wake = wake

    async def take_chunks(self, work: UnitOfWork, received: Sequence[Received[ChunkWritten]]) -> None:
        """Keep the desired pictures of products, and the items that wait for them."""
        connection = work.connection
        fresh = await store.new_chunks(
            connection,
            [(item.message.chunk, item.message.outcomes, item.envelope.traceparent) for item in received],
        )
        by_shop = defaultdict(list)
        for item in received:
            if item.message.chunk.chunk_id in fresh:
                by_shop[item.message.chunk.shop].append(item.message)
        for shop, messages in by_shop.items():
            entries = [(message.chunk, entry) for message in messages for entry in message.pictures]
            pictures = [pair for pair in entries if pair[1].outcome.result is not Result.DELETED]
            await store.save_desired(connection, shop, [entry for _, entry in pictures])
            await store.add_open_items(connection, pictures)
            deleted = [pair for pair in entries if pair[1].outcome.result is Result.DELETED]
            fresh |= await store.forget_deleted(connection, shop, deleted)
            work.after_commit(lambda shop=shop: self._wake(shop))  # type: ignore[misc] # bound now
        publish_finished(work, await take_finished(connection, fresh))
        for item in received:
            with item.bound(chunk_id=item.message.chunk.chunk_id):
                log.info("chunk.taken", products=len(item.message.pictures))

    async def take_snapshots(self, work: UnitOfWork, received: Sequence[Received[ShopSnapshot]]) -> None:
        """Keep what shops accept."""
        await store.save_limits(work.connection, [item.message for item in received])


def publish_finished(work: UnitOfWork, finished: Sequence[FinishedChunk]) -> None:
    """Tell that chunks are completed; the id is derived from the chunk, so that it is told once."""
    for done in finished:
        outcomes = tuple(sorted(done.outcomes, key=lambda outcome: outcome.position))
        work.publish(
            ChunkCompleted(chunk=done.chunk, outcomes=outcomes),
            step=done.chunk.chunk_id,
            traceparent=done.traceparent,
        )
