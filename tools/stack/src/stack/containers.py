"""RabbitMQ in a container, for machines that have a Docker engine and no RabbitMQ."""

import asyncio
import hashlib
import secrets
import shutil
from contextlib import suppress
from pathlib import Path

import aio_pika
from aio_pika.exceptions import AMQPError

from stack.files import write_secret
from stack.ports import LOOPBACK, free_port, return_port
from stack.servers import Command, ServerNotStarted

IMAGE = "rabbitmq:4"
USER = "skuwire"
START_SECONDS = 180.0  # the image may have to be fetched


async def docker_answers() -> bool:
    """Whether a Docker engine answers within 5 s."""
    if shutil.which("docker") is None:
        return False
    try:
        await _docker("version", "--format", "{{.Server.Version}}", deadline_seconds=5)
    except ServerNotStarted:
        return False
    return True


async def start_rabbitmq_container(data_dir: Path) -> "RabbitmqContainer":
    """Start the container that belongs to `data_dir`; its messages live in a volume of the same name."""
    container = RabbitmqContainer(data_dir, free_port())
    try:
        await container.create()
    except BaseException:
        await container.stop()
        raise
    return container


class RabbitmqContainer:
    """A RabbitMQ container; one that a run left behind is replaced by the next run on the same folder."""

    def __init__(self, data_dir: Path, port: int) -> None:
        self.port = port
        self._data_dir = data_dir.resolve()
        self._name = f"skuwire-rabbitmq-{hashlib.sha256(bytes(self._data_dir)).hexdigest()[:12]}"

    @property
    def url(self) -> str:
        """Where it speaks AMQP, password included."""
        return f"amqp://{USER}:{self._password()}@{LOOPBACK}:{self.port}/"

    @property
    def rabbitmqctl(self) -> Command:
        """The command that administers this node."""
        return Command(("docker", "exec", "--interactive", self._name, "rabbitmqctl"))

    async def create(self) -> None:
        """Replace the container, keeping its volume."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if not (self._data_dir / "password").exists():
            write_secret(self._data_dir / "password", secrets.token_urlsafe(24))
        configuration = self._data_dir / "container.env"
        write_secret(
            configuration, f"RABBITMQ_DEFAULT_USER={USER}\nRABBITMQ_DEFAULT_PASS={self._password()}\n"
        )
        with suppress(ServerNotStarted):  # usually there is none
            await _docker("rm", "--force", self._name)
        await _docker(
            *(
                "run",
                "--detach",
                "--name",
                self._name,
                "--hostname",
                "skuwire",
            ),  # the host name names the data folder
            *(
                "--env-file",
                str(configuration),
            ),  # not --env: arguments are visible to every user of the machine
            *("--publish", f"{LOOPBACK}:{self.port}:5672"),
            *("--volume", f"{self._name}:/var/lib/rabbitmq"),
            IMAGE,
            deadline_seconds=START_SECONDS,
        )
        await self._wait_until_it_answers()

    async def stop(self) -> None:
        """Stop the container and remove it; the volume keeps the messages."""
        with suppress(ServerNotStarted):  # removed already
            await _docker("stop", "--time", "20", self._name, deadline_seconds=40)
            await _docker("rm", "--force", self._name)
        return_port(self.port)

    async def kill(self) -> None:
        """SIGKILL the node."""
        await _docker("kill", self._name)

    async def restart(self) -> None:
        """Bring it up again on the same volume and port."""
        await _docker("restart", self._name, deadline_seconds=60)
        await self._wait_until_it_answers()

    def _password(self) -> str:
        return (self._data_dir / "password").read_text()

    async def _wait_until_it_answers(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + START_SECONDS
        while loop.time() < deadline:
            with suppress(OSError, TimeoutError, AMQPError):
                await (await aio_pika.connect(self.url, timeout=5)).close()
                return
            await asyncio.sleep(0.5)
        raise ServerNotStarted(f"RabbitMQ did not answer; see `docker logs {self._name}`")


async def _docker(*arguments: str, deadline_seconds: float = 30) -> str:
    process = await asyncio.create_subprocess_exec(
        "docker",
        *arguments,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        output, _ = await asyncio.wait_for(process.communicate(), deadline_seconds)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise ServerNotStarted(
            f"`docker {arguments[0]}` did not end within {deadline_seconds:.0f} s"
        ) from None
    if process.returncode != 0:
        raise ServerNotStarted(f"`docker {arguments[0]}` failed: {output.decode(errors='replace').strip()}")
    return output.decode(errors="replace").strip()
