"""What image-processor does when written chunks arrive: raise the desired pictures, nothing else."""

from collections import defaultdict
from collections.abc import Callable, Sequence

import structlog

from common.database import UnitOfWork
from common.messages import ChunkCompleted, ChunkWritten, PictureWork, Result, ShopSnapshot
from common.messaging.envelope import Received
from image_processor.rehearsal import READ_BACK, added, rehearse
from image_processor.store import intake as store
from image_processor.store import pictures
from image_processor.store.settling import FinishedChunk, take_finished

log = structlog.get_logger()


class Intake:
    """Takes written chunks. `wake(shop)` starts a pass, once the state is committed.

    `is_proved` tells whether the owner of a shop wants what was written read back.
    """

    def __init__(self, wake: Callable[[str], None], is_proved: Callable[[str], bool]) -> None:
        self._wake = wake
        self._is_proved = is_proved

    async def take_chunks(self, work: UnitOfWork, received: Sequence[Received[ChunkWritten]]) -> None:
        """Keep the desired pictures of products, and the items that wait for them; complete dry runs."""
        await self._take_real(work, [item for item in received if not item.message.chunk.dry_run])
        for item in received:
            if item.message.chunk.dry_run:
                await _rehearse(work, item, is_proved=self._is_proved(item.message.chunk.shop))

    async def _take_real(self, work: UnitOfWork, received: Sequence[Received[ChunkWritten]]) -> None:
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


async def _rehearse(work: UnitOfWork, received: Received[ChunkWritten], *, is_proved: bool) -> None:
    """Complete a dry run: what its pictures would cost and change, as things stand now."""
    message = received.message
    by_product: dict[str, list[PictureWork]] = defaultdict(list)
    for entry in message.pictures:
        by_product[str(entry.outcome.reference)].append(entry)
    shop = message.chunk.shop
    known = await pictures.load_products(work.connection, shop, list(by_product))
    has_patch = not (await store.version_of(work.connection, shop)).startswith("1.7")
    rehearsed = [
        rehearse(known.get(reference), entries, has_patch=has_patch)
        for reference, entries in by_product.items()
    ]
    outcomes = [*message.outcomes, *(outcome for one in rehearsed for outcome in one.outcomes)]
    outcomes.sort(key=lambda outcome: outcome.position)
    requests = [*message.planned_requests, *(request for one in rehearsed for request in one.requests)]
    if is_proved and any(one.is_to_prove for one in rehearsed):
        requests.append(READ_BACK)
    completed = ChunkCompleted(
        chunk=message.chunk, outcomes=tuple(outcomes), planned_requests=added(requests)
    )
    work.publish(completed, step=message.chunk.chunk_id, traceparent=received.envelope.traceparent)
    with received.bound(chunk_id=message.chunk.chunk_id):
        log.info("chunk.rehearsed", products=len(by_product))


def publish_finished(work: UnitOfWork, finished: Sequence[FinishedChunk]) -> None:
    """Tell that chunks are completed; the id is derived from the chunk, so that it is told once."""
    for done in finished:
        outcomes = tuple(sorted(done.outcomes, key=lambda outcome: outcome.position))
        work.publish(
            ChunkCompleted(chunk=done.chunk, outcomes=outcomes),
            step=done.chunk.chunk_id,
            traceparent=done.traceparent,
        )
