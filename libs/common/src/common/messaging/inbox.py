"""The inbox: which messages were handled, so that a message that comes again has no effect."""

import asyncio
from collections.abc import Sequence
from typing import TypeVar

import asyncpg
import structlog

from common.database.pool import UNAVAILABLE, Database
from common.messaging.envelope import Received
from common.stopping import sleep_or_stop

log = structlog.get_logger()

R = TypeVar("R", bound=Received)  # type: ignore[type-arg]  # of any message

KEEP_DAYS = 32  # longer than a dead letter that was sent back can be sent back again
FORGET_EVERY_SECONDS = 3600.0
FORGET_BATCH = 5_000

_FORGET = """
    delete from inbox where ctid = any (array(
        select ctid from inbox where seen_at < now() - make_interval(days => $1) limit $2
    ))
"""


async def keep_unseen(connection: asyncpg.Connection, consumer: str, received: Sequence[R]) -> list[R]:
    """Remember the messages in this transaction; return those that had not been seen, each id once."""
    rows = await connection.fetch(
        "insert into inbox (consumer, message_id) select $1, unnest($2::uuid[]) "
        "on conflict do nothing returning message_id",
        consumer,
        [item.envelope.message_id for item in received],
    )
    unseen = {row["message_id"] for row in rows}
    fresh = []
    for item in received:
        if item.envelope.message_id in unseen:
            unseen.remove(item.envelope.message_id)
            fresh.append(item)
    return fresh


async def forget_old(database: Database) -> int:
    """Forget a batch of messages seen more than `KEEP_DAYS` ago; return how many."""
    done = await database.pool.execute(_FORGET, KEEP_DAYS, FORGET_BATCH)
    return int(done.rsplit(" ", 1)[-1])


async def keep_forgetting(database: Database, stopping: asyncio.Event) -> None:
    """Forget what is old, once an hour, so that the table does not grow for ever."""
    while not stopping.is_set():
        try:
            while await forget_old(database) == FORGET_BATCH and not stopping.is_set():
                pass
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("inbox.kept_longer", cause=type(error).__name__)
        await sleep_or_stop(stopping, FORGET_EVERY_SECONDS)
