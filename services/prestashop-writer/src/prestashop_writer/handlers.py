"""What prestashop-writer does when chunks arrive: raise the desired state, nothing else."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import replace

import asyncpg
import structlog

from common.database import UnitOfWork
from common.messages import (
    Chunk,
    ChunkCompleted,
    ChunkValidated,
    ChunkWritten,
    ItemOutcome,
    ProductChange,
    ShopSnapshotWanted,
)
from common.messaging.envelope import Received
from prestashop_writer import store
from prestashop_writer.admission import objection
from prestashop_writer.merge import merge
from prestashop_writer.plan import KeptProduct, Product, State
from prestashop_writer.store import FinishedChunk

log = structlog.get_logger()

Wake = Callable[[str], None]
WantSnapshot = Callable[[ShopSnapshotWanted], None]
ChangeOfChunk = tuple[Chunk, ProductChange]


class Intake:
    """Takes chunks into the desired state. `wake(shop)` starts a pass, once the state is committed."""

    def __init__(self, wake: Wake, want_snapshot: WantSnapshot) -> None:
        self._wake = wake
        self._want_snapshot = want_snapshot

    async def take_chunks(self, work: UnitOfWork, received: Sequence[Received[ChunkValidated]]) -> None:
        """Merge the changes of chunks into the desired state of their products; keep dry runs for later."""
        dry_runs = [item for item in received if item.message.chunk.dry_run]
        if dry_runs:
            await self._keep_dry_runs(work, dry_runs)
        if len(dry_runs) < len(received):
            await self.merge_chunks(work, [item for item in received if not item.message.chunk.dry_run])

    async def _keep_dry_runs(self, work: UnitOfWork, received: Sequence[Received[ChunkValidated]]) -> None:
        messages = [(item.message, item.envelope.traceparent) for item in received]
        await store.keep_dry_runs(work.connection, messages)
        for shop in {message.chunk.shop for message, _ in messages}:
            work.after_commit(lambda shop=shop: self._wake(shop))  # type: ignore[misc] # bound now

    async def merge_chunks(self, work: UnitOfWork, received: Sequence[Received[ChunkValidated]]) -> None:
        """Merge the changes of chunks, be they dry runs or not, into the desired state of their products."""
        fresh = await store.new_chunks(
            work.connection, [(item.message.chunk, item.envelope.traceparent) for item in received]
        )
        by_shop: dict[str, list[Received[ChunkValidated]]] = defaultdict(list)
        for item in received:
            if item.message.chunk.chunk_id in fresh:
                fresh.remove(item.message.chunk.chunk_id)  # twice in one batch counts once
                by_shop[item.message.chunk.shop].append(item)
        for shop, items in by_shop.items():
            await _take_chunks_of_shop(work, shop, items)
            work.after_commit(lambda shop=shop: self._wake(shop))  # type: ignore[misc] # bound now

    async def take_snapshot_wishes(
        self, work: UnitOfWork, received: Sequence[Received[ShopSnapshotWanted]]
    ) -> None:
        """Somebody needs to know what a shop has now."""
        for item in received:
            wish = item.message
            work.after_commit(lambda wish=wish: self._want_snapshot(wish))  # type: ignore[misc] # bound now


async def _take_chunks_of_shop(
    work: UnitOfWork, shop: str, received: Sequence[Received[ChunkValidated]]
) -> None:
    connection = work.connection
    await store.lock_intake(connection, shop)
    changes = await _with_references(
        connection, shop, [(i.message.chunk, change) for i in received for change in i.message.changes]
    )
    outcomes = await merge_changes(connection, shop, [pair for pair in changes if pair[1].reference])
    await store.keep_unaddressed(connection, [pair for pair in changes if not pair[1].reference])
    for item in received:
        outcomes += [(item.message.chunk.chunk_id, outcome) for outcome in item.message.outcomes]
    await store.add_outcomes(connection, outcomes)
    await complete_without_open_items(work, [item.message.chunk.chunk_id for item in received])
    for item in received:
        with item.bound(chunk_id=item.message.chunk.chunk_id):
            log.info("chunk.taken", items=len(item.message.changes))


async def _with_references(
    connection: asyncpg.Connection, shop: str, changes: Sequence[ChangeOfChunk]
) -> list[ChangeOfChunk]:
    """The changes; those that name a product by the shop's id with its reference, where we know it."""
    ids = [change.presta_id for _, change in changes if not change.reference and change.presta_id is not None]
    known = await store.references_of(connection, shop, ids)
    return [
        (chunk, change)
        if change.reference
        else (chunk, change.model_copy(update={"reference": known.get(change.presta_id or 0)}))
        for chunk, change in changes
    ]


async def merge_changes(
    connection: asyncpg.Connection, shop: str, changes: Sequence[ChangeOfChunk]
) -> list[tuple[str, ItemOutcome]]:
    """Merge changes that name their products into the desired state; the outcomes of those not taken.

    The caller holds the intake's lock.
    """
    known = await store.load_products(connection, shop, [str(change.reference) for _, change in changes])
    opened: list[tuple[Chunk, str, ProductChange]] = []
    outcomes: list[tuple[str, ItemOutcome]] = []
    desired: dict[str, Product] = {}
    for chunk, change in changes:
        reference = str(change.reference)
        kept = known.get(reference) or KeptProduct(Product(reference, State.NEW, {}), None, 0, 0)
        reason = objection(kept, change)
        if reason is not None:
            outcomes.append((chunk.chunk_id, ItemOutcome.refused(change, reason)))
            continue
        desired[reference] = replace(
            kept.product,
            desired=merge(kept.product.desired, change),
            product_id=change.product_id or kept.product.product_id,
        )
        known[reference] = replace(kept, product=desired[reference])
        opened.append((chunk, reference, change))
    if opened:
        await store.save_desired(connection, shop, opened[0][0].tenant, list(desired.values()))
        await store.add_open_items(connection, opened)
    return outcomes


async def complete_without_open_items(work: UnitOfWork, chunk_ids: Sequence[str]) -> None:
    """Tell what became of those of these chunks of which no item is open."""
    finished = await store.without_open_items(work.connection, chunk_ids)
    if finished:
        publish_finished(work, await store.take_finished(work.connection, finished))


def publish_finished(work: UnitOfWork, finished: Sequence[FinishedChunk]) -> None:
    """Tell what became of chunks: completed, or written with pictures still to come.

    The message's id is derived from the chunk, so that a chunk that is handled again says nothing new.
    """
    for done in finished:
        message: ChunkWritten | ChunkCompleted
        if done.pictures:
            message = ChunkWritten(chunk=done.chunk, pictures=done.pictures, outcomes=done.outcomes)
        else:
            message = ChunkCompleted(chunk=done.chunk, outcomes=_by_position(done.outcomes))
        work.publish(message, step=done.chunk.chunk_id, traceparent=done.traceparent)


def _by_position(outcomes: Sequence[ItemOutcome]) -> tuple[ItemOutcome, ...]:
    return tuple(sorted(outcomes, key=lambda outcome: outcome.position))
