"""Sending to the gateway: pictures ahead, then the items."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

from skuwire.gateway import Gateway
from skuwire.showing import Counter

PICTURES_AT_ONCE = 6


async def send_pictures(gateway: Gateway, pictures: Mapping[str, Path], on_progress: Counter) -> int:
    """Send the files that the gateway does not have, by their sha-256; how many these were."""
    turn = asyncio.Semaphore(PICTURES_AT_ONCE)
    done = sent = 0
    on_progress(0, len(pictures))

    async def send(sha256: str, file: Path) -> None:
        nonlocal done, sent
        async with turn:
            if not await gateway.has_media(sha256):
                await gateway.put_media(sha256, await asyncio.to_thread(file.read_bytes))
                sent += 1
        done += 1
        on_progress(done, len(pictures))

    try:
        async with asyncio.TaskGroup() as group:
            for sha256, file in pictures.items():
                group.create_task(send(sha256, file))
    except ExceptionGroup as errors:  # not `except*`: Python 3.11.2 groups what is raised there
        raise errors.exceptions[0] from None
    return sent
