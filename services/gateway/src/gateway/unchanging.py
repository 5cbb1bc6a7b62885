"""Answers that stay the same while the service runs: pages, documents, scripts.

Read, compressed and digested once; whoever has them is told so by 304.
"""

import asyncio
import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

from aiohttp import ETag, hdrs, web

Made = TypeVar("Made")

REVALIDATE = "public, no-cache"  # kept by the browser, and asked for at each use: another version may run

# Nothing comes from elsewhere, nothing is inline, nobody frames a page.
PAGE_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Unchanging:
    """A body with its type, its digest and its compressed form."""

    body: bytes
    content_type: str
    digest: str
    compressed: bytes

    @classmethod
    def of(cls, body: str | bytes, content_type: str) -> "Unchanging":
        data = body.encode() if isinstance(body, str) else body
        digest = hashlib.sha256(data).hexdigest()[:32]
        return cls(data, content_type, digest, gzip.compress(data, mtime=0))

    def answer(self, request: web.Request) -> web.Response:
        """200, or 304 for whoever has it."""
        headers = {hdrs.CACHE_CONTROL: REVALIDATE, hdrs.VARY: hdrs.ACCEPT_ENCODING, **PAGE_HEADERS}
        etag = ETag(self.digest, is_weak=True)  # one digest for both encodings
        if any(known.value in (self.digest, "*") for known in request.if_none_match or ()):
            response = web.Response(status=304, headers=headers)
        elif "gzip" in request.headers.get(hdrs.ACCEPT_ENCODING, ""):
            headers[hdrs.CONTENT_ENCODING] = "gzip"
            response = web.Response(body=self.compressed, headers=headers)
        else:
            response = web.Response(body=self.body, headers=headers)
        response.headers[hdrs.CONTENT_TYPE] = self.content_type
        response.etag = etag
        return response


class MadeOnce(Generic[Made]):
    """Something that is made when it is asked for the first time, in a thread: requests go on meanwhile."""

    def __init__(self) -> None:
        self._making: asyncio.Future[Made] | None = None

    async def get(self, make: Callable[[], Made]) -> Made:
        """What `make` made, now or when this was asked before. Raises what it raised."""
        if self._making is None:
            self._making = asyncio.ensure_future(asyncio.to_thread(make))
        return await asyncio.shield(self._making)  # whoever asked first may hang up
