"""Ten pictures of ten megabytes in one body, several bodies at a time: what they cost in memory."""

import asyncio
import base64
from collections.abc import AsyncIterator

import aiohttp

from bench.hostile_requests import BULK
from bench.lone_gateway import LoneGateway

PICTURES, PICTURE_BYTES = 10, 10_000_000
AT_ONCE = 4
PART_BYTES = 1_000_000
PATIENCE = aiohttp.ClientTimeout(total=600)


async def send_pictures(gateway: LoneGateway, at_once: int = AT_ONCE) -> int:
    """Send the bodies side by side; the most memory that the gateway's process had meanwhile, in bytes."""
    gateway.forget_peak()
    async with aiohttp.ClientSession(timeout=PATIENCE) as http:
        await asyncio.gather(*(_send(http, gateway, sender) for sender in range(at_once)))
    return gateway.peak_bytes()


async def _send(http: aiohttp.ClientSession, gateway: LoneGateway, sender: int) -> None:
    headers = {"Authorization": f"Bearer {gateway.token}", "Content-Type": "application/json"}
    async with http.post(gateway.url + BULK, data=_body(sender), headers=headers) as answer:
        told = await answer.json()
        if answer.status != 200 or told["data"]["errors"]:
            raise ValueError(f"{answer.status}: {str(told)[:500]}")


async def _body(sender: int) -> AsyncIterator[bytes]:
    """133 MB, of which never more than a part is in memory here."""
    yield b'{"items": [{"reference": "LARGE-%d", "images": [' % sender
    for number in range(PICTURES):
        header = b"\xff\xd8\xff" + b"%d %d" % (sender, number)
        picture = header + bytes(PICTURE_BYTES - len(header))
        yield b", " * bool(number) + b'{"fileName": "%d.jpg", "base64": "' % number
        text = base64.b64encode(picture)
        for at in range(0, len(text), PART_BYTES):
            yield text[at : at + PART_BYTES]
        yield b'"}'
    yield b"]}]}"
