"""A running stack with simulated shops, as the benchmarks use it."""

import asyncio
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
from pydantic import SecretStr

from skuwire.gateway import Credentials, Gateway
from skuwire.progress import FINISHED
from stack.stack import Stack, StackOptions
from stack.wiring import SimulatedShop

POLL_SECONDS = 0.1


class NotFinished(Exception):
    """A bulk was not worked off within its time."""


@dataclass(frozen=True)
class ShopUnderTest:
    """A simulated shop: where it is, and the file in which it keeps everything."""

    id: str
    url: str
    key: str = field(repr=False)
    database: Path
    http: aiohttp.ClientSession

    async def switch(self, *changes: Mapping[str, Any]) -> dict[str, Any]:
        """Switch faults or speed; return what is on and how often each fault was dealt."""
        async with self.http.post(f"{self.url}/_simulator/faults", json=[*changes]) as answer:
            answer.raise_for_status()
        async with self.http.get(f"{self.url}/_simulator/faults") as answer:
            described: dict[str, Any] = await answer.json()
            return described


def shop_under_test(stack: Stack, shop_id: str, http: aiohttp.ClientSession) -> ShopUnderTest:
    """One of the simulated shops of a stack."""
    folder = stack.data_dir / "shops" / shop_id
    return ShopUnderTest(
        shop_id, stack.shop_urls[shop_id], stack.secrets.shop_keys[shop_id], folder / "shop.sqlite3", http
    )


@dataclass(frozen=True)
class Surroundings:
    """Everything that is running."""

    stack: Stack
    gateway: Gateway
    http: aiohttp.ClientSession

    def shop(self, shop_id: str) -> ShopUnderTest:
        return shop_under_test(self.stack, shop_id, self.http)


@asynccontextmanager
async def running_stack(
    data_dir: Path, shops: Iterable[SimulatedShop], environment: Mapping[str, str], *, durable: bool
) -> AsyncIterator[Surroundings]:
    """A stack in an empty folder, ended with the block."""
    options = StackOptions(
        data_dir=data_dir,
        shops=tuple(shops),
        environment=environment,
        durable=durable,
        gateway_port=None,
    )
    async with Stack(options) as stack, aiohttp.ClientSession() as http:
        email, password = stack.login
        credentials = Credentials(stack.gateway_url, email, SecretStr(password))
        async with Gateway(credentials, patience_seconds=30) as gateway:
            yield Surroundings(stack, gateway, http)


async def bring(
    gateway: Gateway, shop_id: str, items: list[dict[str, Any]], *, patience_seconds: float
) -> dict[str, Any]:
    """Send a bulk and return its status when it is worked off. Raises NotFinished."""
    answer = await gateway.post_bulk(items, shop=shop_id)
    bulk_id = answer.body["data"]["bulkId"]
    deadline = asyncio.get_running_loop().time() + patience_seconds
    while (status := await gateway.bulk(bulk_id))["status"] not in FINISHED:
        if asyncio.get_running_loop().time() > deadline:
            raise NotFinished(f"{status['open']} of {status['totalItems']} items open")
        await asyncio.sleep(POLL_SECONDS)
    return status
