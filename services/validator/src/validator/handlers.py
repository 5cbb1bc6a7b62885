"""What the validator does when something arrives: judge chunks, keep the newest snapshot of each shop."""

from collections.abc import Callable, Sequence

import structlog

from common.database import UnitOfWork
from common.messages import ChunkSubmitted, ShopRemoved, ShopSnapshot
from common.messaging.envelope import Received
from common.registered_shops.following import keep_told
from common.registered_shops.store import removed_among
from common.telemetry import meter
from validator import store
from validator.knowledge import Knowledge
from validator.verdict import (
    SnapshotNeeded,
    Verdict,
    claims_of,
    judge_chunk,
    twins,
    without_duplicates,
)

log = structlog.get_logger()

_judged = meter.create_counter("skuwire_items_judged", description="Items judged, by whether they go on")
_reasons = meter.create_counter("skuwire_refusal_reasons", description="Reasons of refused items, by code")


class Handlers:
    """`wake` is called after a commit that may have given the waiting chunks something to do."""

    def __init__(self, *, check_digits: bool, wake: Callable[[], None]) -> None:
        self._check_digits = check_digits
        self._wake = wake

    async def take_chunks(self, work: UnitOfWork, received: Sequence[Received[ChunkSubmitted]]) -> None:
        """Judge each chunk and pass it on, or let it wait for a newer snapshot."""
        received = await _of_shops_that_are_left(work, received)
        shops = await self._know(work, {item.message.chunk.shop for item in received})
        waiting: list[store.Waiting] = []
        judged: list[tuple[Received[ChunkSubmitted], Verdict]] = []
        for item in received:
            decision = judge_chunk(item.message, shops.get(item.message.chunk.shop))
            if isinstance(decision, SnapshotNeeded):
                waiting.append(store.Waiting(item, decision.newer_than))
            else:
                judged.append((item, decision))
        await self._let_wait(work, waiting)
        holders = await store.claim(work.connection, claims_of(verdict for _, verdict in judged))
        for item, verdict in judged:
            _pass_on(work, item, without_duplicates(verdict, holders))

    async def take_snapshots(self, work: UnitOfWork, received: Sequence[Received[ShopSnapshot]]) -> None:
        """Keep the newest of each shop, whatever the order of arrival."""
        kept = await store.save_snapshots(work.connection, [item.message for item in received])
        for item in received:
            with item.bound():
                taken_at = item.message.taken_at.isoformat()
                log.info("snapshot.received", taken_at=taken_at, categories=len(item.message.categories))
        if kept:
            work.after_commit(self._wake)

    async def take_removed_shops(self, work: UnitOfWork, received: Sequence[Received[ShopRemoved]]) -> None:
        """Shops were removed: nothing waits for them any more. The gateway has settled their items."""
        await keep_told(work, received)
        await store.drop_waiting(work.connection, [item.message.shop for item in received])

    async def _know(self, work: UnitOfWork, shops: set[str]) -> dict[str, Knowledge]:
        snapshots = await store.load_snapshots(work.connection, shops)
        return {s.shop: Knowledge.of(s, check_digits=self._check_digits) for s in snapshots}

    async def _let_wait(self, work: UnitOfWork, waiting: Sequence[store.Waiting]) -> None:
        await store.park(work.connection, waiting)
        for chunk in waiting:
            with chunk.received.bound(chunk_id=chunk.received.message.chunk.chunk_id):
                log.info("chunk.waits_for_snapshot", newer_than=chunk.newer_than.isoformat())
        if waiting:
            work.after_commit(self._wake)


async def _of_shops_that_are_left(
    work: UnitOfWork, received: Sequence[Received[ChunkSubmitted]]
) -> Sequence[Received[ChunkSubmitted]]:
    """Those whose shop was not removed: the chunks of the others are settled already."""
    removed = await removed_among(work.connection, [item.message.chunk.shop for item in received])
    for item in received:
        if item.message.chunk.shop in removed:
            with item.bound(chunk_id=item.message.chunk.chunk_id):
                log.info("chunk.of_removed_shop")
    return [item for item in received if item.message.chunk.shop not in removed]


def _pass_on(work: UnitOfWork, received: Received[ChunkSubmitted], verdict: Verdict) -> None:
    with received.bound(chunk_id=verdict.chunk.chunk_id):
        work.publish(verdict.message(), caused_by=received, step="judged")
        log.info("chunk.judged", open=len(verdict.open), refused=len(verdict.refused))
        for references in twins(verdict):
            log.warning("chunk.references_look_alike", references=references)
    _judged.add(len(verdict.open), {"goes_on": True})
    _judged.add(len(verdict.refused), {"goes_on": False})
    for outcome in verdict.refused:
        for reason in outcome.reasons:
            _reasons.add(1, {"code": reason.code})
