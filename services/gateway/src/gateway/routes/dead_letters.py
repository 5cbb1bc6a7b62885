"""Dead letters: look, edit and send back, discard. A tenant's admins see its own, the operator all."""

from uuid import UUID

import structlog
from aiohttp import web

from gateway.access.scopes import Scope
from gateway.body import read_json
from gateway.dead_letters import replay_store, store
from gateway.dead_letters.letters import (
    Asker,
    Letter,
    Replay,
    read_discard_reason,
    read_filter,
    read_replacement,
    read_wanted_replay,
)
from gateway.dead_letters.replaying import Replaying
from gateway.dead_letters.shown import letter_shown, replay_shown, whole_letter_shown
from gateway.envelopes import enveloped
from gateway.errors import Refusal, not_found
from gateway.operations.dead_letters import DeadLetterOperations
from gateway.paging import read_page
from gateway.routing import Route
from gateway.surface import CALLER

log = structlog.get_logger()

PER_PAGE = 20
EDITED_MAX_BYTES = 4 * 1024 * 1024
OPERATOR = Asker("operator", None)


class DeadLetterRoutes:
    """Below `/api/v1/dead-letters` for tenants, below `/operator/dead-letters` for the operator."""

    def __init__(self, replaying: Replaying, operations: DeadLetterOperations) -> None:
        self._replaying = replaying
        self._operations = operations

    def routes(self) -> list[Route]:
        does = self._operations
        return [
            Route(does.all, self.get_all),
            Route(does.replay_many, self.replay_many),
            Route(does.replays, self.get_replays),
            Route(does.replay, self.get_replay),
            Route(does.stop_replay, self.stop_replay),
            Route(does.one, self.get),
            Route(does.replay_one, self.replay),
            Route(does.discard, self.discard),
        ]

    async def get_all(self, request: web.Request) -> web.Response:
        """200 with a page of letters, without their bodies."""
        wanted, page = read_filter(request.query), read_page(request.query, size=PER_PAGE)
        asker = self._asker(request)
        async with self._replaying.rows_of(asker).transaction() as connection:
            letters, total = await store.find_letters(connection, asker, wanted, page)
        data = {"dead_letters": [letter_shown(letter) for letter in letters], **page.of(total)}
        return enveloped(request, data, "Dead letters")

    async def get(self, request: web.Request) -> web.Response:
        """200 with the letter; 404."""
        return enveloped(request, whole_letter_shown(await self._found(request)), "Dead letter")

    async def replay(self, request: web.Request) -> web.Response:
        """202 with the letter: its service has got the message back. 404; of an edited one 409, 422; 503."""
        asker, letter = self._asker(request), await self._found(request)
        sent = await read_json(request, max_bytes=EDITED_MAX_BYTES) if request.can_read_body else {}
        body = read_replacement(sent)
        if body is None:
            await self._replaying.replay(letter, asker)
        else:
            await self._replaying.replay_edited(letter, body, asker)
        return enveloped(request, whole_letter_shown(await self._found(request)), "Sent back", status=202)

    async def discard(self, request: web.Request) -> web.Response:
        """204: it is kept on record and counts no more. 404; 409 where it does not wait."""
        asker, reason = self._asker(request), read_discard_reason(request.query)
        letter = await self._found(request)
        async with self._replaying.rows_of(asker).transaction() as connection:
            if not await store.discard(connection, letter, asker.name, reason):
                message = f"Only a letter that waits can be discarded; this one is {letter.state.value}."
                raise Refusal(409, "not_waiting", message)
        log.info("dead_letter.discarded", letter_id=str(letter.letter_id), by=asker.name, reason=reason)
        return web.Response(status=204)

    async def replay_many(self, request: web.Request) -> web.Response:
        """202 with the replay, which goes on in the background; `Location` is where to look how far it is."""
        wanted = read_wanted_replay(await read_json(request))
        started = await self._replaying.start(self._asker(request), wanted)
        answer = enveloped(request, replay_shown(started), "Replay started", status=202)
        answer.headers["Location"] = f"{self._operations.replays.path}/{started.replay_id}"
        return answer

    async def get_replays(self, request: web.Request) -> web.Response:
        """200 with the newest replays."""
        asker = self._asker(request)
        async with self._replaying.rows_of(asker).transaction() as connection:
            replays = await replay_store.load_replays(connection, asker)
        return enveloped(request, {"replays": [replay_shown(one) for one in replays]}, "Replays")

    async def get_replay(self, request: web.Request) -> web.Response:
        """200 with the replay; 404."""
        return enveloped(request, replay_shown(await self._found_replay(request)), "Replay")

    async def stop_replay(self, request: web.Request) -> web.Response:
        """200 with the replay as it stands; what was sent stays sent. 404."""
        asker, replay = self._asker(request), await self._found_replay(request)
        async with self._replaying.rows_of(asker).transaction() as connection:
            await replay_store.stop_replay(connection, asker, replay.replay_id)
        log.info("dead_letters.replay_stopped", replay_id=replay.replay_id, by=asker.name)
        return enveloped(request, replay_shown(await self._found_replay(request)), "Replay stopped")

    def _asker(self, request: web.Request) -> Asker:
        if not isinstance(self._operations.all.scope, Scope):
            return OPERATOR
        caller = request[CALLER]
        return Asker(caller.api_key_id or caller.subject, caller.tenant)

    async def _found(self, request: web.Request) -> Letter:
        try:
            letter_id = UUID(request.match_info["letter_id"])
        except ValueError:
            raise not_found("There is no such dead letter.") from None
        asker = self._asker(request)
        async with self._replaying.rows_of(asker).transaction() as connection:
            letter = await store.load_letter(connection, asker, letter_id)
        if letter is None:
            raise not_found("There is no such dead letter.")
        return letter

    async def _found_replay(self, request: web.Request) -> Replay:
        replay_id = request.match_info["replay_id"].replace(
            "\0", ""
        )  # which no text of the database can hold
        asker = self._asker(request)
        async with self._replaying.rows_of(asker).transaction() as connection:
            replay = await replay_store.load_replay(connection, asker, replay_id)
        if replay is None:
            raise not_found("There is no such replay.")
        return replay
