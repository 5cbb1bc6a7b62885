"""Migrations: in order, once, by any number of instances at a time, never edited."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import pytest

from common.database.migrate import MigrationEdited, MigrationMisnamed, migrate, migrations_of

MakePackage = Callable[[dict[str, str]], tuple[str, Path]]
FIRST, SECOND = "create table notes (id int);", "alter table notes add text text;"
SERVICES = ["gateway", "validator", "prestashop-writer", "image-processor", "webhook-relay"]


@pytest.fixture
def make_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakePackage:
    def make(files: dict[str, str]) -> tuple[str, Path]:
        package = f"migrated_{uuid4().hex[:8]}"
        folder = tmp_path / package / "migrations"
        folder.mkdir(parents=True)
        (folder.parent / "__init__.py").write_text("")
        for name, sql in files.items():
            (folder / name).write_text(sql)
        monkeypatch.syspath_prepend(tmp_path)
        return package, folder

    return make


async def test_files_are_applied_in_order_and_once(database: str, make_package: MakePackage) -> None:
    service, folder = make_package({"0001_first.sql": FIRST})
    assert (await migrate(database, service))[-1] == "0001_first.sql"

    (folder / "0002_second.sql").write_text(SECOND)

    assert await migrate(database, service) == ["0002_second.sql"]
    assert await migrate(database, service) == []


async def test_instances_that_start_together_migrate_once(database: str, make_package: MakePackage) -> None:
    service, _ = make_package({"0001_first.sql": FIRST, "0002_second.sql": SECOND})

    applied = await asyncio.gather(*(migrate(database, service) for _ in range(5)))

    assert sorted(map(len, applied)) == [0, 0, 0, 0, len(migrations_of(service))]


async def test_a_file_that_was_edited_after_it_had_been_applied_is_refused(
    database: str, make_package: MakePackage
) -> None:
    service, folder = make_package({"0001_first.sql": FIRST})
    await migrate(database, service)
    (folder / "0001_first.sql").write_text(FIRST + " -- edited")

    with pytest.raises(MigrationEdited, match=r"0001_first\.sql was changed .* add a new file"):
        await migrate(database, service)


async def test_a_file_that_fails_leaves_nothing_and_stops_the_rest(
    database: str, make_package: MakePackage
) -> None:
    service, folder = make_package({"0001_first.sql": FIRST + " select nothing;", "0002_second.sql": SECOND})
    with pytest.raises(asyncpg.UndefinedColumnError):
        await migrate(database, service)

    (folder / "0001_first.sql").write_text(FIRST)  # it was never applied, so it may be set right

    assert await migrate(database, service) == ["0001_first.sql", "0002_second.sql"]


@pytest.mark.parametrize(
    ("names", "says"),
    [
        (["1_first.sql"], "1_first.sql: call it like 0001_what_it_does.sql"),
        (["0001 First.sql"], "call it like"),
        (["0001_first.sql", "0001_second.sql"], "0001_second.sql has the number of 0001_first.sql"),
    ],
)
def test_a_misnamed_file_is_refused(make_package: MakePackage, names: list[str], says: str) -> None:
    service, _ = make_package(dict.fromkeys(names, FIRST))

    with pytest.raises(MigrationMisnamed, match=says):
        migrations_of(service)


@pytest.mark.parametrize("service", SERVICES)
async def test_every_service_has_its_tables_in_its_own_schema(database: str, service: str) -> None:
    await migrate(database, service)

    connection: Any = await asyncpg.connect(database)
    try:
        schemas = await connection.fetch(
            "select distinct schemaname from pg_tables "
            "where schemaname not like all (array['pg_%', 'information%'])"
        )
    finally:
        await connection.close()
    assert [row["schemaname"] for row in schemas] == [service.replace("-", "_")]
