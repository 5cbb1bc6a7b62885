"""Forward-only SQL migrations of one service's schema.

    python -m common.database.migrate validator

Files `migrations/0001_….sql` of the service's package are applied in order, each in its own transaction,
after those of `common` (inbox and outbox). An advisory lock lets any number of instances start at once; a
content hash refuses a file that was edited after it had been applied; `lock_timeout` keeps a migration
from queueing behind a long transaction.
"""

import argparse
import asyncio
import hashlib
import re
from dataclasses import dataclass
from importlib import resources

import asyncpg

from common.database.schema import schema_of
from common.settings import ServiceSettings

LOCK_TIMEOUT = "5s"
NAME = re.compile(r"^\d{4}_[a-z0-9_]+\.sql$")


class MigrationEdited(Exception):
    """A migration was changed after it had been applied; write a new file instead."""


class MigrationMisnamed(Exception):
    """A migration is called `0001_what_it_does.sql`, with a number of its own."""


@dataclass(frozen=True)
class Migration:
    """One SQL file. `name` is unique within the schema."""

    name: str
    sql: str

    @property
    def digest(self) -> str:
        return hashlib.sha256(self.sql.encode()).hexdigest()


def migrations_of(service: str) -> list[Migration]:
    """The files of `common`, then those of the service's package, by name."""
    found = []
    for package, prefix in (("common.database", "common/"), (schema_of(service), "")):
        folder = resources.files(package) / "migrations"
        if not folder.is_dir():
            continue
        files = sorted((f for f in folder.iterdir() if f.name.endswith(".sql")), key=lambda f: f.name)
        _check_names([file.name for file in files])
        found += [Migration(prefix + file.name, file.read_text()) for file in files]
    return found


def _check_names(names: list[str]) -> None:
    numbers: dict[str, str] = {}
    for name in names:
        if not NAME.match(name):
            raise MigrationMisnamed(f"{name}: call it like 0001_what_it_does.sql")
        if name[:4] in numbers:
            raise MigrationMisnamed(f"{name} has the number of {numbers[name[:4]]}; give it the next one")
        numbers[name[:4]] = name


async def migrate(database_url: str, service: str) -> list[str]:
    """Apply what is missing and return its names. Raises `MigrationEdited`."""
    schema = schema_of(service)
    connection = await asyncpg.connect(database_url, timeout=10)
    try:
        await connection.execute("select pg_advisory_lock(hashtext('skuwire.migrate'), hashtext($1))", schema)
        await connection.execute(f'create schema if not exists "{schema}"')
        await connection.execute(f'set search_path to "{schema}"')
        await connection.execute(f"set lock_timeout to '{LOCK_TIMEOUT}'")
        await connection.execute(
            "create table if not exists applied_migrations "
            "(name text primary key, digest text not null, applied_at timestamptz not null default now())"
        )
        rows = await connection.fetch("select name, digest from applied_migrations")
        applied = {row["name"]: row["digest"] for row in rows}
        return [m.name for m in migrations_of(service) if await _apply(connection, m, applied)]
    finally:
        await connection.close()


async def _apply(connection: asyncpg.Connection, migration: Migration, applied: dict[str, str]) -> bool:
    if migration.name in applied:
        if applied[migration.name] != migration.digest:
            raise MigrationEdited(f"{migration.name} was changed after it had been applied; add a new file")
        return False
    async with connection.transaction():
        await connection.execute(migration.sql)
        await connection.execute(
            "insert into applied_migrations (name, digest) values ($1, $2)", migration.name, migration.digest
        )
    return True


def main() -> None:
    """Command line: one service, the address from `SKUWIRE_DATABASE_URL`."""
    parser = argparse.ArgumentParser(
        prog="python -m common.database.migrate",
        description="Bring a service's schema up to date.",
        epilog="example: SKUWIRE_DATABASE_URL=postgresql://… python -m common.database.migrate validator",
    )
    parser.add_argument("service", nargs="+", help="gateway, validator, prestashop-writer, …")
    services = parser.parse_args().service
    database_url = ServiceSettings().database_url.get_secret_value()
    for service in services:
        for name in asyncio.run(migrate(database_url, service)):
            print(f"{service}: applied {name}")  # noqa: T201 - the command's output


if __name__ == "__main__":
    main()
