"""The routes of the sync dialect: one product or a batch, with the result where it comes in time."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from aiohttp import web

from common.messages import Result
from gateway import retry_store, store
from gateway.access.shop_choice import chosen_shop
from gateway.dialects import sync, sync_answers
from gateway.drafts import RefusedItem, SentProducts
from gateway.errors import not_found, violated
from gateway.operations import sync as operations
from gateway.prefer import Patience, patience
from gateway.retrying import retry_of
from gateway.routing import Route
from gateway.shops import reachability_store
from gateway.submissions import OF_SYNC, ItemState, Kind, Origin, SubmissionState
from gateway.surface import CALLER, DATABASE_AWAY, Surface, check_deletions, current_trace_id, json_id
from gateway.vocabulary import as_sent

LOOK_AGAIN_SECONDS = "1"

AnswerOf = Callable[[SubmissionState, Sequence[ItemState]], Mapping[str, Any]]


class SyncRoutes:
    """`/api/products/sync`, `…/batch`, `…/{syncId}` to ask or retry, `…/{reference}` to delete."""

    def __init__(self, surface: Surface, stopping: asyncio.Event) -> None:
        self._surface = surface
        self._stopping = stopping

    def routes(self) -> list[Route]:
        return [
            Route(operations.SEND, self.post),
            Route(operations.SEND_BATCH, self.post_batch),
            Route(operations.STATUS, self.get),
            Route(operations.RETRY, self.retry),
            Route(operations.DELETE, self.delete),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """200 with the result; 202 where it takes longer than the caller waits; 404, 409, 422 refused.

        502 where the shop is away: it is accepted all the same.
        """
        sent = await self._surface.products(request, sync.read_single)
        return await self._bring(
            request, self._surface.origin(request, Kind.SYNC), sent, sync_answers.single_answer
        )

    async def delete(self, request: web.Request) -> web.Response:
        """As `post`, for `?mode=delete` (the default) and `deactivate`, which leaves it in the shop."""
        mode, dry_run = request.query.get("mode", "delete"), request.query.get("dry_run", "false")
        sent = sync.read_deletion(request.match_info["reference"], mode, dry_run)
        self._surface.quotas.count_items(request, request[CALLER], 1)
        return await self._bring(
            request, self._surface.origin(request, Kind.SYNC), sent, sync_answers.single_answer
        )

    async def post_batch(self, request: web.Request) -> web.Response:
        """200 with every product's result, 202 where some take longer than the caller waits."""
        sent = await self._surface.products(request, sync.read_batch)
        return await self._bring(
            request, self._surface.origin(request, Kind.BATCH), sent, sync_answers.batch_answer
        )

    async def get(self, request: web.Request) -> web.Response:
        """200 with status, outcome, steps and trace id; 404 for anything but the tenant's own."""
        submission, items = await self._found(request)
        return web.json_response(sync_answers.status_answer(submission, items))

    async def retry(self, request: web.Request) -> web.Response:
        """As `post`, for the products of a synchronization that were refused: new changes, as of now.

        409 where nothing was refused or not all is finished, 410 where what was refused is not stored.
        """
        surface, caller = self._surface, request[CALLER]
        submission, items = await self._found(request)
        async with surface.rows(request).transaction() as connection:
            kept = await retry_store.load_kept(connection, submission.submission_id)
        refused = [item.position for item in items if item.result is Result.REFUSED]
        retry = retry_of(submission, refused, kept)
        check_deletions(caller, retry.sent)
        surface.quotas.count_items(request, caller, len(retry.positions))
        shop = chosen_shop(caller, surface.shops.of_tenant(caller.tenant), submission.shop)
        single = submission.total_items == 1
        kind = Kind.SYNC if single else Kind.BATCH
        origin = Origin(caller.tenant, shop, kind, current_trace_id(), submission.submission_id)
        answer = sync_answers.single_answer if single else partial(sync_answers.retried_answer, retry)
        return await self._bring(request, origin, retry.sent, answer)

    async def _found(self, request: web.Request) -> tuple[SubmissionState, list[ItemState]]:
        caller = request[CALLER]
        submission, items = await self._load(request, json_id(request, "sync_id", "sync_"))
        if not self._surface.sees(caller, submission.shop):
            raise not_found("There is no such synchronization.")
        return submission, items

    async def _bring(
        self, request: web.Request, origin: Origin, sent: SentProducts, answer: AnswerOf
    ) -> web.Response:
        settings = self._surface.settings
        patient = patience(", ".join(request.headers.getall("Prefer", ())), at_most=settings.wait_seconds)
        if origin.kind is Kind.SYNC and isinstance(sent.entries[0], RefusedItem):
            raise replace(violated(as_sent(sent.entries[0].reasons)), dry_run=sent.dry_run)
        submission_id = await self._surface.remembering.accept(request, origin, sent)
        try:
            if not await self._waits_in_vain(request, origin, patient):
                await self._wait(request, submission_id, patient.seconds)
            submission, items = await self._load(request, submission_id)
            is_open = any(item.result is None for item in items)
            in_vain = is_open and await self._waits_in_vain(request, origin, patient)
        except DATABASE_AWAY:  # it was there to accept: nobody may be told that nothing was accepted
            return _accepted(sync_answers.not_known_yet(submission_id), submission_id, patient)
        if in_vain:
            raise sync_answers.shop_away(submission, _where_it_goes_on(submission_id, patient))
        body = answer(submission, items)
        if is_open:
            return _accepted(body, submission_id, patient)
        return web.json_response(body, headers=_applied(patient))

    async def _waits_in_vain(self, request: web.Request, origin: Origin, patient: Patience) -> bool:
        """Whether the caller wants to wait for one product of a shop that is away."""
        if origin.kind is not Kind.SYNC or patient.seconds == 0:
            return False
        async with self._surface.rows(request).transaction() as connection:
            return await reachability_store.is_away(connection, origin.shop)

    async def _wait(self, request: web.Request, submission_id: str, seconds: float) -> None:
        """Return when every item is settled, or after `seconds`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._surface.waiting.on(submission_id) as told:
            while (left := deadline - loop.time()) > 0 and not self._stopping.is_set():
                told.clear()
                async with self._surface.rows(request).transaction() as connection:
                    open_items = await store.count_open_items(connection, submission_id)
                if open_items == 0:
                    return
                try:
                    await asyncio.wait_for(told.wait(), min(left, self._surface.settings.poll_seconds))
                except TimeoutError:
                    continue

    async def _load(
        self, request: web.Request, submission_id: str
    ) -> tuple[SubmissionState, list[ItemState]]:
        async with self._surface.rows(request).transaction() as connection:
            submission = await store.load_submission(
                connection, request[CALLER].tenant, submission_id, OF_SYNC
            )
            if submission is None:
                raise not_found("There is no such synchronization.")
            return submission, await store.load_items(connection, submission_id, limit=sync.MAX_BATCH)


def _accepted(body: Mapping[str, Any], submission_id: str, patient: Patience) -> web.Response:
    return web.json_response(body, status=202, headers=_where_it_goes_on(submission_id, patient))


def _where_it_goes_on(submission_id: str, patient: Patience) -> dict[str, str]:
    location = f"/api/products/sync/{submission_id}"
    return {"Location": location, "Retry-After": LOOK_AGAIN_SECONDS, **_applied(patient)}


def _applied(patient: Patience) -> dict[str, str]:
    return {"Preference-Applied": patient.applied} if patient.applied else {}
