"""The examples for whoever listens from outside, as they stand: each event and each webhook is kept once."""

import asyncio
import json
import os
import sqlite3
import sys
import time
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import aio_pika
import pytest
from tests.conftest import Running, eventually
from yarl import URL

from skuwire.demo.catalogue import seed_sync_example
from stack.ports import free_port
from stack.servers import Command
from stack.wiring import TENANT

pytestmark = pytest.mark.asyncio(loop_scope="session")

ROOT = Path(__file__).parents[2]
SUBSCRIBERS = {"python": "subscribers/python/subscriber.py", "node": "subscribers/node/subscriber.js"}
RECEIVERS = {"python": "receivers/python/receiver.py", "node": "receivers/node/receiver.js"}


@asynccontextmanager
async def started(file: str, nodejs: Command, log: Path, **environment: str) -> AsyncIterator[Process]:
    """The program while it is worked with."""
    command = nodejs if file.endswith(".js") else Command((sys.executable,), os.environ)
    assert command.environment is not None
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *command.argv,
            ROOT / "examples" / file,
            env={**command.environment, **environment},
            stdout=output,
            stderr=output,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def example(file: str, nodejs: Command, log: Path, **environment: str) -> AsyncIterator[None]:
    """The program while it is worked with; on SIGTERM it has to end well."""
    async with started(file, nodejs, log, **environment) as process:
        yield
        process.terminate()
        assert await process.wait() == 0, f"see {log}"


async def listens(port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
    except ConnectionError:
        return False
    writer.close()
    return True


def kept(file: Path, table: str) -> dict[str, str]:
    """Body by id."""
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as database:
        return dict(database.execute(f"select id, body from {table}").fetchall())


async def sync(running: Running, reference: str) -> None:
    await running.gateway.post_sync({**seed_sync_example(), "reference": reference})


async def add_partner(running: Running, name: str) -> str:
    """By the command, as an operator does it; the URL that it writes."""
    data_dir = str(running.stack.data_dir)
    wanted = ("--tenant", TENANT, "--events", "product.*", "--data-dir", data_dir)
    return (await running.skuwire("partners", "add", name, *wanted)).strip()


async def waiting(running: Running, queue: str) -> int:
    async with await aio_pika.connect(running.stack.rabbitmq.url) as connection:
        found = await (await connection.channel()).get_queue(queue)
        return int(found.declaration_result.message_count or 0)


async def repeat_event(running: Running, queue: str, message_id: str, body: str) -> None:
    """Put an event into the queue a second time, as happens after an answer was lost."""
    async with await aio_pika.connect(running.stack.rabbitmq.url) as connection:
        message = aio_pika.Message(body.encode(), message_id=message_id)
        await (await connection.channel()).default_exchange.publish(message, queue)


@dataclass
class Subscriber:
    """An example that reads the queue of a partner of its own."""

    name: str
    url: str
    folder: Path

    @property
    def queue(self) -> str:
        return f"partner.{self.name}"

    @property
    def log(self) -> Path:
        return self.folder / f"{self.name}.log"

    @property
    def file(self) -> Path:
        return self.folder / f"{self.name}.sqlite"

    def reads(self) -> bool:
        return "reading" in self.log.read_text()

    def kept_of(self, reference: str) -> list[tuple[str, str]]:
        """Id and body of the events of a product."""
        events = kept(self.file, "events")
        return [event for event in events.items() if json.loads(event[1])["reference"] == reference]


async def test_subscribers_keep_each_event_once_and_come_back_after_an_outage(
    running: Running, nodejs: Command, tmp_path: Path
) -> None:
    urls = await asyncio.gather(*(add_partner(running, name) for name in SUBSCRIBERS))
    subscribers = [Subscriber(name, url, tmp_path) for name, url in zip(SUBSCRIBERS, urls, strict=True)]
    async with AsyncExitStack() as programs:
        for one in subscribers:
            told = {"AMQP_URL": one.url, "EVENTS_FILE": str(one.file)}
            await programs.enter_async_context(example(SUBSCRIBERS[one.name], nodejs, one.log, **told))
            await eventually(one.reads, 60)
        await sync(running, "TOLD-BEFORE")
        for one in subscribers:
            [(message_id, body)] = await eventually(partial(one.kept_of, "TOLD-BEFORE"), 60)
            await repeat_event(running, one.queue, message_id, body)
        await running.stack.rabbitmq.restart()
        await sync(running, "TOLD-AFTER")
        for one in subscribers:
            await eventually(partial(one.kept_of, "TOLD-AFTER"), 60)
    logs = "".join(path.read_text() for path in running.stack.log_paths.values())
    for one in subscribers:
        assert len(one.kept_of("TOLD-BEFORE")) == 1
        assert await waiting(running, one.queue) == 0
        assert URL(one.url).password not in one.log.read_text() + logs


@pytest.mark.parametrize("language", SUBSCRIBERS)
async def test_a_subscriber_with_a_wrong_password_says_so_and_ends(
    running: Running, nodejs: Command, tmp_path: Path, language: str
) -> None:
    url = str(URL(running.stack.rabbitmq.url).with_user("partner.nobody").with_password("not-the-one"))
    log = tmp_path / "log"
    told = {"AMQP_URL": url, "EVENTS_FILE": str(tmp_path / "events.sqlite")}
    async with started(SUBSCRIBERS[language], nodejs, log, **told) as process:
        assert await asyncio.wait_for(process.wait(), 60) == 1
    assert "ACCESS_REFUSED" in log.read_text() or "ACCESS-REFUSED" in log.read_text()
    assert "not-the-one" not in log.read_text()


@pytest.mark.parametrize("language", RECEIVERS)
async def test_a_receiver_keeps_what_is_signed_and_refuses_the_rest(
    running: Running, nodejs: Command, tmp_path: Path, language: str
) -> None:
    port, file, reference = free_port(), tmp_path / "webhooks.sqlite", f"{language}-RECEIVED"
    url = f"http://127.0.0.1:{port}/"

    def told() -> list[str]:
        bodies = kept(file, "webhooks").values() if file.exists() else []
        return [body for body in bodies if reference in body]

    made = await running.gateway.post_webhook(url)
    settings = {"WEBHOOK_SECRET": made["secret"], "WEBHOOKS_FILE": str(file), "PORT": str(port)}
    async with example(RECEIVERS[language], nodejs, tmp_path / "log", **settings):
        await eventually(partial(listens, port))
        await sync(running, reference)
        [body] = await eventually(told, 60)
        forged = {"webhook-id": "forged", "webhook-timestamp": str(int(time.time()))}
        for signature in ("", "v1", "v1,AAAA", "v2,AAAA"):
            headers = {**forged, "webhook-signature": signature}
            async with running.http.post(url, data=body, headers=headers) as answer:
                assert answer.status == 401
    assert "forged" not in kept(file, "webhooks")
    await running.gateway.delete_webhook(made["id"])
