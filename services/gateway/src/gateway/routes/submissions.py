"""Synchronizations to look through, and what can be taken back of those that go on."""

from collections.abc import Callable, Mapping
from typing import Any

from aiohttp import web

from gateway import store
from gateway.cancelling import cancel
from gateway.dialects import bulk, sync_answers
from gateway.errors import Refusal, not_found
from gateway.operations import submissions
from gateway.paging import read_page
from gateway.routing import Route
from gateway.submission_filter import read_filter
from gateway.submission_list_store import find_submissions
from gateway.submissions import OF_SYNC, Kind, Status, SubmissionState
from gateway.surface import CALLER, Surface, json_id

PER_PAGE = 20
TOO_LATE = (
    "Nothing could be cancelled: all of it is with the stations that work on it, and what they have begun "
    "cannot be taken back. Send what the products should be instead."
)


class SubmissionRoutes:
    """`/api/products/sync?…`, `…/{syncId}/cancel`, `/api/products/bulk/{bulkId}/cancel`."""

    def __init__(self, surface: Surface) -> None:
        self._surface = surface

    def routes(self) -> list[Route]:
        return [
            Route(submissions.ALL_SYNCS, self.get),
            Route(submissions.CANCEL_SYNC, self.cancel_sync),
            Route(submissions.CANCEL_BULK, self.cancel_bulk),
        ]

    async def get(self, request: web.Request) -> web.Response:
        """200 with a page of the tenant's synchronizations, the newest first."""
        caller = request[CALLER]
        wanted, page = read_filter(request.query), read_page(request.query, size=PER_PAGE)
        async with self._surface.rows(request).transaction() as connection:
            ids, total = await find_submissions(
                connection, caller.tenant, self._surface.visible_shops(caller), wanted, page
            )
            found = await store.load_submissions(connection, caller.tenant, ids, OF_SYNC)
            singles = await store.load_single_items(connection, ids)
        submissions = [found[submission_id] for submission_id in ids]
        return web.json_response(sync_answers.list_answer(submissions, singles, total, page))

    async def cancel_sync(self, request: web.Request) -> web.Response:
        """200 with how much was cancelled and how much goes on; 409 where it was too late for all of it."""
        sync_id = json_id(request, "sync_id", "sync_")
        return await self._cancel(request, sync_id, OF_SYNC, sync_answers.cancelled)

    async def cancel_bulk(self, request: web.Request) -> web.Response:
        """The same for a bulk."""
        bulk_id = json_id(request, "bulk_id", "bulk_")
        return await self._cancel(request, bulk_id, (Kind.BULK,), bulk.cancelled)

    async def _cancel(
        self,
        request: web.Request,
        submission_id: str,
        kinds: tuple[Kind, ...],
        answer: Callable[[SubmissionState], Mapping[str, Any]],
    ) -> web.Response:
        before = await self._load(request, submission_id, kinds)
        if before.status in (Status.COMPLETED, Status.FAILED):
            raise Refusal(409, "finished", "It is finished; there is nothing to cancel.")
        cancelled = await cancel(self._surface.rows(request), submission_id)
        if not cancelled and before.status is not Status.CANCELLED:
            raise Refusal(409, "too_late", TOO_LATE)
        self._surface.waiting.wake([submission_id])
        return web.json_response(answer(await self._load(request, submission_id, kinds)))

    async def _load(
        self, request: web.Request, submission_id: str, kinds: tuple[Kind, ...]
    ) -> SubmissionState:
        caller = request[CALLER]
        async with self._surface.rows(request).transaction() as connection:
            submission = await store.load_submission(connection, caller.tenant, submission_id, kinds)
        if submission is None or not self._surface.sees(caller, submission.shop):
            raise not_found("There is no such submission.")
        return submission
