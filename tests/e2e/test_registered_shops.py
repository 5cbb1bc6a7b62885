"""A shop is registered, written to, given another key and removed, while everything goes on running."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aio_pika
import asyncpg
import pytest
import pytest_asyncio
from tests.conftest import Running

from simulator.server import start_server
from simulator.settings import Key, ShopSettings
from skuwire.gateway import GatewayRefused
from stack.ports import free_port

pytestmark = pytest.mark.asyncio(loop_scope="session")

FIRST_KEY, SECOND_KEY = "FIRSTKEYOFOFFICINA00000000000001", "NEXTKEYOFOFFICINA000000000000002"
SCHEMAS = ("gateway", "validator", "prestashop_writer", "image_processor", "webhook_relay")


@asynccontextmanager
async def officina(folder: Path, port: int, *keys: str) -> AsyncIterator[str]:
    settings = ShopSettings(data_dir=folder, keys=tuple(map(Key, keys)))
    runner, _ = await start_server(settings, "127.0.0.1", port)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


async def skuwire(running: Running, *arguments: str, key: str = "") -> str:
    email, password = running.stack.login
    environment = os.environ | {
        "SKUWIRE_GATEWAY_URL": running.stack.gateway_url,
        "SKUWIRE_EMAIL": email,
        "SKUWIRE_PASSWORD": password,
        "COLUMNS": "200",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "skuwire",
        *arguments,
        env=environment | ({"SKUWIRE_NEW_SHOP_KEY": key} if key else {}),
        stdout=-1,
        stderr=-1,
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, (arguments, errors.decode())
    return output.decode()


@dataclass
class Overheard:
    """Every message between the services, as it travels."""

    bodies: list[bytes] = field(default_factory=list)

    async def take(self, delivery: aio_pika.abc.AbstractIncomingMessage) -> None:
        self.bodies.append(delivery.body)


@pytest_asyncio.fixture(loop_scope="session")
async def overheard(running: Running) -> AsyncIterator[Overheard]:
    heard = Overheard()
    connection = await aio_pika.connect(running.stack.rabbitmq.url)
    async with connection:
        channel = await connection.channel()
        queue = await channel.declare_queue(exclusive=True)
        await queue.bind("skuwire.chunks", "#")
        await queue.consume(heard.take, no_ack=True)
        yield heard


async def bring(running: Running, **change: Any) -> dict[str, Any]:
    """Send a product to the new shop; its result."""
    item = {"reference": "OFFICINA-1", **change}
    answer = await running.gateway.post_bulk([item], shop="officina")
    [result] = (await running.finished(answer.body["data"]["bulkId"]))["items"]
    assert isinstance(result, dict)
    return result


async def product_of(running: Running, url: str) -> dict[str, Any]:
    async with running.http.get(f"{url}/_simulator/state?limit=10&offset=0") as answer:
        [product] = (await answer.json())["products"]
    assert isinstance(product, dict)
    return product


async def everything_stored(running: Running) -> str:
    connection = await asyncpg.connect(running.stack.database_url)
    texts = []
    for schema in SCHEMAS:
        for row in await connection.fetch("select tablename from pg_tables where schemaname = $1", schema):
            table = f'"{schema}"."{row["tablename"]}"'
            texts.append(str(await connection.fetchval(f"select json_agg(t)::text from {table} t")))
    await connection.close()
    return "".join(texts)


async def test_a_shop_comes_changes_and_goes_without_a_restart(
    running: Running, overheard: Overheard, tmp_path: Path
) -> None:
    port = free_port()
    async with officina(tmp_path, port, FIRST_KEY, SECOND_KEY) as url:
        added = await skuwire(running, "shops", "add", "Officina", url, key=FIRST_KEY)
        assert "officina is registered" in added
        assert "show pictures" in added
        assert "officina" in await skuwire(running, "shops", "list")

        image = await running.put_picture("officina")
        created = await bring(running, name="Lathe", price=10, quantity=1, images=[image])
        assert created["result"] == "created", str(created)
        product = await product_of(running, url)
        assert (product["reference"], len(product["image_ids"])) == ("OFFICINA-1", 1)

        await skuwire(running, "shops", "change", "officina", key=SECOND_KEY)
    async with officina(tmp_path, port, SECOND_KEY) as url:  # the first key is no longer good there
        assert (await bring(running, price=12.5))["result"] == "updated"
        assert float((await product_of(running, url))["price"]) == 12.5
        assert "ready" in await skuwire(running, "shops", "check", "officina")

        await skuwire(running, "shops", "remove", "officina")
        with pytest.raises(GatewayRefused, match="422"):
            await running.gateway.post_bulk([{"reference": "OFFICINA-2"}], shop="officina")
        assert (await product_of(running, url))["reference"] == "OFFICINA-1"  # the shop stays as it is

    stored = await everything_stored(running)
    logs = "".join(path.read_text() for path in running.stack.log_paths.values())
    told = b"".join(overheard.bodies).decode()
    assert "OFFICINA-1" in stored
    assert "officina" in told
    for key in (FIRST_KEY, SECOND_KEY):
        assert [key in text for text in (stored, told, logs)] == [False] * 3
