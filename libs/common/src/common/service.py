"""A service's life: set up, run, and end in order.

`run_service(name, Settings, start)` is all that a `main.py` calls; `start(runtime)` wires handlers, routes
and background work. On SIGTERM the service stops taking, finishes what it has, flushes the outbox and
closes — within a deadline, after which it ends all the same.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from typing import Generic, NoReturn, TypeVar

import structlog
from aiohttp import web

from common.blobs import Blobs
from common.database import Database, open_database
from common.http.health import health_routes
from common.http.server import Runner
from common.memory import return_free_memory
from common.messages.contract import Message
from common.messaging.broker import Broker, BrokerAway, answered, connect
from common.messaging.dead_letters import DeadLetterCollector, Keep
from common.messaging.inbox import keep_forgetting
from common.messaging.intake import Handler, Intake
from common.messaging.outbox import OutboxRelay
from common.settings import ServiceSettings
from common.shops import Shops, load_shops
from common.telemetry import flush_telemetry, set_up_telemetry

log = structlog.get_logger()

S = TypeVar("S", bound=ServiceSettings)
R = TypeVar("R")

Background = Callable[[asyncio.Event], Awaitable[None]]

BROKER_CLOSE_SECONDS = 3.0
CANCEL_SECONDS = 2.0


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
        self._tasks: list[asyncio.Task[None]] = []

    @property
    def blobs(self) -> Blobs:
        if self._blobs is None:
            self._blobs = Blobs(self.settings.blob_url)
        return self._blobs

    def consume(self, handlers: Mapping[type[Message], Handler]) -> None:
        """Handle these message types, of all shops, from the service's own queue."""
        self._intake = Intake(self.name, self.database, self.broker, handlers)

    def collect_dead_letters(self, keep: Keep) -> None:
        """Take the dead letters of all services from the dead queue, each once `keep` has kept it."""
        self.background("dead letters", DeadLetterCollector(self.broker, keep).run)

    def background(self, name: str, work: Background) -> None:
        """Run `work(stopping)` for the service's whole life; when it fails, the service ends."""
        if name in self._background:
            raise ValueError(f"two kinds of background work are called {name}")
        self._background[name] = work

    def routes(self, routes: Iterable[web.RouteDef]) -> None:
        self._routes += routes

    # ── run by run_service ──

    async def run(self) -> None:
        """Serve until `stopping`: first nothing new is taken, then what was decided is published."""
        runner = await self._serve_http()
        if self._intake:
            self._spawn("intake", self._intake.run)
            self._spawn("inbox", self._forget_messages)
        for name, work in self._background.items():
            self._spawn(name, work)
        relay_stopping = asyncio.Event()
        relay = OutboxRelay(self.database, self.broker)
        relay_task = asyncio.create_task(relay.run(relay_stopping), name="outbox relay")
        relay_task.add_done_callback(self._end_when_failed)
        log.info("service.started", port=runner.addresses[0][1])
        await self.stopping.wait()
        await asyncio.gather(runner.cleanup(), *self._tasks, return_exceptions=True)  # they see `stopping`
        relay_stopping.set()
        await asyncio.gather(relay_task, return_exceptions=True)
        for close in self.on_stop:
            await close()

    async def close(self) -> None:
        """Leave broker and database, in bounded time even where they do not answer."""
        try:
            async with answered(BROKER_CLOSE_SECONDS):
                await self.broker.close()
        except BrokerAway as error:
            log.info("service.broker_not_closed", cause=str(error))
        await self.database.close()

    async def _forget_messages(self, stopping: asyncio.Event) -> None:
        await keep_forgetting(self.database, stopping)

    def _spawn(self, name: str, work: Background) -> None:
        task: asyncio.Task[None] = asyncio.create_task(_awaited(work(self.stopping)), name=name)
        task.add_done_callback(self._end_when_failed)
        self._tasks.append(task)

    def _end_when_failed(self, task: asyncio.Task[None]) -> None:
        # Nobody cancels these tasks; aio-pika raises CancelledError for a connection that got stuck.
        error = asyncio.CancelledError("not by us") if task.cancelled() else task.exception()
        if error is None:
            return
        log.critical("service.task_failed", task=task.get_name(), exc_info=error)
        self.failed = True
        self.stopping.set()

    failed = False

    async def _serve_http(self) -> Runner:
        app = self.web_app or web.Application()
        app.add_routes([*health_routes(self._checks), *self._routes])
        runner = Runner(app, self.settings.client_limits())
        await runner.serve(self.settings.http_host, self.settings.http_port)
        return runner

    async def _checks(self) -> dict[str, bool]:
        return {
            "database": await self.database.is_reachable(),
            "broker": self.broker.connected,
            "consumers": self._intake is None or self._intake.consuming,
            "running": not self.stopping.is_set(),
        }


async def _awaited(work: Awaitable[None]) -> None:
    await work


def run_service(name: str, settings_type: type[S], start: Callable[[Runtime[S]], Awaitable[None]]) -> None:
    """Run a service until SIGTERM or SIGINT; ends the process, non-zero when a part of it failed."""
    settings = settings_type()
    return_free_memory()
    set_up_telemetry(name, log_level=settings.log_level, otlp_endpoint=settings.otlp_endpoint)
    asyncio.run(_main(name, settings, start))


async def _main(name: str, settings: S, start: Callable[[Runtime[S]], Awaitable[None]]) -> NoReturn:
    stopping = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopping.set)
    deadline = asyncio.create_task(_end_in_time(stopping, settings.shutdown_deadline_seconds))
    try:
        failed = await _serve(name, settings, start, stopping)
    except (Exception, asyncio.CancelledError) as error:
        log.critical("service.start_failed", exc_info=error)
        failed = True
    deadline.cancel()
    _end(failed=failed)


async def _serve(
    name: str, settings: S, start: Callable[[Runtime[S]], Awaitable[None]], stopping: asyncio.Event
) -> bool:
    runtime = await _unless(stopping, _open(name, settings, start, stopping))
    if runtime is None:
        return False
    await runtime.run()
    await runtime.close()
    return runtime.failed


async def _open(
    name: str, settings: S, start: Callable[[Runtime[S]], Awaitable[None]], stopping: asyncio.Event
) -> Runtime[S]:
    database, broker = await asyncio.gather(open_database(settings, name), connect(settings, name))
    runtime = Runtime(name, settings, database, broker)
    runtime.stopping = stopping
    await start(runtime)
    return runtime


async def _unless(stopping: asyncio.Event, opening: Coroutine[None, None, R]) -> R | None:
    """What `opening` returns, or None when the service was told to stop before."""
    task = asyncio.ensure_future(opening)
    stopped = asyncio.ensure_future(stopping.wait())
    await asyncio.wait([task, stopped], return_when=asyncio.FIRST_COMPLETED)
    stopped.cancel()
    if task.done():
        return task.result()
    task.cancel()
    await asyncio.wait([task], timeout=CANCEL_SECONDS)
    return None


async def _end_in_time(stopping: asyncio.Event, seconds: float) -> None:
    await stopping.wait()
    await asyncio.sleep(seconds)
    log.error("service.shutdown_deadline_passed")
    _end(failed=True)


def _end(*, failed: bool) -> NoReturn:
    """End the process from within the loop.

    aio-pika's connection swallows cancellation while it reconnects: the end of `asyncio.run` would wait for
    it for ever.
    """
    log.info("service.stopped", failed=failed)
    flush_telemetry()
    sys.stdout.flush()
    os._exit(int(failed))
