"""`/internal/webhooks/{id}/deliveries`: what was delivered is looked into and sent again."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import structlog
from aiohttp import web

from common.database import RowsOf
from common.http.internal import Refused, body_of, invalid
from webhook_relay.routes.asking import id_of, tenant_of
from webhook_relay.routes.endpoints import asked_endpoint
from webhook_relay.routes.forms import Recovery, Replay, UnknownPlace, cursor_of, place_of, read_query
from webhook_relay.store.delivery_log import (
    UNDELIVERED,
    DeliveryState,
    Filter,
    Place,
    attempts_of,
    find_delivery,
    list_deliveries,
    replay_one,
    replay_some,
)

log = structlog.get_logger()

BATCH = 1000  # of a replay; a transaction holds its locks for no longer


class DeliveryRoutes:
    """What a tenant does with its deliveries. `wake` is called when some became due."""

    def __init__(self, rows_of: RowsOf, wake: Callable[[], None], now: Callable[[], datetime]) -> None:
        self._rows_of = rows_of
        self._wake = wake
        self._now = now

    async def show_all(self, request: web.Request) -> web.Response:
        """200 with a page, newest first; `next` is the `after` of the page that follows."""
        page = read_query(request.query)
        try:
            after = None if page.after is None else place_of(page.after)
        except UnknownPlace:
            raise invalid([("after", "is not the `next` of a page before")]) from None
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            endpoint = await asked_endpoint(connection, request)
            rows = await list_deliveries(connection, endpoint.id, page.filter(), after, page.limit + 1)
        shown = rows[: page.limit]
        more = len(rows) > page.limit
        following = cursor_of(_place(shown[-1])) if more else None
        return web.json_response({"deliveries": [_shown(row) for row in shown], "next": following})

    async def show(self, request: web.Request) -> web.Response:
        """200 with one delivery, its body and every attempt, or 404."""
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            endpoint = await asked_endpoint(connection, request)
            row = await find_delivery(connection, endpoint.id, id_of(request, "delivery_id"))
            if row is None:
                raise _no_delivery()
            attempts = await attempts_of(connection, row["id"])
        return web.json_response(
            {**_shown(row), "body": json.loads(row["body"]), "tried": [_attempt(tried) for tried in attempts]}
        )

    async def replay_one(self, request: web.Request) -> web.Response:
        """202 with the delivery, which is due now under its own `webhook-id`."""
        async with self._rows_of(tenant_of(request)).transaction() as connection:
            endpoint = await asked_endpoint(connection, request)
            delivery_id = id_of(request, "delivery_id")
            row = await replay_one(connection, endpoint.id, delivery_id, self._now())
        if row is None:
            raise _no_delivery()
        self._wake()
        log.info("delivery.replayed", endpoint_id=str(endpoint.id), webhook_id=row["webhook_id"])
        return web.json_response(_shown(row), status=202)

    async def replay_many(self, request: web.Request) -> web.Response:
        """202 with how many deliveries of a range are sent again, delivered ones too."""
        replay = await body_of(request, Replay)
        return await self._replay(request, replay.filter())

    async def recover(self, request: web.Request) -> web.Response:
        """202 with how many deliveries since a time are sent again: all that were not delivered."""
        recovery = await body_of(request, Recovery)
        return await self._replay(request, Filter(UNDELIVERED, since=recovery.since))

    async def _replay(self, request: web.Request, wanted: Filter) -> web.Response:
        tenant_rows = self._rows_of(tenant_of(request))
        async with tenant_rows.transaction() as connection:
            endpoint = await asked_endpoint(connection, request)
        now, replayed, place = self._now(), 0, None
        while True:
            async with tenant_rows.transaction() as connection:
                rows = await list_deliveries(connection, endpoint.id, wanted, place, BATCH)
                replayed += await replay_some(connection, [row["id"] for row in rows], wanted.states, now)
            if len(rows) < BATCH:
                break
            place = _place(rows[-1])
        self._wake()
        log.info("deliveries.replayed", endpoint_id=str(endpoint.id), count=replayed)
        return web.json_response({"replayed": replayed}, status=202)


def _no_delivery() -> Refused:
    return Refused(404, "not_found", "This webhook has no such delivery.")


def _place(row: Any) -> Place:  # Any: asyncpg's Record is untyped
    return Place(row["created_at"], row["id"])


def _shown(row: Any) -> dict[str, Any]:  # Any: asyncpg's Record is untyped
    pending = row["state"] == DeliveryState.PENDING
    return {
        "id": str(row["id"]),
        "webhook_id": row["webhook_id"],
        "event": row["event_type"],
        "shop": row["shop"],
        "subject": row["subject"],
        "state": row["state"],
        "attempts": row["attempts"],
        "next_at": row["due_at"].isoformat() if pending else None,
        "last_status": row["last_status"],
        "last_cause": row["last_cause"],
        "created_at": row["created_at"].isoformat(),
        "finished_at": row["finished_at"].isoformat() if row["finished_at"] else None,
    }


def _attempt(row: Any) -> dict[str, Any]:  # Any: asyncpg's Record is untyped
    return {
        "at": row["at"].isoformat(),
        "seconds": round(row["seconds"], 3),
        "status": row["status"],
        "cause": row["cause"],
        "answer": row["answer"],
    }
