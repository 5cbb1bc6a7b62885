"""A running shop for a test."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from simulator.app_keys import SHOP
from simulator.server import start_server
from simulator.settings import Key, ShopSettings
from simulator.shop import Shop

KEY = "K" * 32
READ_ONLY = "R" * 32
DISABLED = "D" * 32
AUTHORIZED = {"Authorization": aiohttp.encode_basic_auth(KEY, "")}
READING = frozenset({"GET", "HEAD"})


@dataclass(frozen=True)
class RunningShop:
    """A shop on a free port, with a client that holds its key."""

    url: str
    runner: web.AppRunner
    client: aiohttp.ClientSession

    @property
    def shop(self) -> Shop:
        return self.runner.app[SHOP]

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, str]:
        """Send a request with the full key; gives status and text."""
        options["headers"] = AUTHORIZED | options.get("headers", {})
        async with self.client.request(method, self.url + path, data=body, **options) as answer:
            return answer.status, await answer.text()


OpenShop = Callable[..., Awaitable[RunningShop]]


@pytest.fixture
async def open_shop(tmp_path: Path) -> AsyncIterator[OpenShop]:
    """Opens shops, all in the same data folder unless told otherwise, and closes them."""
    opened: list[RunningShop] = []

    async def start(**changes: object) -> RunningShop:
        keys = (
            Key(KEY),
            Key(READ_ONLY, resources={"products": READING, "categories": READING}),
            Key(DISABLED, active=False),
        )
        settings = ShopSettings(**({"data_dir": tmp_path / "shop", "keys": keys} | changes))  # type: ignore[arg-type]
        runner, port = await start_server(settings, "127.0.0.1", 0)
        client = aiohttp.ClientSession(auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar())
        opened.append(RunningShop(f"http://127.0.0.1:{port}", runner, client))
        return opened[-1]

    yield start
    for one in opened:
        await one.client.close()
        await one.runner.cleanup()


@pytest.fixture
async def shop(open_shop: OpenShop) -> RunningShop:
    return await open_shop()
