"""Whether a shop counts as unreachable: it does while at least one service says so.

Each service tells for itself; the newest report of a service counts, in whatever order they arrive.
"""

from dataclasses import dataclass
from datetime import datetime

from common.messages import Reachability, ShopReachability
from common.public.events import PublicEvent, ShopRecovered, ShopUnreachable


@dataclass(frozen=True, slots=True)
class ShopView:
    """What is known of a shop: the newest report of each service, and since when it is unreachable."""

    reports: dict[str, ShopReachability]
    unreachable_since: datetime | None = None


UNKNOWN = ShopView({})


def hear(view: ShopView, told: ShopReachability) -> tuple[ShopView, PublicEvent | None]:
    """The view after this report, and what the public is told: something only when the whole changes."""
    known = view.reports.get(told.service)
    if known is not None and _rank(told) <= _rank(known):
        return view, None
    reports = {**view.reports, told.service: told}
    unreachable = any(report.reachability is Reachability.UNREACHABLE for report in reports.values())
    since = view.unreachable_since
    if unreachable and since is None:
        return ShopView(reports, told.at), ShopUnreachable(
            tenant=told.tenant, shop=told.shop, at=told.at, service=told.service, cause=told.cause
        )
    if not unreachable and since is not None:
        return ShopView(reports, None), ShopRecovered(
            tenant=told.tenant, shop=told.shop, at=told.at, unreachable_since=since
        )
    return ShopView(reports, since), None


def _rank(report: ShopReachability) -> tuple[datetime, bool]:
    """Newer counts; of two at the same instant the recovery, so that the order does not matter."""
    return report.at, report.reachability is Reachability.RECOVERED
