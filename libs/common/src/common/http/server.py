"""The HTTP server of every service: aiohttp's, with an end to its patience.

Measured with aiohttp 3.14: half of a header, a body that drips and an answer that nobody reads keep their
connection for ever. Here each connection is looked at once a second, and one whose client had its time is
closed. Only time in which it is the client's turn counts: while we work on a request, or are too busy to
read, nobody is to blame but ourselves.
"""

import asyncio
from collections import Counter
from typing import Any

import structlog
from aiohttp import StreamReader, web
from aiohttp.web_protocol import RequestHandler

from common.http.addresses import site_of
from common.http.patience import ClientLimits, Patience, Turn
from common.telemetry import meter

log = structlog.get_logger()

LOOK_SECONDS = 1.0
LATE_LOOKS = 2  # after a pause of our own no client is charged with more than so many looks
BACKLOG = 1024

_given_up = meter.create_counter(
    "skuwire_http_clients_given_up", description="Connections closed because their client was too slow"
)


class BodyTooSlow(web.HTTPRequestTimeout):
    """The body did not come in time: raised in whoever reads it, and answered with 408."""

    def __init__(self) -> None:
        super().__init__(text="The body did not arrive in time.")


class Connection(RequestHandler):
    """A connection that knows whose turn it is."""

    __slots__ = ("_ending", "_patience", "_payload", "_received", "_socket", "site")

    def __init__(self, server: "Server", limits: ClientLimits, **options: Any) -> None:
        super().__init__(server, **options)
        self._patience = Patience(limits)
        self._payload: StreamReader | None = None  # of the newest request
        self._received = 0  # bytes of its body, or of the head that is still to be completed
        self._ending = False
        self._socket: asyncio.Transport
        self.site = ""  # where its client is

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - a TCP server gives nothing else
        self._socket = transport
        peer = transport.get_extra_info("peername")
        self.site = site_of(peer[0]) if peer else ""
        super().connection_made(transport)

    def data_received(self, data: bytes) -> None:
        requests, was_complete = self._request_count, self._is_complete
        super().data_received(data)
        if self._request_count != requests:
            self._payload = self._messages[-1][1]
            self._received = 0
        elif self._is_complete and not was_complete:
            self._received = 0
        else:
            self._received += len(data)

    def look(self, seconds: float) -> None:
        """Close the connection if its client had its time; `seconds` have passed since the last look."""
        turn = self.turn
        if self._patience.is_over(turn, seconds, self._request_count, self._received):
            self._give_up(turn)

    @property
    def turn(self) -> Turn:
        if self._ending:
            return Turn.END
        if self.writing_paused or self._socket.is_closing():
            return Turn.ANSWER
        if not self._is_complete:
            return Turn.BODY if self._socket.is_reading() else Turn.SERVER
        if self._request_count and (self._waiter is None or self._waiter.done()):
            return Turn.SERVER
        return Turn.HEADERS if self._received or not self._request_count else Turn.IDLE

    @property
    def gives_way(self) -> tuple[bool, float, bool] | None:
        """How readily it gives way to a newcomer, the greatest first; None where it does not."""
        return self._patience.gives_way(self.turn, self._request_count, self._received)

    @property
    def _is_complete(self) -> bool:
        return self._payload is None or self._payload.is_eof()

    def _give_up(self, turn: Turn) -> None:
        _given_up.add(1, {"turn": turn.value})
        log.info("http.client_too_slow", turn=turn.value, received_bytes=self._received)
        if turn is Turn.BODY and self._request_in_progress and self._payload is not None:
            self._payload.set_exception(BodyTooSlow())
            self._lingering_time = 0.0  # what else comes of the body is not waited for
            self._ending = True
            self.close()
        else:
            self.drop()

    def drop(self) -> None:
        """End the connection, whatever is on its way."""
        self._ending = True
        self._loop.call_soon(self._socket.abort)  # not before aiohttp has begun to serve it

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """What is no HTTP is the client's mistake: an answer, and no traceback in the log."""
        if status >= 500:
            return super().handle_error(request, status, exc, message)
        log.info("http.unreadable", status=status, cause=type(exc).__name__)
        text = f"The request is not HTTP/1.1 as it is read here ({type(exc).__name__}).\n"
        answer = web.Response(status=status, text=text)
        answer.force_close()
        return answer


class Server(web.Server):
    """Makes the connections, and room for them."""

    def __init__(self, made: web.Server, limits: ClientLimits, options: dict[str, Any]) -> None:
        super().__init__(made.request_handler, request_factory=made.request_factory, **options)
        self._limits = limits

    def __call__(self) -> Connection:
        return Connection(self, self._limits, loop=self._loop, **self._kwargs)

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        super().connection_made(handler, transport)
        if len(self._connections) > self._limits.connections:
            self._make_room()

    def _make_room(self) -> None:
        """The address with the most connections gives one up: nobody shuts out any but himself.

        There it is the one that gives way most readily; the newest where nobody else does.
        """
        connections = [one for one in self.connections if isinstance(one, Connection)]
        crowd = Counter(one.site for one in connections)
        ready = [(crowd[one.site], order, one) for one in connections if (order := one.gives_way)]
        *_, loser = max(ready, key=lambda entry: entry[:2])
        log.warning("http.connections_full", connections=len(connections), turn=loser.turn.value)
        loser.drop()

    async def watch(self) -> None:
        """Look at every connection once a second, until cancelled."""
        looked_at = self._loop.time()
        while True:
            await asyncio.sleep(LOOK_SECONDS)
            now = self._loop.time()
            passed = min(now - looked_at, LATE_LOOKS * LOOK_SECONDS)
            looked_at = now
            for connection in self.connections:
                if isinstance(connection, Connection):
                    connection.look(passed)


class Runner(web.AppRunner):
    """Runs an application behind such a server. Compressed bodies are not unpacked."""

    def __init__(self, app: web.Application, limits: ClientLimits, *, shutdown_timeout: float = 5.0) -> None:
        super().__init__(
            app,
            access_log=None,
            handle_signals=False,
            shutdown_timeout=shutdown_timeout,
            keepalive_timeout=limits.idle_seconds,
            auto_decompress=False,
        )
        self._limits = limits
        self._watching: asyncio.Task[None]

    async def serve(self, host: str, port: int) -> None:
        """Answer on this address until `cleanup`."""
        await self.setup()
        await web.TCPSite(self, host, port, backlog=BACKLOG).start()

    async def _make_server(self) -> web.Server:
        made = await super()._make_server()
        server = Server(made, self._limits, made._kwargs)  # noqa: SLF001 - what the application has added
        self._watching = asyncio.create_task(server.watch(), name="http connections")
        return server

    async def cleanup(self) -> None:
        await super().cleanup()
        self._watching.cancel()
