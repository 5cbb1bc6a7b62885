"""The routes of the bulk dialect: thousands of items in, progress to be asked for."""

from functools import partial

from aiohttp import web

from common.messages import Reason
from gateway import store
from gateway.dialects import bulk
from gateway.errors import not_found, violated
from gateway.submissions import Kind
from gateway.surface import CALLER, Surface, json_id

MAX_PAGE = 100_000


class BulkRoutes:
    """`/api/products/bulk`, `/api/products/bulk/{bulkId}`."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/products/bulk", self.post),
            web.get("/api/products/bulk/{bulk_id}", self.get),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """200 as seed 004: accepted in so many chunks, and the items that could not be read."""
        origin = self._surface.origin(request, Kind.BULK)
        limit = self._surface.settings.bulk_max_items
        entries = await self._surface.products(request, partial(bulk.read_items, max_items=limit))
        accepted = await self._surface.admission.accept(origin, entries)
        return web.json_response(
            bulk.accepted(accepted.submission_id, accepted.chunks, accepted.refused),
            headers={"Location": f"/api/products/bulk/{accepted.submission_id}"},
        )

    async def get(self, request: web.Request) -> web.Response:
        """200 with totals, every chunk and a page of items; 404 for anything but the tenant's own."""
        bulk_id = json_id(request, "bulk_id", "bulk_")
        page = _page(request.query.get("page", "1"))
        async with self._surface.database.transaction() as connection:
            submission = await store.load_submission(
                connection, request[CALLER].tenant, bulk_id, (Kind.BULK,)
            )
            if submission is None:
                raise not_found("There is no such bulk.")
            items = await store.load_items(
                connection, bulk_id, offset=(page - 1) * bulk.PAGE_SIZE, limit=bulk.PAGE_SIZE
            )
        return web.json_response(bulk.progress(submission, items, page))


def _page(text: str) -> int:
    if text.isascii() and text.isdigit() and 0 < int(text[:10]) <= MAX_PAGE:
        return int(text[:10])
    raise violated([Reason(code="number_out_of_range", field="page", message="Must be 1 or more.")])
