import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import aio_pika
import asyncpg
import pytest

from stack.debian import install_packages
from stack.postgres import create_database, start_embedded_postgres, start_postgres
from stack.rabbitmq import start_rabbitmq
from stack.rabbitmq_node import RabbitmqNode, find_installation
from stack.rabbitmq_package import install_rabbitmq
from stack.servers import GivenServer, NotOurs, Server, ServerNotStarted

START_BOTH = """
import asyncio, sys
from pathlib import Path
from stack.postgres import start_embedded_postgres
from stack.rabbitmq_node import find_installation, start_rabbitmq_node

async def main():
    folder = Path(sys.argv[1])
    servers = await asyncio.gather(
        start_embedded_postgres(folder / "postgres", durable=False),
        start_rabbitmq_node(folder / "rabbitmq", find_installation()),
    )
    print("up", flush=True)
    await asyncio.Event().wait()

asyncio.run(main())
"""


async def eventually(condition: Callable[[], bool], deadline_seconds: float = 30) -> None:
    async with asyncio.timeout(deadline_seconds):
        while not condition():  # noqa: ASYNC110 - what happens in other processes has no event
            await asyncio.sleep(0.05)


def entries(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def processes_that_mention(folder: Path) -> list[int]:
    """Process ids with the folder in their arguments or environment; a zombie has neither."""
    return [int(process.name) for process in Path("/proc").glob("[0-9]*") if _mentions(process, folder)]


def _mentions(process: Path, folder: Path) -> bool:
    try:
        texts = [(process / name).read_bytes() for name in ("cmdline", "environ")]
    except OSError:
        return False
    return any(bytes(folder) in text for text in texts)


async def test_a_committed_row_survives_a_killed_postgres(tmp_path: Path) -> None:
    server = await start_embedded_postgres(tmp_path / "postgres", durable=False)
    try:
        url = await create_database(server.url, "shop")
        connection = await asyncpg.connect(url)
        await connection.execute("create table product (reference text); insert into product values ('A-1')")
        connection.terminate()

        await server.kill()
        with pytest.raises(OSError, match="Connect"):
            await asyncpg.connect(url)
        await server.restart()

        copy = await asyncpg.connect(await create_database(server.url, "shop_copy", template="shop"))
        assert await copy.fetchval("select reference from product") == "A-1"
        await copy.close()
    finally:
        await server.stop()
    await eventually(lambda: processes_that_mention(tmp_path) == [])


async def test_a_killed_postgres_comes_back_as_soon_as_its_last_worker_has_ended(tmp_path: Path) -> None:
    server = await start_embedded_postgres(tmp_path, durable=False)
    try:
        connection = await asyncpg.connect(server.url)
        worker = await connection.fetchval("select pg_backend_pid()")
        os.kill(worker, signal.SIGSTOP)  # as on a machine that is too busy to let it see the end
        await server.kill()
        restarting = asyncio.create_task(server.restart())
        await eventually(lambda: "is still in use" in (tmp_path / "postgres.log").read_text())
        os.kill(worker, signal.SIGCONT)
        await restarting
        connection.terminate()
        await (await asyncpg.connect(server.url)).close()
    finally:
        await server.stop()


async def test_a_stopped_postgres_comes_back_with_its_data_and_its_password(tmp_path: Path) -> None:
    first = await start_embedded_postgres(tmp_path)
    await create_database(first.url, "kept")
    await first.stop()
    second = await start_embedded_postgres(tmp_path, port=first.port)
    try:
        assert second.url == first.url
        with pytest.raises(asyncpg.DuplicateDatabaseError):
            await create_database(second.url, "kept")
    finally:
        await second.stop()


async def test_a_confirmed_message_survives_a_killed_rabbitmq(rabbitmq_server: Server) -> None:
    if isinstance(rabbitmq_server, GivenServer):
        pytest.skip("TEST_RABBITMQ_URL names a server that is not ours to kill")
    queue_name = "stack.survives-a-kill"
    connection = await aio_pika.connect(rabbitmq_server.url)
    channel = await connection.channel()
    await channel.declare_queue(queue_name, durable=True, arguments={"x-queue-type": "quorum"})
    message = aio_pika.Message(b"A-1", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, queue_name)
    await connection.close()
    if isinstance(rabbitmq_server, RabbitmqNode):
        await eventually(lambda: rabbitmq_server.has_on_disk(queue_name))

    await rabbitmq_server.kill()
    with pytest.raises(ConnectionError):
        await aio_pika.connect(rabbitmq_server.url)
    await rabbitmq_server.restart()

    connection = await aio_pika.connect(rabbitmq_server.url)
    channel = await connection.channel()
    queue = await channel.get_queue(queue_name)
    survivor = await queue.get(timeout=10)
    assert survivor is not None
    assert survivor.body == b"A-1"
    await survivor.ack()
    await queue.delete(if_unused=False, if_empty=False)
    await connection.close()


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="reads the process table of Linux")
@pytest.mark.skipif(find_installation() is None, reason="needs an installed RabbitMQ")
async def test_servers_end_when_the_process_that_started_them_is_killed(tmp_path: Path) -> None:
    starter = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", START_BOTH, str(tmp_path / "stack")), stdout=subprocess.PIPE
    )
    assert starter.stdout is not None
    assert await starter.stdout.readline() == b"up\n"
    assert len(processes_that_mention(tmp_path / "stack")) > 3

    starter.send_signal(signal.SIGKILL)
    await starter.wait()

    await eventually(lambda: processes_that_mention(tmp_path / "stack") == [])


async def test_servers_given_by_address_are_used_as_they_are(
    rabbitmq_server: Server, postgres_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", postgres_server.url)
    monkeypatch.setenv("AMQP_URL", rabbitmq_server.url)
    given: list[Server] = [await start_postgres(tmp_path / "p"), await start_rabbitmq(tmp_path / "r")]
    assert [server.url for server in given] == [postgres_server.url, rabbitmq_server.url]
    assert entries(tmp_path) == []
    for server in given:
        await server.stop()
        with pytest.raises(NotOurs):
            await server.kill()
    await (await asyncpg.connect(postgres_server.url)).close()


@pytest.mark.parametrize(
    ("start", "url"),
    [
        (start_postgres, "postgresql://me:hunter2@127.0.0.1:1/x"),
        (start_rabbitmq, "amqp://me:hunter2@127.0.0.1:1/"),
    ],
)
async def test_a_given_address_where_nobody_answers_is_named_without_its_password(
    start: Callable[..., Awaitable[Server]], url: str, tmp_path: Path
) -> None:
    with pytest.raises(ServerNotStarted, match=r"127\.0\.0\.1:1") as refused:
        await start(tmp_path, url=url)
    assert "hunter2" not in str(refused.value)


async def test_the_package_is_installed_without_starting_its_service(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = tmp_path / "policy-rc.d"
    seen = tmp_path / "seen"
    apt_get = tmp_path / "bin" / "apt-get"
    apt_get.parent.mkdir()
    apt_get.write_text(f'#!/bin/sh\n{policy}\necho "$1 $? $DEBIAN_FRONTEND" >> {seen}\n')
    apt_get.chmod(0o755)
    monkeypatch.setenv("PATH", f"{apt_get.parent}:{os.environ['PATH']}")

    await install_rabbitmq(tmp_path / "install.log", policy)

    assert seen.read_text().splitlines() == ["update 101 noninteractive", "install 101 noninteractive"]
    assert not policy.exists()


async def test_an_installation_waits_for_another_and_for_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("stack.debian.LOOK_AGAIN_SECONDS", 0.01)
    held, seen = tmp_path / "held", tmp_path / "seen"
    held.touch()
    apt_get = tmp_path / "bin" / "apt-get"
    apt_get.parent.mkdir()
    apt_get.write_text(
        f"""#!/bin/sh
echo "$1" >> {seen}
[ "$1" = install ] && {{ echo "E: Unable to locate package $4"; exit 100; }}
rm {held} 2>/dev/null || exit 0
echo "E: Could not get lock /var/lib/apt/lists/lock. It is held by process 7 (apt-get)"
exit 100
"""
    )
    apt_get.chmod(0o755)
    monkeypatch.setenv("PATH", f"{apt_get.parent}:{os.environ['PATH']}")

    with pytest.raises(ServerNotStarted, match="Unable to locate package no-such-program"):
        await install_packages("no-such-program", log=tmp_path / "install.log")

    assert seen.read_text().splitlines() == ["update", "update", "install"]
