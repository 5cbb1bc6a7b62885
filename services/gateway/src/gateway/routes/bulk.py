"""The routes of the bulk dialect: thousands of items in, progress to be asked for."""

from functools import partial

from aiohttp import web

from gateway import store
from gateway.dialects import bulk
from gateway.errors import not_found
from gateway.operations import bulk as operations
from gateway.paging import read_page
from gateway.routing import Route
from gateway.submissions import Accepted, Kind, SubmissionState
from gateway.surface import CALLER, Surface, json_id


class BulkRoutes:
    """`/api/products/bulk`, `/api/products/bulk/{bulkId}`."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def routes(self) -> list[Route]:
        return [
            Route(operations.SEND, self.post),
            Route(operations.PROGRESS, self.get),
            Route(operations.CHUNK, self.get_chunk),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """200 as seed 004: accepted in so many chunks, and the items that could not be read."""
        origin = self._surface.origin(request, Kind.BULK)
        limit = self._surface.settings.bulk_max_items
        sent = await self._surface.products(request, partial(bulk.read_items, max_items=limit))
        return await self._surface.remembering.accept_and_answer(request, origin, sent, _answer)

    async def get(self, request: web.Request) -> web.Response:
        """200 with totals, every chunk and a page of items; 404 for anything but the tenant's own."""
        page = read_page(request.query, size=bulk.PAGE_SIZE)
        async with self._surface.rows(request).transaction() as connection:
            submission = await self._found(connection, request)
            items = await store.load_items(
                connection, submission.submission_id, offset=page.offset, limit=page.size
            )
        return web.json_response(bulk.progress(submission, items, page.number, page_size=page.size))

    async def get_chunk(self, request: web.Request) -> web.Response:
        """200 with one chunk and its items, as a webhook tells it once it is completed; 404."""
        async with self._surface.rows(request).transaction() as connection:
            submission = await self._found(connection, request)
            asked = request.match_info["partition"]
            chunk = next((one for one in submission.chunks if str(one.partition) == asked), None)
            if chunk is None:
                raise not_found("The bulk has no such chunk.")
            items = await store.load_items_of_chunk(connection, submission.submission_id, chunk.partition)
        return web.json_response({"data": bulk.chunk_result(submission, chunk, items)})

    async def _found(self, connection: store.Connection, request: web.Request) -> SubmissionState:
        caller, bulk_id = request[CALLER], json_id(request, "bulk_id", "bulk_")
        submission = await store.load_submission(connection, caller.tenant, bulk_id, (Kind.BULK,))
        if submission is None or not self._surface.sees(caller, submission.shop):
            raise not_found("There is no such bulk.")
        return submission


def _answer(accepted: Accepted) -> web.Response:
    body = bulk.accepted(accepted.submission_id, accepted.chunks, accepted.refused, dry_run=accepted.dry_run)
    return web.json_response(body, headers={"Location": f"/api/products/bulk/{accepted.submission_id}"})
