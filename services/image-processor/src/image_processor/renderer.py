"""Rendering in processes of their own: a hostile picture may end one of them, never the service."""

import asyncio
import functools
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from multiprocessing import connection
from multiprocessing.connection import Connection
from typing import Any, TypeVar

import structlog

from image_processor.render import Rendered, RenderLimits, render, shows_the_same

log = structlog.get_logger()

T = TypeVar("T")

SPAWN = multiprocessing.get_context("spawn")  # fork would copy connections


class RendererEnded(Exception):
    """No answer: the process died, or was ended because it took too long, and so did a second one."""


class Renderer:
    """A few processes with bounded memory. They start with the first picture, or at `warm_up`."""

    def __init__(self, processes: int, memory_bytes: int, timeout_seconds: float) -> None:
        self.processes = processes
        self._memory_bytes = memory_bytes
        self._timeout = timeout_seconds
        self._running: set[RenderProcess] = set()
        self._idle: list[RenderProcess] = []
        # A picture's time begins when a process takes it, not when it begins to wait for one.
        self._free = asyncio.Semaphore(processes)
        self._threads = ThreadPoolExecutor(processes, "renderer")

    async def warm_up(self) -> None:
        """Start all processes: a second on a busy machine, which no picture should wait for."""
        starts = [self._run(os.getpid) for _ in range(self.processes)]
        await asyncio.gather(*starts, return_exceptions=True)

    async def render(self, data: bytes, limits: RenderLimits) -> Rendered:
        """Make a picture fit for the shop. Raises `PictureRefused`, `RendererEnded`."""
        return await self._run(render, data, limits)

    async def shows_the_same(self, ours: bytes, theirs: bytes) -> bool:
        """Whether two pictures show the same; not, when one is none. Raises `RendererEnded`."""
        return await self._run(shows_the_same, ours, theirs)

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        for process in list(self._running):
            self._end(process)
        self._threads.shutdown(wait=False)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        async with self._free:
            try:
                answer = await self._answer(self._take(), work, *arguments)
            except RendererEnded as error:
                log.warning("picture.broke_renderer", cause=str(error))
                # Once more in a new one: the machine may have been too busy, or have killed it for want of
                # memory, and the idle ones with it.
                self._end_idle()
                answer = await self._answer(self._start(), work, *arguments)
        return answer()

    async def _answer(
        self, process: "RenderProcess", work: Callable[..., T], *arguments: object
    ) -> Callable[[], T]:
        call = functools.partial(process.call, work, *arguments)
        try:
            async with asyncio.timeout(self._timeout):
                answer = await asyncio.get_running_loop().run_in_executor(self._threads, call)
        except (EOFError, OSError, TimeoutError) as error:
            self._end(process)
            raise RendererEnded(type(error).__name__) from error
        except BaseException:  # such as a cancelled wait: what it works at is nobody's
            self._end(process)
            raise
        self._idle.append(process)
        return answer

    def _take(self) -> "RenderProcess":
        while self._idle:
            process = self._idle.pop()
            if process.is_alive():
                return process
            self._end(process)
        return self._start()

    def _start(self) -> "RenderProcess":
        process = RenderProcess(self._memory_bytes)
        self._running.add(process)
        return process

    def _end_idle(self) -> None:
        while self._idle:
            self._end(self._idle.pop())

    def _end(self, process: "RenderProcess") -> None:
        self._running.discard(process)
        process.kill()


class RenderProcess:
    """One process and the only other end of its pipe: whenever it dies, also while it answers, the pipe ends.

    In a pool that shares one pipe, half an answer of a killed process is awaited for ever.
    """

    def __init__(self, memory_bytes: int) -> None:
        self._ours, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_serve, args=(theirs, memory_bytes), daemon=True)
        self._process.start()
        theirs.close()

    def call(self, work: Callable[..., T], *arguments: object) -> Callable[[], T]:
        """Have some work done, waiting for it. What is returned gives its result or raises its error.

        Raises EOFError or OSError when the process is gone.
        """
        self.send(work, *arguments)
        return self.receive()

    def send(self, work: Callable[..., T], *arguments: object) -> None:
        """Begin some work. Raises OSError when the process is gone."""
        self._ours.send((work, arguments))

    def receive(self) -> Callable[[], Any]:
        """Wait for the work that was sent. Raises EOFError or OSError when the process is gone."""
        result, error = self._ours.recv()
        return functools.partial(_result, result, error)

    def is_alive(self) -> bool:
        """Whether it runs: another may have killed it while it was idle."""
        return self._process.is_alive()

    def kill(self) -> None:
        """End the process; whoever waits for its answer gets an EOFError."""
        self._process.kill()


def _result(result: T, error: Exception | None) -> T:
    if error is not None:
        raise error
    return result


def _serve(service: Connection, limit_bytes: int) -> None:
    """Work off what the service sends, until it ends."""
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    threading.Thread(target=_end_with_the_service, daemon=True).start()
    while True:
        try:
            work, arguments = service.recv()
        except EOFError:
            return
        answer: tuple[object, Exception | None]
        try:
            answer = work(*arguments), None
        except Exception as error:  # noqa: BLE001 - it is the service that handles it
            answer = None, error
        service.send(answer)


def _end_with_the_service() -> None:
    """A killed service says no goodbye, and its processes may be busy with a picture: they would stay."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)
