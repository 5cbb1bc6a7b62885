"""Waiting that ends with the service."""

import asyncio


async def sleep_or_stop(stopping: asyncio.Event, seconds: float) -> None:
    """Sleep, but not beyond the service's life."""
    try:
        await asyncio.wait_for(stopping.wait(), seconds)
    except TimeoutError:
        return
