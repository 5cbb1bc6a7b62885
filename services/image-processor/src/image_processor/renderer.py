"""Rendering in processes of their own: a hostile picture may end one of them, never the service."""

import asyncio
import multiprocessing
import resource
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

import structlog

from image_processor.render import PictureRefused, RefusalCode, Rendered, RenderLimits, render

log = structlog.get_logger()


class Renderer:
    """A small pool of processes with bounded memory."""

    def __init__(self, processes: int, memory_bytes: int, timeout_seconds: float) -> None:
        self._processes = processes
        self._memory_bytes = memory_bytes
        self._timeout = timeout_seconds
        self._pool = self._new_pool()

    async def render(self, data: bytes, limits: RenderLimits) -> Rendered:
        """Make a picture fit for the shop. Raises `PictureRefused`, also for one that ends its process."""
        pool = self._pool
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._timeout):
                return await loop.run_in_executor(pool, render, data, limits)
        except (BrokenProcessPool, TimeoutError) as error:
            log.warning("picture.broke_renderer", cause=type(error).__name__, bytes=len(data))
            self._replace(pool)
            return await self._render_alone(data, limits)

    async def _render_alone(self, data: bytes, limits: RenderLimits) -> Rendered:
        """Once more in a process of its own: the pool may have been broken by another picture."""
        pool = self._new_pool(processes=1)
        try:
            async with asyncio.timeout(self._timeout):
                return await asyncio.get_running_loop().run_in_executor(pool, render, data, limits)
        except (BrokenProcessPool, TimeoutError) as error:
            raise PictureRefused(
                RefusalCode.UNREADABLE, "The picture cannot be decoded; save it again as JPEG or PNG."
            ) from error
        finally:
            _end(pool)

    def close(self) -> None:
        _end(self._pool)

    def _replace(self, broken: ProcessPoolExecutor) -> None:
        if self._pool is broken:
            self._pool = self._new_pool()
            _end(broken)

    def _new_pool(self, processes: int | None = None) -> ProcessPoolExecutor:
        return ProcessPoolExecutor(
            processes or self._processes,
            mp_context=multiprocessing.get_context("spawn"),  # fork would copy connections
            initializer=_bound_memory,
            initargs=(self._memory_bytes,),
        )


def _bound_memory(limit_bytes: int) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (limit_bytes, limit_bytes))


def _end(pool: ProcessPoolExecutor) -> None:
    processes = list((pool._processes or {}).values())  # noqa: SLF001 - a stuck process has no other handle
    pool.shutdown(wait=False, cancel_futures=True)
    for process in processes:
        process.kill()
