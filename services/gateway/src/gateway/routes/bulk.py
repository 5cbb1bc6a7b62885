"""The routes of the bulk dialect: thousands of items in, progress to be asked for."""

import asyncio
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiohttp import web

from gateway import retry_store, store
from gateway.access.shop_choice import chosen_shop
from gateway.dialects import bulk
from gateway.errors import not_found
from gateway.operations import bulk as operations
from gateway.paging import read_page
from gateway.retrying import Retry, retry_of
from gateway.routing import Route
from gateway.submissions import Accepted, Kind, Origin, SubmissionState
from gateway.surface import CALLER, Surface, check_deletions, current_trace_id, json_id

MEMORY_OF_CHANGES = 10  # bytes of memory for a byte of what is kept, read and handed in again


class BulkRoutes:
    """`/api/products/bulk`, `/api/products/bulk/{bulkId}`."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def routes(self) -> list[Route]:
        return [
            Route(operations.SEND, self.post),
            Route(operations.PROGRESS, self.get),
            Route(operations.CHUNK, self.get_chunk),
            Route(operations.RETRY, self.retry),
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

    async def retry(self, request: web.Request) -> web.Response:
        """As `post`, for the items of a bulk that were refused: new changes, as of now.

        409 where nothing was refused or not all is finished, 410 where what was refused is not stored.
        """
        surface, caller = self._surface, request[CALLER]
        async with surface.rows(request).transaction() as connection:
            submission = await self._found(connection, request)
            refused = await retry_store.load_refused_positions(connection, submission.submission_id)
            size = await retry_store.count_kept_bytes(connection, submission.submission_id)
        shop = chosen_shop(caller, surface.shops.of_tenant(caller.tenant), submission.shop)
        async with surface.bodies.hold(size * MEMORY_OF_CHANGES):
            async with surface.rows(request).transaction() as connection:
                kept = await retry_store.load_kept(connection, submission.submission_id)
            retry = await asyncio.to_thread(retry_of, submission, refused, kept)
            check_deletions(caller, retry.sent)
            surface.quotas.count_items(request, caller, len(retry.positions))
            origin = Origin(caller.tenant, shop, Kind.BULK, current_trace_id(), submission.submission_id)
            return await surface.remembering.accept_and_answer(
                request, origin, retry.sent, partial(_retried, retry)
            )

    async def _found(self, connection: store.Connection, request: web.Request) -> SubmissionState:
        caller, bulk_id = request[CALLER], json_id(request, "bulk_id", "bulk_")
        submission = await store.load_submission(connection, caller.tenant, bulk_id, (Kind.BULK,))
        if submission is None or not self._surface.sees(caller, submission.shop):
            raise not_found("There is no such bulk.")
        return submission


def _answer(accepted: Accepted) -> web.Response:
    body = bulk.accepted(accepted.submission_id, accepted.chunks, accepted.refused, dry_run=accepted.dry_run)
    return _accepted(accepted, body)


def _retried(retry: Retry, accepted: Accepted) -> web.Response:
    return _accepted(accepted, bulk.retried(retry, accepted))


def _accepted(accepted: Accepted, body: Mapping[str, Any]) -> web.Response:
    return web.json_response(body, headers={"Location": f"/api/products/bulk/{accepted.submission_id}"})
