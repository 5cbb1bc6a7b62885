"""A service's life: set up, run, and end in order.

`run_service(name, Settings, start)` is all that a `main.py` calls; `start(runtime)` wires handlers, routes
and background work. On SIGTERM the service stops taking, finishes what it has, flushes the outbox and
closes — within a deadline, after which it ends all the same.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Generic, TypeVar

import structlog
from aio_pika.exceptions import AMQPError
from aiohttp import web

from common.blobs import Blobs
from common.database import Database, open_database
from common.http.health import health_routes
from common.messages.contract import Message
from common.messaging.broker import Broker, connect
from common.messaging.intake import Handler, Intake
from common.messaging.outbox import OutboxRelay
from common.settings import ServiceSettings
from common.shops import Shops, load_shops
from common.stopping import sleep_or_stop
from common.telemetry import set_up_telemetry

log = structlog.get_logger()

S = TypeVar("S", bound=ServiceSettings)

Background = Callable[[asyncio.Event], Awaitable[None]]

WATCHDOG_SECONDS = 15.0
WATCHDOG_STRIKES = 3


class Runtime(Generic[S]):
    """What a service is given to wire itself."""

    def __init__(self, name: str, settings: S, database: Database, broker: Broker) -> None:
        self.name = name
        self.settings = settings
        self.database = database
        self.broker = broker
        self.shops: Shops = load_shops(settings)
        self.stopping = asyncio.Event()
        self.web_app: web.Application | None = (
            None  # a service with a surface of its own sets its application
        )
        self.on_stop: list[Callable[[], Awaitable[None]]] = []  # closed last, in order
        self._blobs: Blobs | None = None
        self._intake: Intake | None = None
        self._background: dict[str, Background] = {}
        self._routes: list[web.RouteDef] = []
        self._consuming = False
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def blobs(self) -> Blobs:
        if self._blobs is None:
            self._blobs = Blobs(self.settings.blob_url)
        return self._blobs

    def consume(self, handlers: Mapping[type[Message], Handler]) -> None:
        """Handle these message types, of all shops, from the service's own queue."""
        self._intake = Intake(self.name, self.database, self.broker, handlers)

    def background(self, name: str, work: Background) -> None:
        """Run `work(stopping)` for the service's whole life; when it fails, the service ends."""
        self._background[name] = work

    def routes(self, routes: Iterable[web.RouteDef]) -> None:
        self._routes += routes

    # ── run by run_service ──

    async def run(self) -> None:
        """Serve until `stopping`."""
        relay = OutboxRelay(self.database, self.broker)
        runner = await self._serve_http()
        if self._intake:
            await self._intake.start()
            self._consuming = True
            self._spawn("intake", self._intake.run)
            self._spawn("watchdog", self._watch)
        for name, work in self._background.items():
            self._spawn(name, work)
        relay_stopping = asyncio.Event()
        relay_task = asyncio.create_task(relay.run(relay_stopping), name="outbox relay")
        relay_task.add_done_callback(self._end_when_failed)
        log.info("service.started", port=self.settings.http_port)
        await self.stopping.wait()
        await asyncio.gather(*self._tasks, return_exceptions=True)  # they see `stopping` and finish
        relay_stopping.set()
        await asyncio.gather(relay_task, return_exceptions=True)
        await runner.cleanup()
        for close in self.on_stop:
            await close()

    def _spawn(self, name: str, work: Background) -> None:
        task: asyncio.Task[None] = asyncio.create_task(_awaited(work(self.stopping)), name=name)
        task.add_done_callback(self._end_when_failed)
        self._tasks.append(task)

    def _end_when_failed(self, task: asyncio.Task[None]) -> None:
        if task.cancelled() or task.exception() is None:
            return
        log.critical("service.task_failed", task=task.get_name(), exc_info=task.exception())
        self.failed = True
        self.stopping.set()

    failed = False

    async def _serve_http(self) -> web.AppRunner:
        app = self.web_app or web.Application()
        app.add_routes([*health_routes(self._checks), *self._routes])
        runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=5)
        await runner.setup()
        await web.TCPSite(runner, self.settings.http_host, self.settings.http_port).start()
        return runner

    async def _checks(self) -> dict[str, bool]:
        return {
            "database": await self.database.is_reachable(),
            "broker": self.broker.connected,
            "consumers": self._consuming or self._intake is None,
            "running": not self.stopping.is_set(),
        }

    async def _watch(self, stopping: asyncio.Event) -> None:
        """End the service when the broker answers and knows no consumer of ours: a restart is the cure."""
        assert self._intake is not None  # noqa: S101 - only spawned beside an intake
        strikes = 0
        while not stopping.is_set():
            await sleep_or_stop(stopping, WATCHDOG_SECONDS)
            if stopping.is_set():
                return
            try:
                self._consuming = await self._intake.is_consuming()
            except (AMQPError, OSError, TimeoutError, RuntimeError):
                continue  # the broker is away: the connection comes back by itself
            strikes = 0 if self._consuming else strikes + 1
            if strikes >= WATCHDOG_STRIKES:
                raise RuntimeError("the broker knows no consumer of our queue")


async def _awaited(work: Awaitable[None]) -> None:
    await work


def run_service(name: str, settings_type: type[S], start: Callable[[Runtime[S]], Awaitable[None]]) -> None:
    """Run a service until SIGTERM or SIGINT; exits non-zero when a part of it failed."""
    settings = settings_type()
    set_up_telemetry(name, log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    try:
        failed = asyncio.run(_main(name, settings, start))
    except Exception as error:
        log.critical("service.start_failed", exc_info=error)
        failed = True
    log.info("service.stopped", failed=failed)
    sys.stdout.flush()
    os._exit(1 if failed else 0)  # a stuck broker connection would keep asyncio and its threads for ever


async def _main(name: str, settings: S, start: Callable[[Runtime[S]], Awaitable[None]]) -> bool:
    stop_asked = asyncio.Event()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        stop_asked.set()
        loop.call_later(settings.shutdown_deadline_seconds, _give_up)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    opening = asyncio.ensure_future(_open(name, settings))
    stopped = asyncio.ensure_future(stop_asked.wait())
    await asyncio.wait([opening, stopped], return_when=asyncio.FIRST_COMPLETED)
    if not opening.done():
        opening.cancel()
        return False
    runtime: Runtime[Any] = opening.result()
    stopped.add_done_callback(lambda _: runtime.stopping.set())
    await start(runtime)
    await runtime.run()
    await runtime.broker.close()
    await runtime.database.pool.close()
    return runtime.failed


async def _open(name: str, settings: S) -> Runtime[S]:
    database, broker = await asyncio.gather(open_database(settings, name), connect(settings, name))
    return Runtime(name, settings, database, broker)


def _give_up() -> None:
    log.error("service.shutdown_deadline_passed")
    sys.stdout.flush()
    os._exit(1)
