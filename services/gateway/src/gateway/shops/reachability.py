"""Whether the writer reaches a shop, so that nobody is left waiting for one that is away."""

from collections.abc import Sequence
from datetime import datetime

from common.database import UnitOfWork
from common.messages import Reachability, ShopReachability
from common.messaging.envelope import Received
from gateway.shops import reachability_store as store

WRITER = "prestashop-writer"  # others tell of their own work: products are written while pictures cannot be


async def take_reachability(work: UnitOfWork, received: Sequence[Received[ShopReachability]]) -> None:
    """Keep the writer's newest report of each shop, in whatever order reports arrive."""
    newest: dict[str, ShopReachability] = {}
    for item in received:
        told = item.message
        known = newest.get(told.shop)
        if told.service == WRITER and (known is None or _rank(told) > _rank(known)):
            newest[told.shop] = told
    await store.save_reports(work.connection, list(newest.values()))


def _rank(report: ShopReachability) -> tuple[datetime, bool]:
    """Newer counts; of two at the same instant the recovery, so that the order does not matter."""
    return report.at, report.reachability is Reachability.RECOVERED
