"""No service needs a superuser: a login that owns its database alone keeps tenants apart all the same."""

import asyncio
import secrets
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
from pydantic import SecretStr

from common.database import open_database
from common.database.migrate import migrate
from common.database.pool import Database
from common.settings import ServiceSettings
from stack.postgres import create_database, drop_database, start_embedded_postgres
from stack.servers import Server

SERVICES = ["gateway", "validator", "prestashop-writer", "image-processor", "webhook-relay"]


@dataclass(frozen=True)
class Login:
    """Somebody who may log in and owns a database."""

    name: str
    word: str = field(repr=False)
    database_url: str = field(repr=False)


async def ask(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def new_login(server_url: str, rights: str = "") -> Login:
    name, word = f"login_{secrets.token_hex(6)}", secrets.token_hex(12)
    await ask(server_url, f"create role {name} login nosuperuser {rights} password '{word}'")
    return await new_database(server_url, Login(name, word, ""), name)


async def new_database(server_url: str, login: Login, name: str) -> Login:
    parts = urlsplit(await create_database(server_url, name))
    await ask(server_url, f"alter database {name} owner to {login.name}")
    own = f"{login.name}:{login.word}@{parts.hostname}:{parts.port}"
    return replace(login, database_url=parts._replace(netloc=own).geturl())


@pytest.fixture
async def login(postgres_server: Server, database: str) -> AsyncIterator[Login]:
    await migrate(database, "gateway")  # so that the server has the role
    login = await new_login(postgres_server.url)
    yield login
    await drop_database(postgres_server.url, login.name)
    await ask(postgres_server.url, f"drop role {login.name}")


async def assert_tenants_are_apart(login: Login) -> None:
    database = await open_database(ServiceSettings(database_url=SecretStr(login.database_url)), "gateway")
    try:
        assert not await database.pool.fetchval(
            "select rolsuper or rolbypassrls from pg_roles where rolname = current_user"
        )
        await _try_everything(database)
    finally:
        await database.close()


async def _try_everything(database: Database) -> None:
    async with database.transaction() as connection:  # the service itself: for all tenants
        for tenant in ("acme", "other"):
            await connection.execute("insert into products (tenant, reference) values ($1, 'A')", tenant)
    async with database.of("acme").transaction() as connection:
        await connection.execute("insert into products (tenant, reference) values ('acme', 'B')")
        seen = await connection.fetch("select tenant, reference from products order by reference")
        assert [tuple(row) for row in seen] == [("acme", "A"), ("acme", "B")]
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
        async with database.of("acme").transaction() as connection:
            await connection.execute("insert into products (tenant, reference) values ('other', 'B')")
    assert await database.pool.fetchval("select count(*) from products") == 3  # and is itself again


async def test_a_login_that_was_given_the_role(login: Login, postgres_server: Server) -> None:
    await ask(postgres_server.url, f"grant skuwire_tenant to {login.name}")

    await asyncio.gather(*(migrate(login.database_url, service) for service in SERVICES))

    await assert_tenants_are_apart(login)


async def test_a_login_without_the_role_is_told_what_to_ask_for(login: Login) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError, match=f"grant skuwire_tenant to {login.name};"):
        await migrate(login.database_url, "gateway")


async def test_logins_that_make_the_role_all_at_once(tmp_path: Path) -> None:
    server = await start_embedded_postgres(tmp_path, durable=False)
    try:
        login = await new_login(server.url, "createrole")
        others = [await new_database(server.url, login, f"another_{number}") for number in range(4)]
        await asyncio.gather(
            *(migrate(login.database_url, service) for service in SERVICES),
            *(migrate(other.database_url, "gateway") for other in others),
        )
        await assert_tenants_are_apart(login)
    finally:
        await server.stop()
