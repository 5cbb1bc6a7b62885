"""Shops come, change and go while a service runs."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest
from pydantic import SecretStr

from common.shop_drivers import ShopDrivers
from common.shops import Shops, ShopSettings, TenantShop

FILED = ShopSettings(id="milano", url="https://milano.example.com", key=SecretStr("K1"))


def registered(shop: str, key: str = "K2") -> TenantShop:
    return TenantShop(id=shop, url=f"https://{shop}.example.com", key=SecretStr(key))


@dataclass
class NotingDriver:
    """Notes what is done to it; ends what it is at only when `may_end`."""

    shop: ShopSettings
    notes: list[str]
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    fails: asyncio.Event = field(default_factory=asyncio.Event)

    def wake(self) -> None:
        self.notes.append(f"wake {self._name}")

    async def run(self, stopping: asyncio.Event) -> None:
        self.notes.append(f"begin {self._name}")
        waits = [asyncio.create_task(event.wait()) for event in (stopping, self.fails)]
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        for wait in waits:
            wait.cancel()
        if self.fails.is_set():
            raise RuntimeError("a bug")
        await self.may_end.wait()
        self.notes.append(f"end {self._name}")

    @property
    def _name(self) -> str:
        return f"{self.shop.id} {self.shop.key.get_secret_value()}"


async def so(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not holds():  # noqa: ASYNC110 - what is asked for lies in several tasks
            await asyncio.sleep(0)


async def driving(
    shops: Shops, meanwhile: Callable[[ShopDrivers[NotingDriver], list[str]], Awaitable[None]]
) -> list[str]:
    notes: list[str] = []
    stopping = asyncio.Event()
    drivers = ShopDrivers(shops, lambda shop: NotingDriver(shop, notes))
    running = asyncio.create_task(drivers.run(stopping))
    await so(lambda: len(notes) >= len(shops.by_id))
    try:
        await meanwhile(drivers, notes)
    finally:
        for driver in drivers.by_shop.values():
            driver.may_end.set()
        stopping.set()
        await running
    return notes


async def test_a_registered_shop_gets_its_driver_at_once_and_a_removed_one_is_left() -> None:
    shops = Shops([FILED])

    async def meanwhile(drivers: ShopDrivers[NotingDriver], notes: list[str]) -> None:
        shops.put_registered([registered("roma")])
        await so(lambda: "begin roma K2" in notes)
        drivers.wake("roma")
        drivers.wake("nobody's")
        roma = drivers.by_shop["roma"]
        shops.put_registered([])
        await so(lambda: "roma" not in drivers.by_shop)
        roma.may_end.set()
        await so(lambda: "end roma K2" in notes)

    notes = await driving(shops, meanwhile)
    assert notes == ["begin milano K1", "begin roma K2", "wake roma K2", "end roma K2", "end milano K1"]


async def test_a_changed_shop_gets_a_new_driver_when_the_old_one_has_ended() -> None:
    shops = Shops([FILED])

    async def meanwhile(drivers: ShopDrivers[NotingDriver], notes: list[str]) -> None:
        shops.put_registered([registered("roma")])
        await so(lambda: "begin roma K2" in notes)
        old = drivers.by_shop["roma"]
        shops.put_registered([registered("roma", "K3")])
        await so(lambda: drivers.by_shop["roma"] is not old)
        drivers.wake("roma")
        assert "begin roma K3" not in notes
        old.may_end.set()
        await so(lambda: "begin roma K3" in notes)

    notes = await driving(shops, meanwhile)
    assert notes.index("end roma K2") < notes.index("begin roma K3")
    assert notes.count("begin milano K1") == 1


async def test_what_a_driver_fails_with_ends_the_service() -> None:
    async def meanwhile(drivers: ShopDrivers[NotingDriver], _notes: list[str]) -> None:
        drivers.by_shop["milano"].fails.set()
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="a bug"):
        await driving(Shops([FILED]), meanwhile)


def test_the_shops_of_the_file_come_first_and_win() -> None:
    shops = Shops([FILED])
    told: list[int] = []
    shops.on_change.append(lambda: told.append(1))

    shops.put_registered([registered("zurigo"), registered("milano"), registered("asti")])
    shops.put_registered([registered("zurigo"), registered("milano"), registered("asti")])

    assert list(shops.by_id) == ["milano", "zurigo", "asti"]
    assert shops.by_id["milano"] is FILED
    assert shops.is_configured("milano")
    assert not shops.is_configured("asti")
    assert told == [1]
