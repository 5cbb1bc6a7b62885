"""Removing what counts no more, batch after batch, for the service's whole life."""

import asyncio
from collections.abc import Awaitable, Callable

import asyncpg
import structlog

from common.database import Database
from common.database.pool import UNAVAILABLE
from common.stopping import sleep_or_stop

log = structlog.get_logger()

EVERY_SECONDS = 600.0

Forget = Callable[[asyncpg.Pool], Awaitable[bool]]
"""Removes a batch; False where nothing is left to remove."""


async def keep_forgetting(database: Database, what: str, forget: Forget, stopping: asyncio.Event) -> None:
    """Until the service stops. `what` is for the log."""
    while not stopping.is_set():
        try:
            while await forget(database.pool) and not stopping.is_set():
                pass
        except (*UNAVAILABLE, asyncpg.PostgresError) as error:
            log.warning("forgetting.put_off", what=what, cause=type(error).__name__)
        await sleep_or_stop(stopping, EVERY_SECONDS)
