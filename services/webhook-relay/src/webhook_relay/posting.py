"""Sending an attempt: one POST to a place that a tenant named, so nothing about it is trusted.

The address is checked where it cannot change any more: what a name resolves to, the address that the
socket is about to connect to (literals never reach a resolver), and the peer before the first byte is
sent. No redirect is followed, no proxy of the environment used, no answer unpacked, and at most 16 KiB
of it read.
"""

import socket
import time
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType, Connection

from webhook_relay.addresses import AddressRefused, refuse_unless_public
from webhook_relay.delivery import Answer, Answered, Attempt, Failed

LONGEST_ANSWER_BYTES = 16 * 1024
KEPT_ANSWER_CHARACTERS = 2000

ADDRESS_REFUSED = "address_refused"
TIMED_OUT = "timed_out"
TLS_FAILED = "tls_failed"
NAME_NOT_RESOLVED = "name_not_resolved"
NOT_CONNECTED = "not_connected"
CONNECTION_LOST = "connection_lost"
NOT_HTTP = "not_http"
UNUSABLE_URL = "unusable_url"

AddressCheck = Callable[[str], None]


class CheckedResolver(AbstractResolver):
    """Resolves names, and forgets the addresses that the check refuses."""

    def __init__(self, inner: AbstractResolver, check: AddressCheck) -> None:
        self._inner = inner
        self._check = check

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [result for result in found if self._passes(result["host"])]
        if found and not allowed:
            raise AddressRefused("the name resolves to no public address")
        return allowed

    async def close(self) -> None:
        await self._inner.close()

    def _passes(self, address: str) -> bool:
        try:
            self._check(address)
        except AddressRefused:
            return False
        return True


class Poster:
    """The HTTP client of the relay. Close it when done."""

    def __init__(
        self,
        *,
        connect_timeout_seconds: float,
        total_timeout_seconds: float,
        connections: int,
        check: AddressCheck = refuse_unless_public,
        resolver: AbstractResolver | None = None,
    ) -> None:
        def checked_socket(address: AddrInfoType) -> socket.socket:
            family, kind, protocol, _, where = address
            check(str(where[0]))
            return socket.socket(family=family, type=kind, proto=protocol)

        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=connections,
                use_dns_cache=False,  # a name is checked for the connection that is made with it
                force_close=True,  # a kept connection that the receiver has closed would cost an attempt
                resolver=CheckedResolver(resolver or aiohttp.ThreadedResolver(), check),
                socket_factory=checked_socket,
            ),
            request_class=_request_that_checks_its_peer(check),
            timeout=aiohttp.ClientTimeout(total=total_timeout_seconds, connect=connect_timeout_seconds),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
        )

    async def post(self, attempt: Attempt) -> Answer:
        """Send it once. Whatever goes wrong outside is a `Failed`; nothing is raised for it."""
        began = time.monotonic()
        if not attempt.url.lower().startswith(("https://", "http://")):
            return Failed(UNUSABLE_URL, 0)
        try:
            async with self._session.post(
                attempt.url, data=attempt.body, headers=attempt.headers, allow_redirects=False
            ) as response:
                cut = await _beginning(response)
                retry_after = response.headers.get("Retry-After")
                return Answered(response.status, time.monotonic() - began, retry_after, cut)
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return Failed(_cause(error), time.monotonic() - began)

    async def close(self) -> None:
        await self._session.close()


def _request_that_checks_its_peer(check: AddressCheck) -> type[aiohttp.ClientRequest]:
    class CheckedRequest(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            peer = conn.transport.get_extra_info("peername") if conn.transport else None
            check(str(peer[0]) if peer else "")
            return await super().send(conn)

    return CheckedRequest


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
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, AddressRefused):
            return ADDRESS_REFUSED
        behind = getattr(behind, "os_error", None) or behind.__cause__ or behind.__context__
    return next((word for kind, word in _CAUSES if isinstance(error, kind)), CONNECTION_LOST)


def accept_any_address(_address: str) -> None:
    """The check of a relay that is allowed to reach private addresses (demonstrations, tests)."""
