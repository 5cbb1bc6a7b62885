"""HTTP to places that tenants have named, so that nothing about them is trusted.

The address is checked where it cannot change any more: what a name resolves to, the address that the
socket is about to connect to (literals never reach a resolver), and the peer before the first byte of a
request is sent. No proxy of the environment is used and no cookie kept; redirects are the caller's matter.
"""

import socket
from collections.abc import Callable

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.connector import AddrInfoType, Connection

from common.http.addresses import AddressRefused, refuse_unless_public

AddressCheck = Callable[[str], None]


def accept_any_address(_address: str) -> None:
    """The check of whoever is allowed to reach private addresses (own networks, demonstrations, tests)."""


def visiting_session(
    *,
    check: AddressCheck = refuse_unless_public,
    resolver: AbstractResolver | None = None,
    connections: int,
    timeout: aiohttp.ClientTimeout,
    keep_alive_seconds: float = 0,
    auto_decompress: bool = True,
) -> aiohttp.ClientSession:
    """A client whose connections all pass the check. With 0 no connection is used twice."""

    def checked_socket(address: AddrInfoType) -> socket.socket:
        family, kind, protocol, _, where = address
        check(str(where[0]))
        return socket.socket(family=family, type=kind, proto=protocol)

    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(
            limit=connections,
            use_dns_cache=False,  # a name is checked for the connection that is made with it
            force_close=keep_alive_seconds == 0,
            keepalive_timeout=keep_alive_seconds or None,
            resolver=CheckedResolver(resolver or aiohttp.ThreadedResolver(), check),
            socket_factory=checked_socket,
        ),
        request_class=_request_that_checks_its_peer(check),
        timeout=timeout,
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=auto_decompress,
        trust_env=False,
    )


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


def refused_address_behind(error: BaseException) -> bool:
    """Whether the check has refused the address: what an HTTP client raises hides that within."""
    behind: BaseException | None = error
    while behind is not None:
        if isinstance(behind, AddressRefused):
            return True
        behind = getattr(behind, "os_error", None) or behind.__cause__ or behind.__context__
    return False


def _request_that_checks_its_peer(check: AddressCheck) -> type[aiohttp.ClientRequest]:
    class CheckedRequest(aiohttp.ClientRequest):
        async def send(self, conn: Connection) -> aiohttp.ClientResponse:
            peer = conn.transport.get_extra_info("peername") if conn.transport else None
            check(str(peer[0]) if peer else "")
            return await super().send(conn)

    return CheckedRequest
