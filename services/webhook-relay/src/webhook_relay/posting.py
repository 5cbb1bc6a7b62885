"""Sending an attempt: one POST to a place that a tenant named, so nothing about it is trusted.

Every connection is checked (`common.http.visiting`). No redirect is followed, no answer unpacked, and at
most 16 KiB of it read.
"""

import time
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractResolver
from yarl import URL

from common.http.addresses import check_url, refuse_unless_public
from common.http.visiting import AddressCheck, refused_address_behind, visiting_session
from webhook_relay.delivery import Answer, Answered, Attempt, Failed
from webhook_relay.names import NamesOfTenants, whose

LONGEST_ANSWER_BYTES = 16 * 1024
KEPT_ANSWER_CHARACTERS = 2000

UrlCheck = Callable[[str], URL]
"""The URL as it is requested, or an `UnusableUrl`."""

ADDRESS_REFUSED = "address_refused"
TIMED_OUT = "timed_out"
TLS_FAILED = "tls_failed"
NAME_NOT_RESOLVED = "name_not_resolved"
NOT_CONNECTED = "not_connected"
CONNECTION_LOST = "connection_lost"
NOT_HTTP = "not_http"
UNUSABLE_URL = "unusable_url"


class Poster:
    """The HTTP client of the relay. Close it when done."""

    def __init__(
        self,
        *,
        connect_timeout_seconds: float,
        total_timeout_seconds: float,
        connections: int,
        check: AddressCheck = refuse_unless_public,
        check_url: UrlCheck = check_url,
        resolver: AbstractResolver | None = None,
    ) -> None:
        self._check_url = check_url
        self._names = NamesOfTenants(resolver or aiohttp.ThreadedResolver())
        self._session = visiting_session(
            check=check,
            resolver=self._names,
            connections=connections,  # each for one attempt: a kept one that was closed would cost an attempt
            timeout=aiohttp.ClientTimeout(total=total_timeout_seconds, connect=connect_timeout_seconds),
            auto_decompress=False,
        )

    async def post(self, attempt: Attempt) -> Answer:
        """Send it once. Whatever goes wrong outside is a `Failed`; nothing is raised for it."""
        began = time.monotonic()
        whose.set(attempt.tenant)
        try:
            url = self._check_url(attempt.url)  # again: since it was saved, less may be allowed
            async with self._session.post(
                url, data=attempt.body, headers=attempt.headers, allow_redirects=False
            ) as response:
                cut = await _beginning(response)
                retry_after = response.headers.get("Retry-After")
                return Answered(response.status, time.monotonic() - began, retry_after, cut)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Failed(_cause(error), time.monotonic() - began)

    async def close(self) -> None:
        await self._session.close()
        await self._names.close()


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """The first 16 KiB at most. The status has been said already: a body that never ends changes nothing."""
    read = bytearray()
    try:
        while len(read) < LONGEST_ANSWER_BYTES:
            part = await response.content.read(LONGEST_ANSWER_BYTES - len(read))
            if not part:
                break
            read += part
    except (aiohttp.ClientError, OSError):  # a TimeoutError is an OSError
        pass
    return read.decode(errors="replace").replace("\0", "�")[:KEPT_ANSWER_CHARACTERS]


_CAUSES: tuple[tuple[type[Exception], str], ...] = (
    (TimeoutError, TIMED_OUT),
    (aiohttp.ClientSSLError, TLS_FAILED),
    (aiohttp.ClientConnectorDNSError, NAME_NOT_RESOLVED),
    (aiohttp.ClientConnectorError, NOT_CONNECTED),
    (aiohttp.ClientResponseError, NOT_HTTP),
    (aiohttp.ClientPayloadError, CONNECTION_LOST),
    (aiohttp.ServerDisconnectedError, CONNECTION_LOST),
    (ValueError, UNUSABLE_URL),
)


def _cause(error: BaseException) -> str:
    """A stable word. The error's own text is not kept: it repeats the URL."""
    if refused_address_behind(error):
        return ADDRESS_REFUSED
    return next((word for kind, word in _CAUSES if isinstance(error, kind)), CONNECTION_LOST)
