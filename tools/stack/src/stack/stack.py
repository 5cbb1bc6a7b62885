"""Everything on one machine without Docker: servers, simulated shops and the five services."""

import asyncio
import fcntl
import json
import os
import sys
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from stack.children import spawn
from stack.files import write_secret
from stack.ports import LOOPBACK, remembered_ports, return_port
from stack.postgres import ensure_database, start_postgres
from stack.processes import ProcessSpec, Supervisor
from stack.rabbitmq import start_rabbitmq
from stack.servers import Command, GivenServer, Server
from stack.wiring import (
    EMAIL,
    SERVICES,
    Secrets,
    SimulatedShop,
    Wiring,
    load_secrets,
    service_environment,
    shops_toml,
)

DATABASE = "skuwire"
GATEWAY_PORT = 8080
MIGRATION_SECONDS = 120.0
STOP_SECONDS = 20.0  # a service gives itself 15


class AlreadyRunning(Exception):
    """Another process runs a stack on the same data folder."""


class MigrationFailed(Exception):
    """The database could not be brought up to date; the message ends with the migration's last log lines."""


@dataclass(frozen=True)
class StackOptions:
    """What to run. Everything that it writes lies below `data_dir`."""

    data_dir: Path = Path(".skuwire")
    shops: tuple[SimulatedShop, ...] = (SimulatedShop(),)
    shops_file: Path | None = None  # real shops, beside which no simulated one is started
    services: tuple[str, ...] = SERVICES
    environment: Mapping[str, str] = field(
        default_factory=dict, repr=False
    )  # more SKUWIRE_… for all services
    durable: bool = True  # False: for tests, whose data may be lost in a power cut
    gateway_port: int | None = GATEWAY_PORT  # None: any; of stacks that start side by side only one gets it


class Stack:
    """Bring it up with `async with Stack(options) as stack:` or `up()` and `down()`.

    `report` is told each step in a sentence.
    """

    def __init__(self, options: StackOptions, report: Callable[[str], None] = lambda _step: None) -> None:
        self.options = options
        self.data_dir = options.data_dir.resolve()
        self.supervisor = Supervisor()
        self.postgres: Server
        self.rabbitmq: Server
        self.database_url: str
        self.secrets: Secrets
        self._report = report
        self._servers: list[Server] = []
        self._ports: dict[str, int] = {}
        self._lock: IO[str] | None = None

    @property
    def gateway_url(self) -> str:
        """Where an ERP sends its products."""
        return self._url("gateway")

    @property
    def shop_urls(self) -> dict[str, str]:
        """Address of each simulated shop by its id."""
        return {shop.id: self._url(_shop_process(shop)) for shop in self._shops}

    @property
    def health_urls(self) -> dict[str, str]:
        """`/readyz` of each service."""
        return {service: f"{self._url(service)}/readyz" for service in self.options.services}

    @property
    def log_paths(self) -> dict[str, Path]:
        """Log file of each service and simulated shop."""
        names = (*self.options.services, *(_shop_process(shop) for shop in self._shops))
        return {name: self.data_dir / "logs" / f"{name}.log" for name in names}

    @property
    def login(self) -> tuple[str, str]:
        """E-mail address and password of the gateway's first user."""
        return EMAIL, self.secrets.password

    async def up(self) -> None:
        """Start everything and wait until it is ready; what was started ends again when a step fails.

        Raises AlreadyRunning, ServerNotStarted, MigrationFailed or ProcessNotReady, which say what next.
        """
        self._take_folder()
        try:
            await self._start_servers_and_shops()
            await self._start_services()
        except BaseException:
            await self.down()
            raise
        self._write_addresses()

    async def down(self) -> None:
        """Stop everything in order; the data stays. Stopping twice is harmless."""
        (self.data_dir / "stack.json").unlink(missing_ok=True)
        await self.supervisor.stop_all(STOP_SECONDS)
        await asyncio.gather(*(server.stop() for server in self._servers))
        self._servers.clear()
        for port in self._ports.values():
            return_port(port)
        if self._lock is not None:
            self._lock.close()
            self._lock = None

    async def __aenter__(self) -> Self:
        await self.up()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.down()

    @property
    def _shops(self) -> tuple[SimulatedShop, ...]:
        return () if self.options.shops_file else self.options.shops

    def _url(self, name: str) -> str:
        return f"http://{LOOPBACK}:{self._ports[name]}"

    def _take_folder(self) -> None:
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._lock = (self.data_dir / "lock").open("a")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            self._lock.close()
            self._lock = None
            raise AlreadyRunning(f"a stack is running on {self.data_dir}; stop that one first") from None
        shops = [_shop_process(shop) for shop in self._shops]
        first_choices: dict[str, int | None] = dict.fromkeys((*SERVICES, *shops, "postgres"))
        first_choices["gateway"] = self.options.gateway_port
        self._ports = remembered_ports(self.data_dir / "ports.json", first_choices)
        self.secrets = load_secrets(self.data_dir / "secrets.json", (shop.id for shop in self._shops))

    async def _start_servers_and_shops(self) -> None:
        """Side by side: RabbitMQ alone takes 4 s, in which the database is migrated."""
        started = await asyncio.gather(
            self._start_database(), self._start_rabbitmq(), self._start_shops(), return_exceptions=True
        )
        for outcome in started:  # only now, so that nothing is still starting when down() stops what there is
            if isinstance(outcome, BaseException):
                raise outcome

    async def _start_database(self) -> None:
        return_port(self._ports["postgres"])
        self.postgres = await start_postgres(
            self.data_dir / "postgres", port=self._ports["postgres"], durable=self.options.durable
        )
        self._servers.append(self.postgres)
        if isinstance(self.postgres, GivenServer):
            self.database_url = self.postgres.url
            self._report("PostgreSQL: using DATABASE_URL")
        else:
            self.database_url = await ensure_database(self.postgres.url, DATABASE)
            self._report("PostgreSQL: started a private one")
        if self.options.services:
            await self._migrate()
            self._report("Database: up to date")

    async def _start_rabbitmq(self) -> None:
        self.rabbitmq = await start_rabbitmq(self.data_dir / "rabbitmq", report=self._report)
        self._servers.append(self.rabbitmq)
        given = isinstance(self.rabbitmq, GivenServer)
        self._report(f"RabbitMQ: {'using AMQP_URL' if given else 'started a private one'}")

    async def _start_shops(self) -> None:
        if self._shops:
            await self.supervisor.start(*(self._simulator(shop) for shop in self._shops))
            self._report("Shops: " + ", ".join(f"{id_} at {url}" for id_, url in self.shop_urls.items()))

    def _simulator(self, shop: SimulatedShop) -> ProcessSpec:
        name = _shop_process(shop)
        folder = self.data_dir / "shops" / shop.id
        folder.mkdir(parents=True, exist_ok=True)
        argv = [sys.executable, "-m", "simulator", "--host", LOOPBACK, "--port", str(self._ports[name])]
        argv += ["--data-dir", str(folder), "--key", self.secrets.shop_keys[shop.id]]
        argv += ["--languages", ",".join(shop.languages)]
        argv += [] if shop.categories is None else ["--categories", str(shop.categories)]
        argv += [] if shop.version is None else ["--version", shop.version]
        ready = f"{self._url(name)}/_simulator/requests?since_id={2**53}"  # answers with an empty list
        return ProcessSpec(name, tuple(argv), os.environ, self.log_paths[name], ready)

    async def _start_services(self) -> None:
        if not self.options.services:
            return
        wiring = self._wiring()
        specs = [self._service(service, wiring) for service in self.options.services]
        await self.supervisor.start(*specs, deadline_seconds=60)
        self._report("Services: " + ", ".join(self.options.services))

    def _wiring(self) -> Wiring:
        blobs = self.data_dir / "blobs"
        blobs.mkdir(exist_ok=True)
        shops_file = self.options.shops_file
        if shops_file is None:
            shops_file = self.data_dir / "shops.toml"
            write_secret(shops_file, shops_toml(self._shops, self.shop_urls, self.secrets))
        inbound_shop = next((shop.id for shop in self._shops), None)
        return Wiring(
            self.database_url, self.rabbitmq.url, blobs, shops_file.resolve(), self._ports, inbound_shop
        )

    def _service(self, service: str, wiring: Wiring) -> ProcessSpec:
        told = service_environment(service, wiring, self.secrets)
        return ProcessSpec(
            service,
            (sys.executable, "-m", service.replace("-", "_")),
            {**os.environ, **told, **self.options.environment},
            self.log_paths[service],
            self.health_urls[service],
        )

    async def _migrate(self) -> None:
        child = spawn(
            "migrations",
            [sys.executable, "-m", "common.database.migrate", *self.options.services],
            log=self.data_dir / "logs" / "migrations.log",
            environment={**os.environ, "SKUWIRE_DATABASE_URL": self.database_url},
        )
        try:
            status = await asyncio.wait_for(child.wait(), MIGRATION_SECONDS)
        except TimeoutError:
            raise MigrationFailed(f"migrations took longer than {MIGRATION_SECONDS:.0f} s") from None
        finally:
            await child.stop(5)
        if status != 0:
            raise MigrationFailed(
                f"migrations failed; the log ({child.log}) ends with:\n{child.last_lines()}"
            )

    def _write_addresses(self) -> None:
        """For whoever wants to find a running stack: `running_stack`."""
        command = getattr(self.rabbitmq, "rabbitmqctl", None)  # a broker that was given has none
        addresses = {
            "pid": os.getpid(),
            "gateway": self.gateway_url,
            "shops": self.shop_urls,
            "health": self.health_urls,
            "logs": {name: str(path) for name, path in self.log_paths.items()},
            "email": EMAIL,
            "password": self.secrets.password,
            "operator_token": self.secrets.operator_token,
            "inbound_secret": self.secrets.inbound_secret,
            "amqp": self.rabbitmq.url,
            "rabbitmqctl": asdict(command) if isinstance(command, Command) else None,
        }
        write_secret(self.data_dir / "stack.json", json.dumps(addresses, indent=2))


def is_taken(data_dir: Path) -> bool:
    """Whether a stack runs on a folder, or is starting or ending there."""
    try:
        with (data_dir / "lock").open("a") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def running_stack(data_dir: Path) -> dict[str, object] | None:
    """Addresses of the stack that runs on a folder.

    They are pid, gateway, shops, health, logs, email, password, operator_token,
    inbound_secret, amqp and rabbitmqctl.
    """
    if not is_taken(data_dir):
        return None
    try:
        addresses: dict[str, object] = json.loads((data_dir / "stack.json").read_text())
    except FileNotFoundError:  # still starting, or about to end
        return None
    return addresses


def _shop_process(shop: SimulatedShop) -> str:
    return f"shop-{shop.id}"
