"""The HTTP side: one request, bounded in time and size, its failures told apart by what they leave behind."""

import base64
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final, Protocol

import aiohttp
from yarl import URL

from prestashop.answers import Answer, error_of
from prestashop.errors import (
    ShopAnswerLost,
    ShopAnswerUnreadable,
    ShopError,
    ShopTimeout,
    ShopUnreachable,
)
from prestashop.gate import Gate
from prestashop.pacing import Pace, PaceSettings, kind_of
from prestashop.settings import ClientSettings

_KEEP_ALIVE_SECONDS: Final = 4.0
"""Shorter than the 5 s after which Apache closes: a POST on a connection just closed is an answer lost."""


@dataclass(frozen=True, slots=True)
class RequestRecord:
    """One request as telemetry sees it: no query, no body, no key.

    ``status`` is None when no answer came; ``error`` is what the caller is about to get.
    ``started_at`` is Unix time, so that a span can be made of the record afterwards.
    """

    method: str
    path: str
    status: int | None
    seconds: float
    started_at: float
    entities: int
    error: ShopError | None
    limit: int
    """How many requests this shop is sent at the same time, once this one has been taken into account."""


OnRequest = Callable[[RequestRecord], None]

BeforeRequest = Callable[[], Awaitable[None]]
"""Awaited ahead of every request; what it raises is raised to the caller, and nothing is sent."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file to be sent as a form."""

    field: str
    data: bytes
    filename: str
    content_type: str

    def form(self) -> aiohttp.FormData:
        """Make the multipart form; it can be sent once."""
        form = aiohttp.FormData()
        form.add_field(self.field, self.data, filename=self.filename, content_type=self.content_type)
        return form


class Carrier(Protocol):
    """What brings requests to a shop and its answers back: HTTP, or the rehearsal of it."""

    @property
    def address(self) -> str:
        """The shop's address, without ``/api``."""

    @property
    def pace(self) -> Pace:
        """How fast the shop is asked now."""

    async def close(self) -> None:
        """Close the connections."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | Upload | None = None,
        entities: int = 0,
        keep_bytes: int | None = None,
    ) -> Answer:
        """Return the answer to a request to ``/api/{path}`` when it is 2xx; else raise a ShopError.

        ``keep_bytes``: keep only so many bytes of the answer and read past the rest.
        """


class Transport:
    """Requests to one shop, at the pace that it bears; the others wait in line."""

    def __init__(
        self,
        url: str,
        key: str,
        settings: ClientSettings,
        *,
        session: aiohttp.ClientSession | None,
        on_request: OnRequest | None,
        before_request: BeforeRequest | None,
    ) -> None:
        self.address = _address(url)
        self._authorization = "Basic " + base64.b64encode(f"{key}:".encode()).decode()
        self._settings = settings
        self._session = session
        self._owns_session = session is None
        self._on_request = on_request
        self._before_request = before_request
        self.pace = Pace(
            PaceSettings(
                max_concurrency=settings.max_concurrency,
                max_requests_per_minute=settings.max_requests_per_minute,
            )
        )
        self._gate = Gate(self.pace, longest_wait_seconds=settings.longest_pause_seconds)

    async def close(self) -> None:
        """Close the connections, unless the session was given by the caller."""
        if self._owns_session and self._session is not None:
            await self._session.close()
            self._session = None

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | Upload | None = None,
        entities: int = 0,
        keep_bytes: int | None = None,
    ) -> Answer:
        """Send a request; see ``Carrier``."""
        async with self._gate.turn() as turn:
            if self._before_request is not None:
                await self._before_request()
            started, ticks = time.time(), time.perf_counter()
            answer, error = await self._attempt(method, self._url(path, query), body, keep_bytes)
            # A request that is cancelled is not told: it says nothing about the shop.
            turn.ended(kind_of(method, path, _size(body) + (answer.size if answer else 0)), error)
        if self._on_request is not None:
            self._on_request(
                RequestRecord(
                    method=method,
                    path=f"/api/{path}",
                    status=answer.status if answer else None,
                    seconds=time.perf_counter() - ticks,
                    started_at=started,
                    entities=entities,
                    error=error,
                    limit=self.pace.current_limit,
                )
            )
        if answer is None or error is not None:
            raise error or ShopAnswerLost
        return answer

    async def _attempt(
        self, method: str, url: URL, body: bytes | Upload | None, keep_bytes: int | None
    ) -> tuple[Answer | None, ShopError | None]:
        """Send, and return the answer, the error that it is or that came in its place, or both."""
        try:
            answer = await self._exchange(method, url, body, keep_bytes)
        except ShopError as error:
            return None, error
        return answer, error_of(answer, reading=method == "GET")

    async def _exchange(
        self, method: str, url: URL, body: bytes | Upload | None, keep_bytes: int | None
    ) -> Answer:
        try:
            async with self._open_session().request(
                method,
                url,
                data=body.form() if isinstance(body, Upload) else body,
                headers=self._headers(body),
                timeout=self._timeout(body),
                allow_redirects=False,
            ) as response:
                kept, size = await self._read(response, keep_bytes)
                return Answer(
                    status=response.status,
                    version=response.headers.get("PSWS-Version"),
                    body=kept,
                    size=size,
                    location=response.headers.get("Location", ""),
                    retry_after=response.headers.get("Retry-After", ""),
                )
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise ShopUnreachable(str(error)) from error
        except TimeoutError as error:
            raise ShopTimeout from error
        except aiohttp.InvalidURL as error:
            raise ShopUnreachable("not an address") from error
        except (aiohttp.ClientError, OSError) as error:
            raise ShopAnswerLost(type(error).__name__) from error

    async def _read(self, response: aiohttp.ClientResponse, keep_bytes: int | None) -> tuple[bytes, int]:
        """Return what is to be kept, and the length of all."""
        kept = bytearray()
        length = 0
        async for piece in response.content.iter_any():
            length += len(piece)
            if length > self._settings.max_answer_bytes:
                raise ShopAnswerUnreadable(f"longer than {self._settings.max_answer_bytes} bytes")
            kept += piece if keep_bytes is None else piece[: max(keep_bytes - len(kept), 0)]
        return bytes(kept), length

    def _url(self, path: str, query: str) -> URL:
        return URL(f"{self.address}/api/{path}" + (f"?{query}" if query else ""), encoded=True)

    def _headers(self, body: bytes | Upload | None) -> dict[str, str]:
        headers = {"Authorization": self._authorization, "User-Agent": self._settings.user_agent}
        if isinstance(body, bytes):
            headers["Content-Type"] = "text/xml; charset=utf-8"
        return headers

    def _timeout(self, body: bytes | Upload | None) -> aiohttp.ClientTimeout:
        settings = self._settings
        return aiohttp.ClientTimeout(
            total=settings.image_timeout_seconds
            if isinstance(body, Upload)
            else settings.read_timeout_seconds,
            connect=settings.connect_timeout_seconds,
            sock_connect=settings.connect_timeout_seconds,
        )

    def _open_session(self) -> aiohttp.ClientSession:
        if self._session is None:
            self._session = aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(
                    limit=self._settings.max_concurrency, keepalive_timeout=_KEEP_ALIVE_SECONDS
                ),
                cookie_jar=aiohttp.DummyCookieJar(),
            )
        return self._session


def _size(body: bytes | Upload | None) -> int:
    return len(body.data if isinstance(body, Upload) else body or b"")


def _address(url: str) -> str:
    """Check the address of a shop and return it without /api and without a slash at its end."""
    parsed = URL(url)
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise ValueError("the address of a shop begins with http:// or https://")
    if parsed.user or parsed.password or parsed.query_string or parsed.fragment:
        raise ValueError("the address of a shop holds no key, query or fragment")
    return str(parsed).rstrip("/").removesuffix("/api")
