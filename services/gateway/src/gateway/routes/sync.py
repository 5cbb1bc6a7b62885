"""The routes of the sync dialect: one product or a batch, with the result where it comes in time."""

import asyncio
from collections.abc import Sequence

from aiohttp import web

from gateway import store
from gateway.dialects import sync
from gateway.drafts import Draft, RefusedItem
from gateway.errors import not_found, violated
from gateway.prefer import Patience, patience
from gateway.submissions import ItemState, Kind, SubmissionState
from gateway.surface import CALLER, Surface, json_id
from gateway.vocabulary import as_sent

LOOK_AGAIN_SECONDS = "1"


class SyncRoutes:
    """`/api/products/sync`, `…/batch`, `…/{syncId}` to ask, `…/{reference}` to delete."""

    def __init__(self, surface: Surface, stopping: asyncio.Event) -> None:
        self._surface = surface
        self._stopping = stopping

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/api/products/sync", self.post),
            web.post("/api/products/sync/batch", self.post_batch),
            web.get("/api/products/sync/{sync_id}", self.get),
            web.delete("/api/products/sync/{reference}", self.delete),
        ]

    async def post(self, request: web.Request) -> web.Response:
        """200 with the result; 202 where it takes longer than the caller waits; 404, 409, 422 refused."""
        entries = await self._surface.products(request, lambda body: [sync.read_product(body)])
        return await self._bring_one(request, entries)

    async def delete(self, request: web.Request) -> web.Response:
        """As `post`, for `?mode=delete` (the default) and `deactivate`, which leaves it in the shop."""
        mode = request.query.get("mode", "delete")
        return await self._bring_one(request, [sync.read_deletion(request.match_info["reference"], mode)])

    async def _bring_one(self, request: web.Request, entries: Sequence[Draft | RefusedItem]) -> web.Response:
        submission, items, patient = await self._submit(request, Kind.SYNC, entries)
        [item] = items
        if item.result is None:
            return _accepted(sync.going_on(submission, item), submission, patient)
        return web.json_response(sync.finished(submission, item), headers=_applied(patient))

    async def post_batch(self, request: web.Request) -> web.Response:
        """200 with every product's result, 202 where some take longer than the caller waits."""
        entries = await self._surface.products(request, sync.read_batch)
        submission, items, patient = await self._submit(request, Kind.BATCH, entries)
        answer = sync.batch_answer(submission, items)
        if any(item.result is None for item in items):
            return _accepted(answer, submission, patient)
        return web.json_response(answer, headers=_applied(patient))

    async def get(self, request: web.Request) -> web.Response:
        """200 with status, outcome, steps and trace id; 404 for anything but the tenant's own."""
        sync_id = json_id(request, "sync_id", "sync_")
        submission, items = await self._load(request[CALLER].tenant, sync_id)
        return web.json_response(sync.status_answer(submission, items))

    async def _submit(
        self, request: web.Request, kind: Kind, entries: Sequence[Draft | RefusedItem]
    ) -> tuple[SubmissionState, list[ItemState], Patience]:
        settings = self._surface.settings
        patient = patience(", ".join(request.headers.getall("Prefer", ())), at_most=settings.wait_seconds)
        origin = self._surface.origin(request, kind)
        if kind is Kind.SYNC and isinstance(entries[0], RefusedItem):
            raise violated(as_sent(entries[0].reasons))
        accepted = await self._surface.admission.accept(origin, entries)
        if kind is Kind.SYNC and accepted.refused:
            raise violated(as_sent(accepted.refused[0].reasons))
        await self._wait(accepted.submission_id, patient.seconds)
        submission, items = await self._load(origin.tenant, accepted.submission_id)
        return submission, items, patient

    async def _wait(self, submission_id: str, seconds: float) -> None:
        """Return when every item is settled, or after `seconds`."""
        loop = asyncio.get_running_loop()
        deadline = loop.time() + seconds
        with self._surface.waiting.on(submission_id) as told:
            while (left := deadline - loop.time()) > 0 and not self._stopping.is_set():
                told.clear()
                if await store.count_open_items(self._surface.database.pool, submission_id) == 0:
                    return
                try:
                    await asyncio.wait_for(told.wait(), min(left, self._surface.settings.poll_seconds))
                except TimeoutError:
                    continue

    async def _load(self, tenant: str, submission_id: str) -> tuple[SubmissionState, list[ItemState]]:
        async with self._surface.database.transaction() as connection:
            submission = await store.load_submission(
                connection, tenant, submission_id, (Kind.SYNC, Kind.BATCH)
            )
            if submission is None:
                raise not_found("There is no such synchronization.")
            return submission, await store.load_items(connection, submission_id, limit=sync.MAX_BATCH)


def _accepted(body: dict[str, object], submission: SubmissionState, patient: Patience) -> web.Response:
    location = f"/api/products/sync/{submission.submission_id}"
    headers = {"Location": location, "Retry-After": LOOK_AGAIN_SECONDS}
    return web.json_response(body, status=202, headers=headers | _applied(patient))


def _applied(patient: Patience) -> dict[str, str]:
    return {"Preference-Applied": patient.applied} if patient.applied else {}
