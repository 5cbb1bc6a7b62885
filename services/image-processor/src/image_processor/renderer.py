"""Rendering in processes of their own: a hostile picture may end one of them, never the service."""

import asyncio
import multiprocessing
import os
import resource
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import connection
from typing import TypeVar

import structlog

from image_processor.render import (
    PictureRefused,
    RefusalCode,
    Rendered,
    RenderLimits,
    render,
    shows_the_same,
)

log = structlog.get_logger()

T = TypeVar("T")

BROKEN = (BrokenProcessPool, TimeoutError)


class Renderer:
    """A small pool of processes with bounded memory. They start with the first picture, or at `warm_up`."""

    def __init__(self, processes: int, memory_bytes: int, timeout_seconds: float) -> None:
        self.processes = processes
        self._memory_bytes = memory_bytes
        self._timeout = timeout_seconds
        self._pool = self._new_pool()
        # A picture's time begins when a process takes it, not when it begins to wait for one.
        self._free = asyncio.Semaphore(processes)

    async def warm_up(self) -> None:
        """Start all processes: a second on a busy machine, which no picture should wait for."""
        loop = asyncio.get_running_loop()
        # A process starts when a task finds none idle; these are too short to keep one busy, hence the sleep.
        pause = [loop.run_in_executor(self._pool, _be_busy, 0.05) for _ in range(self.processes)]
        await asyncio.gather(*pause, return_exceptions=True)

    async def render(self, data: bytes, limits: RenderLimits) -> Rendered:
        """Make a picture fit for the shop. Raises `PictureRefused`, also for one that ends its process."""
        try:
            return await self._run(render, data, limits)
        except BROKEN as error:
            raise PictureRefused(
                RefusalCode.UNREADABLE, "The picture cannot be decoded; save it again as JPEG or PNG."
            ) from error

    async def shows_the_same(self, ours: bytes, theirs: bytes) -> bool:
        """Whether two pictures show the same; not, when one of them cannot be decoded."""
        try:
            return await self._run(shows_the_same, ours, theirs)
        except BROKEN:
            return False

    def close(self) -> None:
        """End the processes, whatever they are doing."""
        _end(self._pool)

    async def _run(self, work: Callable[..., T], *arguments: object) -> T:
        async with self._free:
            pool = self._pool
            try:
                return await self._run_in(pool, work, *arguments)
            except BROKEN as error:
                log.warning("picture.broke_renderer", cause=type(error).__name__)
                self._replace(pool)
            # Once more in a process of its own: the pool may have been broken by another picture.
            alone = self._new_pool(processes=1)
            try:
                return await self._run_in(alone, work, *arguments)
            finally:
                _end(alone)

    async def _run_in(self, pool: ProcessPoolExecutor, work: Callable[..., T], *arguments: object) -> T:
        async with asyncio.timeout(self._timeout):
            return await asyncio.get_running_loop().run_in_executor(pool, work, *arguments)

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:
            self._pool = self._new_pool()
            _end(broken)

    def _new_pool(self, processes: int | None = None) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            processes or self.processes,
            mp_context=multiprocessing.get_context("spawn"),  # fork would copy connections
            initializer=_prepare_process,
            initargs=(self._memory_bytes,),
        )


def _prepare_process(limit_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))
    threading.Thread(target=_end_with_the_service, daemon=True).start()


def _end_with_the_service() -> None:
    """A killed service says no goodbye, and its processes hold both ends of their pipes: they would stay."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        connection.wait([parent.sentinel])
        os._exit(1)


def _be_busy(seconds: float) -> None:
    threading.Event().wait(seconds)


def _end(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())  # noqa: SLF001 - a stuck process has no other handle
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
