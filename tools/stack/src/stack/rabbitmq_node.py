"""A private RabbitMQ node made from the installed programs, apart from any node that the machine runs.

Everything that could touch the machine's own node is set anew: node name, ports, folders, configuration
files, Erlang cookie and the Erlang port mapper (epmd), which otherwise would be shared and would stay behind.
"""

import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import aio_pika
from aio_pika.exceptions import AMQPError

from stack.children import Child, spawn
from stack.files import write_secret
from stack.ports import LOOPBACK, free_port, return_port
from stack.servers import Command, accepts_connections, wait_until

USER = "skuwire"
START_SECONDS = 60.0
STOP_SECONDS = 20.0

CONFIGURATION = """\
default_user = {user}
default_pass = {password}
loopback_users = none
listeners.tcp.1 = {address}:{port}
# The demo's disk is small: a full one must refuse messages, not break the machine.
disk_free_limit.absolute = 200MB
raft.wal_max_size_bytes = 67108864
log.file.level = info
log.file.rotation.size = 10485760
log.file.rotation.count = 3
"""


@dataclass(frozen=True)
class Installation:
    """Where the programs are."""

    server: Path
    epmd: Path


@dataclass(frozen=True)
class NodePorts:
    """The ports of one node, all on 127.0.0.1."""

    amqp: int
    distribution: int
    epmd: int
    management: int | None = None


def find_installation() -> Installation | None:
    """The installed RabbitMQ, or None. Debian's command on the PATH is passed by: it changes user."""
    server = next((path for path in _server_scripts() if os.access(path, os.X_OK)), None)
    epmd = shutil.which("epmd") or next(
        iter(sorted(map(str, Path("/usr/lib/erlang").glob("erts-*/bin/epmd")))), None
    )
    if server is None or epmd is None or shutil.which("erl") is None:
        return None
    return Installation(server, Path(epmd))


def _server_scripts() -> Iterator[Path]:
    yield Path("/usr/lib/rabbitmq/bin/rabbitmq-server")  # Debian, Fedora; not on everybody's PATH
    found = shutil.which("rabbitmq-server")
    if found is not None and Path(found).resolve().name != "rabbitmq-script-wrapper":
        yield Path(found)


async def start_rabbitmq_node(
    data_dir: Path, installation: Installation, *, management_port: int | None = None
) -> "RabbitmqNode":
    """Start a node that keeps its messages, password and logs in `data_dir`. Takes about 4 s.

    With a port for it, the management plugin runs as well.
    """
    ports = NodePorts(free_port(), free_port(), free_port(), management_port)
    node = RabbitmqNode(data_dir, installation, ports)
    try:
        await node.restart()
    except BaseException:
        await node.stop()
        raise
    return node


class RabbitmqNode:
    """A RabbitMQ node that is a child of this process, with an epmd of its own."""

    def __init__(self, data_dir: Path, installation: Installation, ports: NodePorts) -> None:
        self._data_dir = data_dir.resolve()
        self._installation = installation
        self._ports = ports
        self._node: Child | None = None
        self._epmd: Child | None = None

    @property
    def url(self) -> str:
        """Where it speaks AMQP, password included."""
        return f"amqp://{USER}:{self._password()}@{LOOPBACK}:{self._ports.amqp}/"

    @property
    def management_url(self) -> str | None:
        """Where the management plugin speaks HTTP, password included; None where it does not run."""
        port = self._ports.management
        return None if port is None else f"http://{USER}:{self._password()}@{LOOPBACK}:{port}"

    @property
    def port(self) -> int:
        """The AMQP port."""
        return self._ports.amqp

    @property
    def rabbitmqctl(self) -> Command:
        """The command that administers this node and no other."""
        return Command((str(self._installation.server.with_name("rabbitmqctl")),), self._environment())

    @property
    def pid(self) -> int | None:
        """Process id of the node's group while it runs."""
        return None if self._node is None or self._node.has_ended() else self._node.pid

    async def restart(self) -> None:
        """Stop it if it runs, then start it on the same data and ports."""
        if self._node is not None:
            await self._node.stop(STOP_SECONDS)
        environment = self._prepare()
        if self._epmd is None or self._epmd.has_ended():
            # In the foreground: the node would start one as a daemon, which nobody would ever stop.
            self._epmd = spawn(
                "epmd",
                [str(self._installation.epmd), "-port", str(self._ports.epmd), "-address", LOOPBACK],
                log=self._data_dir / "epmd.log",
                environment=environment,
            )
            await wait_until(self._epmd_answers, child=self._epmd, deadline_seconds=START_SECONDS)
        self._node = spawn(
            "RabbitMQ",
            [str(self._installation.server)],
            log=self._data_dir / "rabbitmq.log",
            environment=environment,
            folder=self._data_dir,  # where a crash dump would go
        )
        await wait_until(self._answers, child=self._node, deadline_seconds=START_SECONDS, pause_seconds=0.1)

    async def stop(self) -> None:
        """Close every connection, write everything down and end."""
        if self._node is not None:
            await self._node.stop(STOP_SECONDS)
        if self._epmd is not None:
            await self._epmd.stop(STOP_SECONDS)
        for port in (self._ports.amqp, self._ports.distribution, self._ports.epmd):
            return_port(port)

    async def kill(self) -> None:
        """SIGKILL the Erlang machine and everything that it started."""
        if self._node is not None:
            await self._node.kill()

    def has_on_disk(self, queue: str) -> bool:
        """Whether a quorum queue just declared would survive a kill.

        RabbitMQ writes the register of its quorum queues up to half a second late: killed before, a queue
        comes back without its messages and without a leader, for good (measured on RabbitMQ 3.10.8).
        """
        registers = self._data_dir.glob("mnesia/*/quorum/*/names.dets")
        return any(queue.encode() in register.read_bytes() for register in registers)

    def _password(self) -> str:
        return (self._data_dir / "password").read_text()

    async def _epmd_answers(self) -> bool:
        return await accepts_connections(self._ports.epmd)

    async def _answers(self) -> bool:
        """The port opens last; the first log-in may still come a moment too early."""
        if not await accepts_connections(self._ports.amqp):
            return False
        with suppress(OSError, TimeoutError, AMQPError):
            await (await aio_pika.connect(self.url, timeout=5)).close()
            return True
        return False

    def _prepare(self) -> dict[str, str]:
        """Write the node's files; the environment that makes it use them and no others."""
        self._data_dir.mkdir(parents=True, exist_ok=True)
        if not (self._data_dir / "password").exists():
            write_secret(self._data_dir / "password", secrets.token_urlsafe(24))
            write_secret(self._data_dir / ".erlang.cookie", secrets.token_hex(16), mode=0o400)
        configuration = CONFIGURATION.format(
            user=USER, password=self._password(), address=LOOPBACK, port=self._ports.amqp
        )
        plugins = ""
        if self._ports.management is not None:
            configuration += (
                f"management.tcp.ip = {LOOPBACK}\nmanagement.tcp.port = {self._ports.management}\n"
            )
            plugins = "rabbitmq_management"
        write_secret(self._data_dir / "rabbitmq.conf", configuration)
        (self._data_dir / "enabled_plugins").write_text(f"[{plugins}].\n")
        (self._data_dir / "advanced.config").write_text("[].\n")
        (self._data_dir / "rabbitmq-env.conf").write_text("")
        return self._environment()

    def _environment(self) -> dict[str, str]:
        folder = self._data_dir
        return {
            "PATH": os.environ.get("PATH", os.defpath),
            "LC_ALL": "C.UTF-8",
            "HOME": str(folder),  # holds the Erlang cookie
            "ERL_EPMD_PORT": str(self._ports.epmd),
            "ERL_EPMD_ADDRESS": LOOPBACK,
            "ERL_CRASH_DUMP_BYTES": "0",  # a dump of the memory would hold messages
            "RABBITMQ_NODENAME": "skuwire@localhost",
            "RABBITMQ_DIST_PORT": str(self._ports.distribution),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1}",
            "RABBITMQ_MNESIA_BASE": str(folder / "mnesia"),
            "RABBITMQ_LOG_BASE": str(folder / "log"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(folder / "generated"),
            "RABBITMQ_CONFIG_FILE": str(folder / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(folder / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(folder / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(folder / "enabled_plugins"),
        }
