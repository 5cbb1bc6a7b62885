"""An outage of a shop is noticed after one failed request, not after as many as the breaker counts."""

import asyncio
from collections.abc import AsyncIterator
from typing import cast

import pytest
from aiohttp import web
from pydantic import SecretStr

from common.database import Database
from common.shop_link import ShopLink
from common.shops import ShopSettings
from prestashop import BreakerState, ShopTimeout


class FrozenShop:
    """Takes connections; answers only when it is thawed, or is a page that says something else."""

    def __init__(self) -> None:
        self.thawed = asyncio.Event()
        self.url = ""
        self.page: web.Response | None = None

    async def answer(self, _request: web.Request) -> web.Response:
        await self.thawed.wait()
        if self.page is not None:
            return web.Response(status=self.page.status, body=self.page.body)
        body = b'<?xml version="1.0"?><prestashop><languages/></prestashop>'
        return web.Response(body=body, headers={"PSWS-Version": "8.2.1"}, content_type="text/xml")


@pytest.fixture
async def shop() -> AsyncIterator[FrozenShop]:
    frozen = FrozenShop()
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", frozen.answer)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    frozen.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    yield frozen
    frozen.thawed.set()
    await runner.cleanup()


@pytest.fixture
async def link(shop: FrozenShop, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[ShopLink]:
    monkeypatch.setattr("common.shop_link.ASK_AGAIN_SECONDS", 0.0)
    settings = ShopSettings(id="frozen", url=shop.url, key=SecretStr("K" * 32), request_timeout_seconds=0.2)
    opened = ShopLink(settings, "tests", cast("Database", None))
    yield opened
    await opened.close()


async def test_a_shop_that_stays_silent_is_given_up(link: ShopLink) -> None:
    with pytest.raises(ShopTimeout):
        await link.client.capabilities()
    assert link.breaker.state is BreakerState.CLOSED

    await link.ask_again(asyncio.Event())

    assert link.breaker.state is BreakerState.OPEN


async def test_a_shop_that_answers_a_small_question_is_not_given_up(link: ShopLink, shop: FrozenShop) -> None:
    with pytest.raises(ShopTimeout):
        await link.client.capabilities()
    shop.thawed.set()

    await link.ask_again(asyncio.Event())

    assert link.breaker.state is BreakerState.CLOSED


@pytest.mark.parametrize(
    ("status", "body"), [(500, b""), (200, b"<!doctype html><html>"), (200, b""), (403, b"<html>Forbidden")]
)
async def test_a_shop_that_answers_a_small_question_with_nothing_of_its_own_is_given_up(
    link: ShopLink, shop: FrozenShop, status: int, body: bytes
) -> None:
    shop.thawed.set()
    shop.page = web.Response(status=status, body=body)

    await link.ask_again(asyncio.Event())

    assert link.breaker.state is BreakerState.OPEN
