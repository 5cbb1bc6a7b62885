"""Sending letters back: one at once, many in the background at a rate, through restarts.

A message keeps its id, so that the inbox of its service knows it when it was handled already: sending it
twice has one effect.
"""

import asyncio
import secrets
from dataclasses import replace
from datetime import UTC, datetime

import asyncpg
import structlog

from common.database import Database, TenantDatabase
from common.database.pool import UNAVAILABLE
from common.messaging.broker import Broker, NotPublished
from common.messaging.dead_letter import DeadLetter
from common.messaging.dead_letters import CannotBeSent, send_back
from common.stopping import sleep_or_stop
from common.telemetry import meter
from gateway.dead_letters import replay_store, store
from gateway.dead_letters.editing import edited_body
from gateway.dead_letters.letters import Asker, Edit, Letter, Replay, WantedReplay
from gateway.dead_letters.replay_store import Turn
from gateway.errors import Refusal, unavailable
from gateway.strict_json import Json

log = structlog.get_logger()

LOOK_SECONDS = 2.0  # for replays that another replica was asked for
CLAIM_MARGIN_SECONDS = 5.0
MEASURE_SECONDS = 15.0

_waiting = meter.create_gauge(
    "skuwire_dead_letters_waiting", description="Dead letters that wait, by service"
)


class Replaying:
    """Gives parked messages back to the services that failed on them."""

    def __init__(self, database: Database, broker: Broker) -> None:
        self._database = database
        self._broker = broker
        self._wake = asyncio.Event()
        self._measured: set[str] = set()

    def rows_of(self, asker: Asker) -> Database | TenantDatabase:
        """What an asker works with: its tenant's rows, or those of all."""
        return self._database if asker.tenant is None else self._database.of(asker.tenant)

    async def keep(self, letter: DeadLetter, redriven: bool) -> None:
        """Keep a letter that the collector found."""
        async with self._database.transaction() as connection:
            await store.keep(connection, letter, redriven=redriven)

    # ── one ──

    async def replay(self, letter: Letter, asker: Asker) -> None:
        """Send it back. Raises `Refusal` (409, 503) where it stays as it was."""
        try:
            await self._send(letter, asker)
        except NotPublished as error:
            log.warning("dead_letter.not_replayed", letter_id=str(letter.letter_id), cause=str(error))
            message = (
                f"The broker is away, or there is no queue of {letter.parked.service}; nothing was sent."
            )
            raise unavailable(message) from None
        except CannotBeSent as error:
            message = f"Its id, type or headers cannot be sent: {error}; discard it."
            raise Refusal(409, "cannot_be_sent", message) from None

    async def replay_edited(self, letter: Letter, sent: Json, asker: Asker) -> None:
        """Send it back with another body, which is kept beside the parked one.

        Raises `Refusal`: 409, 422, 503. After a 503 the edit is kept, and a plain replay sends it.
        """
        edited = replace(letter.parked, body=edited_body(letter.parked, sent))
        async with self.rows_of(asker).transaction() as connection:
            await store.save_edit(connection, letter, edited, asker.name)
        log.info("dead_letter.edited", letter_id=str(letter.letter_id), by=asker.name)
        await self.replay(replace(letter, edit=Edit(edited.body, asker.name, datetime.now(UTC))), asker)

    async def _send(self, letter: Letter, asker: Asker) -> None:
        await send_back(self._broker, letter.to_send)
        async with self.rows_of(asker).transaction() as connection:
            await store.mark_replayed(connection, letter, asker.name)
        log.info(
            "dead_letter.replayed",
            letter_id=str(letter.letter_id),
            message_id=letter.parked.message_id,
            failed_service=letter.parked.service,
            by=asker.name,
        )

    # ── many ──

    async def start(self, asker: Asker, wanted: WantedReplay) -> Replay:
        """Send back what waits now and fits, in the background."""
        async with self.rows_of(asker).transaction() as connection:
            replay_id = f"rpl_{secrets.token_hex(8)}"
            started = await replay_store.add_replay(connection, replay_id, asker, wanted)
        log.info("dead_letters.replay_started", replay_id=replay_id, total=started.total, by=asker.name)
        self._wake.set()
        return started

    async def keep_replaying(self, stopping: asyncio.Event) -> None:
        """Go on with replays that were started, here or elsewhere, until the service stops."""
        while not stopping.is_set():
            self._wake.clear()
            try:
                pause = 0.0 if await self._take_turn() else await self._seconds_to_next()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("dead_letters.replay_waits", cause=type(error).__name__)
                pause = LOOK_SECONDS
            if pause > 0:
                await self._sleep(pause, stopping)

    async def _take_turn(self) -> bool:
        """Send one letter of a replay that is due; False where none is."""
        seconds = self._broker.publish_timeout_seconds + CLAIM_MARGIN_SECONDS
        async with self._database.transaction() as connection:
            turn = await replay_store.claim_turn(connection, seconds)
            letter = None if turn is None else await replay_store.next_letter(connection, turn)
            if turn is not None and letter is None:
                await replay_store.finish(connection, turn)
        if turn is None:
            return False
        if letter is None:
            log.info("dead_letters.replay_finished", replay_id=turn.replay.replay_id)
        else:
            await self._go_on(turn, letter)
        return True

    async def _go_on(self, turn: Turn, letter: Letter) -> None:
        asker = Asker(f"{turn.replay.started_by} ({turn.replay.replay_id})", turn.replay.tenant)
        sent = True
        try:
            await self._send(letter, asker)
        except (NotPublished, CannotBeSent) as error:
            sent = False
            log.warning("dead_letter.not_replayed", letter_id=str(letter.letter_id), cause=str(error))
        async with self._database.transaction() as connection:
            if sent or self._broker.connected:
                await replay_store.end_turn(connection, turn, letter, sent=sent)
            else:
                await replay_store.put_off(connection, turn, LOOK_SECONDS)

    async def _seconds_to_next(self) -> float:
        async with self._database.transaction() as connection:
            seconds = await replay_store.seconds_to_next(connection)
        return LOOK_SECONDS if seconds is None else min(max(seconds, 0.001), LOOK_SECONDS)

    async def _sleep(self, seconds: float, stopping: asyncio.Event) -> None:
        waits = [asyncio.ensure_future(self._wake.wait()), asyncio.ensure_future(stopping.wait())]
        await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()

    # ── how many ──

    async def keep_measuring(self, stopping: asyncio.Event) -> None:
        """Say how many letters wait, as a metric, until the service stops."""
        while not stopping.is_set():
            try:
                async with self._database.transaction() as connection:
                    waiting = await store.count_waiting(connection)
                for service in self._measured | waiting.keys():  # one that has none any more says 0
                    _waiting.set(waiting.get(service, 0), {"service": service})
                self._measured |= waiting.keys()
            except (*UNAVAILABLE, asyncpg.PostgresError) as error:
                log.warning("dead_letters.not_counted", cause=type(error).__name__)
            await sleep_or_stop(stopping, MEASURE_SECONDS)
