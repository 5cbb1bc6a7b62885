"""How far the pictures of a chunk are, told while they are worked on: cheap, and at most once a second."""

import asyncio
from collections.abc import Sequence

import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.messages import ChunkProgressed
from common.messaging.broker import Broker, NotPublished
from common.messaging.envelope import outgoing_envelope
from common.messaging.topology import CHUNKS
from common.stopping import sleep_or_stop
from image_processor.store.settling import ChunkState, states_of

log = structlog.get_logger()

STATION = "image-processor"


class Progress:
    """Collects the chunks that moved and tells of each, past the outbox: a lost one harms nobody."""

    def __init__(self, database: Database, broker: Broker, seconds: float) -> None:
        self._database = database
        self._broker = broker
        self._seconds = seconds
        self._moved: set[str] = set()

    def moved(self, chunk_ids: Sequence[str]) -> None:
        """Something was done for these chunks."""
        self._moved.update(chunk_ids)

    async def run(self, stopping: asyncio.Event) -> None:
        """Tell until `stopping`."""
        while not stopping.is_set():
            await sleep_or_stop(stopping, self._seconds)
            if self._moved and self._broker.connected:
                await self._tell()

    async def _tell(self) -> None:
        moved, self._moved = self._moved, set()
        try:
            for state in await states_of(self._database.pool, moved):
                await self._publish(state)
        except (*UNAVAILABLE, NotPublished) as error:
            # Also when nobody listens: these facts are for whoever wants them.
            log.debug("progress.not_told", cause=type(error).__name__)

    async def _publish(self, state: ChunkState) -> None:
        message = ChunkProgressed(
            chunk=state.chunk,
            station=STATION,
            items_done=state.items_done,
            pictures_done=state.pictures_done,
        )
        envelope = outgoing_envelope(message, STATION, traceparent=state.traceparent)
        await self._broker.publish(
            envelope, exchange=CHUNKS, routing_key=message.routing_key(), body=message.to_json()
        )
