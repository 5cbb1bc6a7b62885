"""Servers for tests from testcontainers: one container of each kind, which tests may kill and start again."""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from contextlib import suppress

import aio_pika
import asyncpg
from aio_pika.exceptions import AMQPError
from testcontainers.core.container import DockerContainer

from stack.ports import LOOPBACK, free_port
from stack.servers import Server, ServerNotStarted

POSTGRES_IMAGE = "postgres:18"
RABBITMQ_IMAGE = "rabbitmq:4"
START_SECONDS = 60.0


async def start_postgres_testcontainer() -> Server:
    """PostgreSQL 18; raises ServerNotStarted when it does not answer within a minute."""
    port, password = free_port(), secrets.token_hex(16)
    container = (
        DockerContainer(POSTGRES_IMAGE).with_env("POSTGRES_PASSWORD", password).with_bind_ports(5432, port)
    )
    url = f"postgresql://postgres:{password}@{LOOPBACK}:{port}/postgres"
    return await TestContainer(container, url, _postgres_answers).start()


async def start_rabbitmq_testcontainer() -> Server:
    """RabbitMQ 4; raises ServerNotStarted when it does not answer within a minute."""
    port, password = free_port(), secrets.token_hex(16)
    container = (
        DockerContainer(RABBITMQ_IMAGE)
        .with_env("RABBITMQ_DEFAULT_USER", "skuwire")
        .with_env("RABBITMQ_DEFAULT_PASS", password)
        .with_bind_ports(5672, port)
        .with_kwargs(hostname="skuwire")  # the node's data folder is named by it
    )
    return await TestContainer(
        container, f"amqp://skuwire:{password}@{LOOPBACK}:{port}/", _rabbitmq_answers
    ).start()


class TestContainer:
    """A container on a fixed port: a port that Docker chooses would be another one after a restart."""

    __test__ = False  # pytest: not a class of tests

    def __init__(
        self, container: DockerContainer, url: str, answers: Callable[[str], Awaitable[bool]]
    ) -> None:
        self.url = url
        self._container = container
        self._answers = answers

    async def start(self) -> "TestContainer":
        """Start and wait until it answers."""
        await asyncio.to_thread(self._container.start)
        await self._wait()
        return self

    async def stop(self) -> None:
        """Stop and remove it."""
        await asyncio.to_thread(self._container.stop)

    async def kill(self) -> None:
        """SIGKILL."""
        await asyncio.to_thread(self._container.get_wrapped_container().kill)

    async def restart(self) -> None:
        """Start it again on the same data and port."""
        await asyncio.to_thread(self._container.get_wrapped_container().restart)
        await self._wait()

    async def _wait(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_SECONDS
        while not await self._answers(self.url):
            if loop.time() > deadline:
                await self.stop()
                raise ServerNotStarted(f"{self._container.image} did not answer within {START_SECONDS:.0f} s")
            await asyncio.sleep(0.2)


async def _postgres_answers(url: str) -> bool:
    with suppress(OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError):
        await (await asyncpg.connect(url, timeout=5)).close()
        return True
    return False


async def _rabbitmq_answers(url: str) -> bool:
    with suppress(OSError, TimeoutError, AMQPError):
        await (await aio_pika.connect(url, timeout=5)).close()
        return True
    return False
