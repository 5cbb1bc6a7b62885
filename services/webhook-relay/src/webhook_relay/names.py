"""Looking up the names of endpoints, so that the names of one tenant hold up those of no other.

A lookup blocks a thread, and goes on blocking it after its attempt has been given up: up to half a minute for
a name whose servers are silent. Each tenant has a few of the threads; its further lookups wait for one.
"""

import asyncio
import socket
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from weakref import WeakValueDictionary

from aiohttp.abc import AbstractResolver, ResolveResult

LOOKUPS_PER_TENANT = 8
THREADS_PER_CONNECTION = 4

whose: ContextVar[str] = ContextVar("whose", default="")
"""The tenant that a lookup is made for."""


def resolve_side_by_side(connections: int) -> None:
    """Give the loop threads for names: one for each connection, and three for lookups that were given up.

    They are started when they are needed. The loop's own are a few more than the machine has processors.
    """
    threads = ThreadPoolExecutor(connections * THREADS_PER_CONNECTION, thread_name_prefix="names")
    asyncio.get_running_loop().set_default_executor(threads)


class NamesOfTenants(AbstractResolver):
    """Makes a few lookups of a tenant at a time; one that was given up counts until it has ended."""

    def __init__(self, inner: AbstractResolver) -> None:
        self._inner = inner
        self._turns: WeakValueDictionary[str, asyncio.Semaphore] = WeakValueDictionary()
        self._under_way: set[asyncio.Task[list[ResolveResult]]] = set()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        turns = self._turns.setdefault(whose.get(), asyncio.Semaphore(LOOKUPS_PER_TENANT))
        await turns.acquire()
        lookup = asyncio.create_task(self._inner.resolve(host, port, family))
        self._under_way.add(lookup)

        def ended(_: object) -> None:
            self._under_way.discard(lookup)
            turns.release()

        lookup.add_done_callback(ended)
        return await asyncio.shield(lookup)

    async def close(self) -> None:
        for lookup in self._under_way:
            lookup.cancel()
        await self._inner.close()
