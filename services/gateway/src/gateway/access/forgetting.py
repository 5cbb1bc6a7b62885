"""Removes what counts no more: sessions and used refresh tokens that have run out, old guesses."""

import asyncio

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.stopping import sleep_or_stop
from gateway.access import guess_store, session_store

log = structlog.get_logger()

EVERY_SECONDS = 600.0


async def keep_forgetting(database: Database, refresh_token_seconds: int, stopping: asyncio.Event) -> None:
    """Until the service stops."""
    while not stopping.is_set():
        try:
            async with database.transaction() as connection:
                await session_store.forget_old_sessions(connection, refresh_token_seconds)
                await guess_store.forget_old_guesses(connection)
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("access.not_forgotten", cause=type(error).__name__)
        await sleep_or_stop(stopping, EVERY_SECONDS)
