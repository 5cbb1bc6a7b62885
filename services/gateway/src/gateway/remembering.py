"""Requests with an idempotency key: one effect, and the same answer whenever they are sent again."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import asyncpg
import structlog
from aiohttp import web

from common.database import RowsOf
from common.database.pool import UNAVAILABLE
from gateway import idempotency_store as store
from gateway.accepting import Admission, Keep, KeyTaken
from gateway.drafts import SentProducts
from gateway.idempotency import (
    HEADER,
    REPLAYED,
    GivenAnswer,
    KeyedRequest,
    answer_of,
    fingerprint,
    in_use,
    key_of,
)
from gateway.submissions import Accepted, Origin

log = structlog.get_logger()

ANSWERING = web.RequestKey("answering", KeyedRequest)
"""The request has the key, and its answer is to be remembered."""

TAKEN_OVER = web.RequestKey("taken_over", bool)
"""The answer is that of an earlier request, whose process ended before it could give it."""

KEPT_HEADERS = ("Content-Type", "Location", "Retry-After", "Preference-Applied")

Answer = Callable[[Accepted], web.Response]


@dataclass
class AnsweredBefore(Exception):
    """The request was answered before; it gets that answer again."""

    answer: GivenAnswer


@dataclass(frozen=True)
class Remembering:
    """Takes submissions in, each key once."""

    rows_of: RowsOf
    admission: Admission
    keep_seconds: float
    answer_seconds: float  # a request is answered within this time, or never

    async def knows(self, request: web.Request, tenant: str) -> bool:
        """Whether the request has a key under which something was accepted, whatever body it comes with now.

        Raises `Refusal` (400) about the key.
        """
        key = key_of(request.headers.getall(HEADER, ()))
        if key is None:
            return False
        keyed = KeyedRequest(tenant, request.method, request.path, key, fingerprint=b"")
        async with self.rows_of(tenant).transaction() as connection:
            return await store.find(connection, keyed, keep_seconds=self.keep_seconds) is not None

    async def accept(self, request: web.Request, origin: Origin, sent: SentProducts) -> str:
        """Take the products in, unless that was done; the id of their submission.

        Raises `AnsweredBefore`, and `Refusal`: 400, 409, 422 about the key, 503 where nothing was accepted.
        """
        keyed = keyed_request(request, origin, sent)
        if keyed is None:
            return (await self.admission.accept(origin, sent)).submission_id
        submission_id = await self._earlier(keyed)
        if submission_id is not None:
            request[TAKEN_OVER] = True
        else:
            submission_id = (await self._accept_first(origin, sent, keyed)).submission_id
        request[ANSWERING] = keyed
        return submission_id

    async def accept_and_answer(
        self, request: web.Request, origin: Origin, sent: SentProducts, answer: Answer
    ) -> web.Response:
        """Take the products in where the answer is known at once: both are committed together."""
        keyed = keyed_request(request, origin, sent)
        if keyed is None:
            return answer(await self.admission.accept(origin, sent))
        given: list[web.Response] = []

        async def keep(connection: asyncpg.Connection, accepted: Accepted) -> None:
            given.append(answer(accepted))
            await store.save_answer(connection, keyed, given_answer(given[0]))

        await self._earlier(keyed)
        await self._accept_first(origin, sent, keyed, keep)
        return given[0]

    async def _earlier(self, keyed: KeyedRequest) -> str | None:
        """The submission of an earlier request that is to be answered now; None where there was none."""
        async with self.rows_of(keyed.tenant).transaction() as connection:
            known = await store.find(connection, keyed, keep_seconds=self.keep_seconds)
            if known is None:
                return None
            if answer := answer_of(known, keyed):
                raise AnsweredBefore(answer)
            if await store.take_over(connection, keyed, running_seconds=self.answer_seconds):
                return known.submission_id
        raise in_use()

    async def _accept_first(
        self, origin: Origin, sent: SentProducts, keyed: KeyedRequest, keep: Keep | None = None
    ) -> Accepted:
        claim = partial(
            store.claim,
            request=keyed,
            running_seconds=self.answer_seconds,
            keep_seconds=self.keep_seconds,
        )
        try:
            return await self.admission.accept(origin, sent, claim=claim, keep=keep)
        except KeyTaken:  # between our look and our claim
            async with self.rows_of(keyed.tenant).transaction() as connection:
                known = await store.find(connection, keyed, keep_seconds=self.keep_seconds)
            if known and (answer := answer_of(known, keyed)):
                raise AnsweredBefore(answer) from None
            raise in_use() from None

    async def remember(self, keyed: KeyedRequest, response: web.StreamResponse | None) -> None:
        """Keep the answer; where there is none, or an error of ours, the next request finds one."""
        try:
            async with self.rows_of(keyed.tenant).transaction() as connection:
                if response is None or response.status >= 500:
                    await store.give_up(connection, keyed)
                else:
                    await store.save_answer(connection, keyed, given_answer(response))
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("answer.not_kept", cause=type(error).__name__)


def keyed_request(request: web.Request, origin: Origin, sent: SentProducts) -> KeyedRequest | None:
    """The request by its key, where it was sent with one. Raises `Refusal` (400)."""
    key = key_of(request.headers.getall(HEADER, ()))
    if key is None:
        return None
    content = fingerprint(origin.shop, request.query_string, sent.digest)
    return KeyedRequest(origin.tenant, request.method, request.path, key, content)


def given_answer(response: web.StreamResponse) -> GivenAnswer:
    """What is kept of an answer."""
    headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
    body = response.body if isinstance(response, web.Response) else None
    return GivenAnswer(response.status, headers, body if isinstance(body, bytes) else b"")


def replayed(answer: GivenAnswer) -> web.Response:
    """The answer, given again."""
    return web.Response(status=answer.status, body=answer.body, headers={**answer.headers, REPLAYED: "true"})
