"""Sends hostile requests to a running gateway, over sockets of its own: no client library repairs them."""

import asyncio
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from bench.hostile_requests import TOKEN, HostileRequest

HANG_SECONDS = 5.0
SENT_PER_SECOND = 5_000_000  # what is long may take so much longer
AT_ONCE = 4
LARGE_BYTES = 500_000
SENTENCE = re.compile(rb"[A-Za-z]+ [A-Za-z]+")
LENGTH = re.compile(rb"content-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True)
class Answered:
    """What came of a request. `status` is None where the connection ended without an answer."""

    name: str
    status: int | None
    seconds: float
    problem: str  # empty: as it should be


async def send_all(
    gateway_url: str, token: str, requests: Sequence[HostileRequest], hang_seconds: float
) -> list[Answered]:
    """Send each on a connection of its own, a few at a time; large ones alone: they need turns."""
    places = asyncio.Semaphore(AT_ONCE)

    async def one(hostile: HostileRequest) -> Answered:
        async with places:
            return await send(gateway_url, token, hostile, hang_seconds)

    small = [hostile for hostile in requests if len(hostile.sent) < LARGE_BYTES]
    large = [hostile for hostile in requests if len(hostile.sent) >= LARGE_BYTES]
    answered = await asyncio.gather(*(one(hostile) for hostile in small))
    return answered + [await send(gateway_url, token, hostile, hang_seconds) for hostile in large]


async def send(
    gateway_url: str, token: str, hostile: HostileRequest, hang_seconds: float = HANG_SECONDS
) -> Answered:
    """Send it and judge what comes; later than `hang_seconds` and what its length takes is a problem."""
    loop = asyncio.get_running_loop()
    address = urlsplit(gateway_url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    sending, began = asyncio.create_task(_send(writer, hostile, token.encode())), loop.time()
    answer = b""
    try:
        async with asyncio.timeout(hang_seconds + len(hostile.sent) / SENT_PER_SECOND):
            answer = await _read(reader)
        problem = _problem_of(hostile, answer)
    except TimeoutError:
        problem = "no answer in time"
    finally:
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.close()
    return Answered(hostile.name, _status_of(answer), loop.time() - began, problem)


async def _send(writer: asyncio.StreamWriter, hostile: HostileRequest, token: bytes) -> None:
    with suppress(ConnectionError):
        writer.write(hostile.sent.replace(TOKEN, token))
        await writer.drain()
        if hostile.ends:
            writer.write_eof()


async def _read(reader: asyncio.StreamReader) -> bytes:
    """The first answer, or what there is of it when the connection ends."""
    answer = b""
    with suppress(ConnectionError):
        while not _is_whole(answer) and (part := await reader.read(65536)):
            answer += part
    return answer


def _is_whole(answer: bytes) -> bool:
    head, end, body = answer.partition(b"\r\n\r\n")
    length = LENGTH.search(head)
    return bool(end) and length is not None and len(body) >= int(length[1])


def _status_of(answer: bytes) -> int | None:
    words = answer[:20].split()
    return int(words[1]) if len(words) > 1 and words[1].isdigit() else None


def _problem_of(hostile: HostileRequest, answer: bytes) -> str:
    status = _status_of(answer)
    if status is None:
        return "" if hostile.ends else "the connection ended without an answer"
    if status not in hostile.statuses:
        return f"answered with {status}: {answer[-300:]!r}"
    if status >= 400 and not SENTENCE.search(answer.partition(b"\r\n\r\n")[2]):
        return f"refused with {status} and no sentence: {answer[-300:]!r}"
    return ""
