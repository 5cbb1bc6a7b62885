"""RabbitMQ for a desk: one that is given, else a private node, else a container, else installed."""

import asyncio
import os
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

import aio_pika
from aio_pika.exceptions import AMQPError

from stack.containers import docker_answers, start_rabbitmq_container
from stack.debian import can_install
from stack.rabbitmq_node import Installation, find_installation, start_rabbitmq_node
from stack.rabbitmq_package import install_rabbitmq
from stack.servers import GivenServer, Server, ServerNotStarted

HOW_TO_GET_ONE = """no RabbitMQ to work with. Any one of these helps:
  - set AMQP_URL to a running one, for example AMQP_URL=amqp://user:password@host:5672/
  - install it: sudo apt-get install rabbitmq-server  (macOS: brew install rabbitmq)
  - start a Docker engine
"""


def _say_nothing(_step: str) -> None:
    return


async def start_rabbitmq(
    data_dir: Path, *, url: str | None = None, report: Callable[[str], None] = _say_nothing
) -> Server:
    """A RabbitMQ to work with: the one at `url` or AMQP_URL as is, else a private one on `data_dir`.

    `report` is told what takes long or changes the machine. Raises ServerNotStarted with the ways out.
    """
    given = url or os.environ.get("AMQP_URL")
    if given:
        await _check_given(given)
        return GivenServer(given)
    if find_installation() is None and await docker_answers():
        report("starting RabbitMQ in a container (rabbitmq:4)")
        return await start_rabbitmq_container(data_dir)
    return await start_rabbitmq_node(data_dir, await ensure_installation(data_dir, report))


async def ensure_installation(log_dir: Path, report: Callable[[str], None] = _say_nothing) -> Installation:
    """The installed RabbitMQ; on Debian as root it is installed first, with its service left off.

    Raises ServerNotStarted with the ways out where there is none.
    """
    installation = find_installation()
    if installation is None and can_install():
        report(
            "no RabbitMQ here: installing the package rabbitmq-server with apt-get (its service stays off)"
        )
        await install_rabbitmq(log_dir / "install.log")
        installation = find_installation()
    if installation is None:
        raise ServerNotStarted(HOW_TO_GET_ONE)
    return installation


async def _check_given(url: str) -> None:
    try:
        async with asyncio.timeout(10):
            await (await aio_pika.connect(url)).close()
    except (OSError, TimeoutError, AMQPError) as error:
        where = urlsplit(url)
        raise ServerNotStarted(
            f"nobody answers at AMQP_URL ({where.hostname}:{where.port or 5672}): {type(error).__name__}"
        ) from None  # the cause's text may show the password
