"""One driver for each shop, as shops come, change and go while the service runs."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

import structlog

from common.shops import Shops, ShopSettings

log = structlog.get_logger()


class Driver(Protocol):
    """What drives one shop."""

    def wake(self) -> None:
        """There may be something to do."""

    async def run(self, stopping: asyncio.Event) -> None:
        """Drive until `stopping`."""


D = TypeVar("D", bound=Driver)


@dataclass
class _Driven(Generic[D]):
    shop: ShopSettings
    driver: D
    task: asyncio.Task[None]
    stopping: asyncio.Event = field(default_factory=asyncio.Event)


class ShopDrivers(Generic[D]):
    """Runs what `make` makes for each shop. A shop whose settings have changed gets a new driver.

    The new one begins when the old one has ended what it was at.
    """

    def __init__(self, shops: Shops, make: Callable[[ShopSettings], D]) -> None:
        self._shops = shops
        self._make = make
        self._driven: dict[str, _Driven[D]] = {}
        self._leaving: set[asyncio.Task[None]] = set()
        self._changed = asyncio.Event()
        shops.on_change.append(self._changed.set)

    @property
    def by_shop(self) -> Mapping[str, D]:
        """The driver of each shop."""
        return {shop: one.driver for shop, one in self._driven.items()}

    def wake(self, shop: str) -> None:
        """There may be something to do for a shop; one that is not ours is nobody's matter."""
        if shop in self._driven:
            self._driven[shop].driver.wake()

    async def run(self, stopping: asyncio.Event) -> None:
        """Drive until `stopping`. Raises what a driver raises."""
        stopped = asyncio.create_task(_until(stopping))
        try:
            while not stopping.is_set():
                self._changed.clear()
                self._bring_up_to_date()
                await self._until_something_happens(stopped)
        finally:
            stopped.cancel()
            for shop in list(self._driven):
                self._leave(shop)
            await asyncio.gather(*self._leaving)

    def _bring_up_to_date(self) -> None:
        wanted = self._shops.by_id
        for shop, one in list(self._driven.items()):
            if wanted.get(shop) != one.shop:
                log.info("shop.left" if shop not in wanted else "shop.changed", shop=shop)
                predecessor = self._leave(shop)
                if shop in wanted:
                    self._drive(wanted[shop], predecessor)
        for shop, settings in wanted.items():
            if shop not in self._driven:
                self._drive(settings, None)

    def _drive(self, shop: ShopSettings, predecessor: asyncio.Task[None] | None) -> None:
        driver, stopping = self._make(shop), asyncio.Event()

        async def run() -> None:
            if predecessor is not None:
                await asyncio.wait([predecessor])
            await driver.run(stopping)

        task = asyncio.create_task(run(), name=f"drive {shop.id}")
        self._driven[shop.id] = _Driven(shop, driver, task, stopping)

    def _leave(self, shop: str) -> asyncio.Task[None]:
        one = self._driven.pop(shop)
        one.stopping.set()
        self._leaving.add(one.task)
        return one.task

    async def _until_something_happens(self, stopped: asyncio.Task[None]) -> None:
        changed = asyncio.create_task(_until(self._changed))
        tasks = {one.task for one in self._driven.values()} | self._leaving
        try:
            done, _ = await asyncio.wait([changed, stopped, *tasks], return_when=asyncio.FIRST_COMPLETED)
        finally:
            changed.cancel()
        for task in done & tasks:
            task.result()  # a driver ends by itself only when it fails
            self._leaving.discard(task)


async def _until(event: asyncio.Event) -> None:
    await event.wait()
