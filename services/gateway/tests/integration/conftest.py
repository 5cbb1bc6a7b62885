"""A running gateway with scripted stations behind it, and a client in front of it."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from argon2 import PasswordHasher
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from pydantic import SecretStr

from common.database import open_database
from common.messaging.broker import connect
from common.messaging.topology import queue_of
from common.service import Runtime
from gateway.access import passwords
from gateway.main import start
from gateway.settings import GatewaySettings
from gateway.testing import (
    CREDENTIAL_SECRET,
    EMAIL,
    JWT_SECRET,
    PASSWORD,
    Client,
    Running,
    StartGateway,
    Stations,
    eventually,
)
from stack.fixtures import migrated_template
from stack.ports import free_port
from stack.servers import Server

SHOPS = """
[[shop]]
id = "milano"
tenant = "acme"
url = "http://127.0.0.1:1"
key = "K1"

[[shop]]
id = "roma"
tenant = "acme"
url = "http://127.0.0.1:2"
key = "K2"

[[shop]]
id = "lab"
tenant = "acme"
url = "http://127.0.0.1:4"
key = "K4"
test = true

[[shop]]
id = "oslo"
tenant = "other"
url = "http://127.0.0.1:3"
key = "K3"
"""


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def database_template(postgres_server: Server) -> AsyncIterator[str]:
    async with migrated_template(postgres_server.url, "gateway") as name:
        yield name


@pytest.fixture(scope="session", autouse=True)
def _cheap_passwords() -> Iterator[None]:
    """Hashed by the same code, without the work that is to keep guessers busy: every test logs in."""
    cheap = partial(PasswordHasher, time_cost=1, memory_cost=64, parallelism=1)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(passwords, "PasswordHasher", cheap)
        yield


@pytest.fixture(scope="session", autouse=True)
def _traces() -> None:
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        trace.set_tracer_provider(TracerProvider())


@pytest.fixture
async def settings(database: str, rabbitmq_server: Server, tmp_path: Path) -> GatewaySettings:
    shops_file = tmp_path / "shops.toml"
    shops_file.write_text(SHOPS)
    return GatewaySettings(
        database_url=database,
        amqp_url=rabbitmq_server.url,
        http_port=free_port(),
        blob_url=(tmp_path / "blobs").as_uri(),
        shops_file=shops_file,
        jwt_secret=SecretStr(JWT_SECRET),
        credential_secret=SecretStr(CREDENTIAL_SECRET),
        bootstrap_email=EMAIL,
        bootstrap_password=SecretStr(PASSWORD),
        bootstrap_tenant="acme",
        first_product_id=9999,
        wait_seconds=20,  # a machine may be slow: who is not to wait says so by `Prefer`
        bulk_max_items=1000,
        image_max_bytes=100_000,
    )


@pytest.fixture
async def start_gateway(settings: GatewaySettings) -> AsyncIterator[StartGateway]:
    """Starts gateways on the same database; each has settings of its own where they are given."""
    async with AsyncExitStack() as stack:

        async def start_one(**changed: Any) -> Running:
            own = settings.model_copy(update={"http_port": free_port(), **changed})
            return await stack.enter_async_context(_running(own))

        yield start_one


@pytest.fixture
async def gateway(settings: GatewaySettings, start_gateway: StartGateway) -> Running:
    broker = await connect(settings, "tests")
    async with broker.connection.channel() as channel:
        await channel.queue_delete(queue_of("gateway"))  # what an earlier test may have left
    await broker.close()
    return await start_gateway(http_port=settings.http_port)


@asynccontextmanager
async def _running(settings: GatewaySettings) -> AsyncIterator[Running]:
    ours, theirs, database = await asyncio.gather(
        connect(settings, "gateway"), connect(settings, "stations"), open_database(settings, "gateway")
    )
    runtime = Runtime("gateway", settings, database, ours)
    await start(runtime)
    running = asyncio.create_task(runtime.run())
    stations = Stations(theirs)
    await stations.listen()
    async with aiohttp.ClientSession() as http:
        client = Client(http, f"http://127.0.0.1:{settings.http_port}")
        await eventually(lambda: _is_ready(client))
        login = await client.post("/api/auth/login", {"email": EMAIL, "password": PASSWORD})
        client.token = login.body["data"]["access_token"]
        yield Running(runtime, stations, database, client)
    runtime.stopping.set()
    await running
    await asyncio.gather(ours.close(), theirs.close())
    await database.pool.close()


async def _is_ready(client: Client) -> bool:
    try:
        return (await client.get("/readyz")).status == 200
    except aiohttp.ClientError:
        return False
