"""Everything running: private servers, a simulated shop, five services — and a client that knows the way."""

import asyncio
import hashlib
import io
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from PIL import Image, ImageDraw
from pydantic import SecretStr

from skuwire.demo.receiver import Receiver
from skuwire.gateway import Credentials, Gateway
from stack.stack import Stack, StackOptions
from stack.wiring import SimulatedShop

CATEGORIES = [
    {"id": number, "id_parent": 2, "name": {"en": f"Category {number}", "it": f"Categoria {number}"}}
    for number in range(3, 23)
]
# So short that a killed service is replaced within a test; each lease outlasts the shop's longest request.
ENVIRONMENT = {
    "SKUWIRE_WRITER_LEASE_SECONDS": "6",
    "SKUWIRE_WRITER_SET_BACK_SECONDS": "0.5",
    "SKUWIRE_IMAGES_LEASE_SECONDS": "10",
    "SKUWIRE_GATEWAY_FIRST_PRODUCT_ID": "9999",
}


@dataclass
class Running:
    """A running stack as its users see it."""

    stack: Stack
    gateway: Gateway
    http: aiohttp.ClientSession
    receiver: Receiver

    async def all_products(self) -> list[dict[str, Any]]:
        """What the shop holds, in its own words."""
        products: list[dict[str, Any]] = []
        while True:
            page = await self._shop(f"/_simulator/state?limit=500&offset={len(products)}")
            products += page["products"]
            if len(page["products"]) < 500:
                return products

    async def shop_state(self) -> dict[str, Any]:
        """The shop's products by reference."""
        return {product["reference"]: product for product in await self.all_products()}

    async def shop_writes(self) -> list[dict[str, Any]]:
        """Requests of the shop's own log that changed something."""
        found: list[dict[str, Any]] = []
        while page := await self._shop(f"/_simulator/requests?since_id={found[-1]['id'] if found else 0}"):
            found += page
        return [request for request in found if request["method"] != "GET"]

    async def _shop(self, path: str) -> Any:
        async with self.http.get(self.stack.shop_urls["demo"] + path) as answer:
            return await answer.json()

    async def skuwire(self, *arguments: str) -> str:
        """What the command writes, as its first user and operator."""
        email, password = self.stack.login
        told = {
            "SKUWIRE_GATEWAY_URL": self.stack.gateway_url,
            "SKUWIRE_EMAIL": email,
            "SKUWIRE_PASSWORD": password,
            "SKUWIRE_OPERATOR_TOKEN": self.stack.secrets.operator_token,
            "COLUMNS": "200",
        }
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "skuwire", *arguments, env={**os.environ, **told}, stdout=-1, stderr=-1
        )
        output, errors = await process.communicate()
        assert process.returncode == 0, (arguments, errors.decode())
        return output.decode()

    def log_lines(self) -> list[dict[str, Any]]:
        """The JSON lines of all services."""
        lines = []
        for service in self.stack.options.services:
            text = self.stack.log_paths[service].read_text()
            lines += [json.loads(line) for line in text.splitlines() if line.startswith("{")]
        return lines

    async def send(self, items: list[dict[str, Any]]) -> dict[str, Any]:
        """Send a bulk, wait for its end, return its status."""
        answer = await self.gateway.post_bulk(items)
        return await self.finished(answer.body["data"]["bulkId"])

    async def finished(self, bulk_id: str) -> dict[str, Any]:
        async def status() -> dict[str, Any] | None:
            body = await self.gateway.bulk(bulk_id)
            data: dict[str, Any] = body.get("data", body)
            return data if data["status"] in ("completed", "failed") else None

        return await eventually(status, 90)

    async def put_picture(self, text: str) -> dict[str, str]:
        """Send a small picture ahead; the image to put into an item."""
        data = picture(text)
        sha256 = hashlib.sha256(data).hexdigest()
        await self.gateway.put_media(sha256, data)
        return {"fileName": f"{text}.jpg", "sha256": sha256}


def picture(text: str) -> bytes:
    image = Image.new("RGB", (320, 240), "white")
    ImageDraw.Draw(image).text((20, 100), text, fill="black")
    stream = io.BytesIO()
    image.save(stream, "JPEG")
    return stream.getvalue()


async def eventually(question: Callable[[], Any], seconds: float = 20) -> Any:
    """The first answer that is not falsy. Fails, with the last answer, after so many seconds."""
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        answer = question()
        if asyncio.iscoroutine(answer):
            answer = await answer
        if answer:
            return answer
        if asyncio.get_running_loop().time() > deadline:
            pytest.fail(f"not within {seconds} s; the last answer was {answer!r}")
        await asyncio.sleep(0.1)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def running(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Running]:
    """Everything, started once for all tests of a process: give products names of your own."""
    folder: Path = tmp_path_factory.mktemp("running")
    categories = folder / "categories.json"
    categories.write_text(json.dumps(CATEGORIES))
    shop = SimulatedShop(categories=categories, request_timeout_seconds=5, late_commit_seconds=2)
    options = StackOptions(
        data_dir=folder / "data",
        shops=(shop,),
        environment=ENVIRONMENT,
        durable=False,
        gateway_port=None,
    )
    async with Stack(options) as stack, Receiver() as receiver, aiohttp.ClientSession() as http:
        email, password = stack.login
        credentials = Credentials(stack.gateway_url, email, SecretStr(password))
        async with Gateway(credentials, patience_seconds=60) as gateway:
            subscription = await gateway.post_webhook(receiver.url)
            receiver.received.secret = subscription["secret"]
            yield Running(stack, gateway, http, receiver)
