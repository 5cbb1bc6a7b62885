"""A shop is looked at before anything is written to it, as far as its tenant may send us."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from pydantic import SecretStr

from common.registered_shops.findings import CHECK_PATH
from common.shops import Shops
from common.shops import ShopSettings as FiledShop
from prestashop_writer.needed_rights import PURPOSES
from prestashop_writer.routes import internal_routes
from prestashop_writer.settings import WriterSettings
from prestashop_writer.shop_check import NOT_PUBLIC, check_shop
from simulator.server import start_server
from simulator.settings import Key, ShopSettings
from stack.ports import free_port

KEY, POOR, IDLE = "A" * 32, "B" * 32, "C" * 32
TOKEN = "internal-token-of-the-tests-0123456789"
TOLD = {"Authorization": f"Bearer {TOKEN}"}
SETTINGS = WriterSettings(
    internal_token=SecretStr(TOKEN),
    shops_sealing_secret=SecretStr("zR4mB8vQ1xK6tW3yN9pL5sD2fG7hJ0cV"),
)
ALLOWED = frozenset({"GET", "POST", "PATCH"})
POOR_RIGHTS = {resource: ALLOWED for purpose in PURPOSES if purpose.required for resource in purpose.needs}


@asynccontextmanager
async def simulated(folder: Path, **settings: Any) -> AsyncIterator[str]:
    keys = (Key(KEY), Key(POOR, resources=POOR_RIGHTS), Key(IDLE, active=False))
    runner, port = await start_server(ShopSettings(data_dir=folder, keys=keys, **settings), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{port}"
    await runner.cleanup()


async def found(url: str, key: str = KEY, *, allow_private: bool = True) -> Any:
    return await check_shop(url, SecretStr(key), allow_private=allow_private)


@pytest.mark.parametrize("version", ["8.2.1", "1.7.8.11"])
async def test_a_shop_with_all_rights_can_do_everything(tmp_path: Path, version: str) -> None:
    async with simulated(tmp_path, version=version, languages=("it", "en", "de")) as url:
        findings = await found(url)
    assert findings.problem is None
    assert findings.version == version
    assert findings.languages == ("it", "en", "de")
    assert len(findings.can) == len(PURPOSES)
    assert findings.missing == ()


async def test_a_poor_key_is_told_what_it_lacks_and_where_to_tick_it(tmp_path: Path) -> None:
    async with simulated(tmp_path) as url:
        findings = await found(url, POOR)
    assert "create and change products" in findings.can
    lacking = {right.resource: right for right in findings.missing}
    assert lacking["images"].verbs == ("DELETE",)
    assert lacking["images"].required
    assert not lacking["combinations"].required
    assert "in the row combinations tick" in lacking["combinations"].fix


@pytest.mark.parametrize("key", ["Z" * 32, IDLE])
async def test_a_wrong_or_switched_off_key_is_about_the_key(tmp_path: Path, key: str) -> None:
    async with simulated(tmp_path) as url:
        findings = await found(url, key)
    assert findings.problem.field == "key"
    assert key not in findings.problem.message


async def test_a_shop_that_is_not_there_or_redirects_is_about_the_address(tmp_path: Path) -> None:
    async with simulated(tmp_path, domain="shop.example.com") as elsewhere:
        for url in (f"http://127.0.0.1:{free_port()}", elsewhere):
            findings = await found(url)
            assert findings.problem.field == "url"
            assert "127.0.0.1" not in findings.problem.message


async def test_what_is_no_shop_is_told() -> None:
    async def page(_request: web.Request) -> web.Response:
        return web.Response(text="<html><p>Welcome</html>", content_type="text/html")

    app = web.Application()
    app.router.add_get("/{path:.*}", page)
    async with TestServer(app) as server:
        findings = await found(str(server.make_url("/")).rstrip("/"))
    assert findings.problem.field == "url"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]"])
async def test_no_private_address_is_asked(tmp_path: Path, host: str) -> None:
    async with simulated(tmp_path) as url:
        findings = await found(url.replace("127.0.0.1", host), allow_private=False)
    assert findings.problem.message == NOT_PUBLIC


async def test_the_internal_route_asks_for_its_token_and_opens_the_seal(tmp_path: Path) -> None:
    async with simulated(tmp_path) as url:
        filed = FiledShop(id="filed", tenant="acme", url=url, key=SecretStr(KEY))
        async with serving(filed) as client:
            wanted = wish("filed", url)
            assert (await client.post(CHECK_PATH, json=wanted)).status == 401

            answer = await client.post(CHECK_PATH, json=wanted, headers=TOLD)
            assert (await answer.json())["version"] == "8.2.1"  # the operator's shop, where the operator says

            private = await client.post(CHECK_PATH, json=wish("other", url), headers=TOLD)
            assert (await private.json())["problem"]["message"] == NOT_PUBLIC

            of_another = await client.post(CHECK_PATH, json=wanted | {"tenant": "other"}, headers=TOLD)
            assert of_another.status == 503  # it is not sealed for that tenant
            assert (await client.post(CHECK_PATH, json={}, headers=TOLD)).status == 422


def wish(shop: str, url: str) -> dict[str, str]:
    keys = SETTINGS.shop_keys()
    assert keys is not None
    sealed = keys.seal(SecretStr(KEY), "acme", shop)
    return {"tenant": "acme", "shop": shop, "url": url, "sealed_key": sealed}


@asynccontextmanager
async def serving(shop: FiledShop) -> AsyncIterator[TestClient[Any, Any]]:
    app = web.Application()
    app.add_routes(internal_routes(SETTINGS, Shops([shop])))
    async with TestClient(TestServer(app)) as client:
        yield client


def test_without_a_token_nothing_is_served() -> None:
    assert internal_routes(WriterSettings(), Shops([])) == []
