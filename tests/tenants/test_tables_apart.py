"""Every table of the services that answer requests keeps tenants apart by itself: whatever the SQL says."""

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest

from common.database import TenantDatabase, open_database
from common.database.migrate import migrate
from common.database.pool import Database
from common.database.schema import schema_of
from common.settings import ServiceSettings

SERVICES = ["gateway", "webhook-relay"]
OWN, OTHER = "acme", "other"

_TABLES = """
    select relname as name, relkind::text as kind, relrowsecurity and relforcerowsecurity as forced,
        exists (select from pg_attribute where attrelid = pg_class.oid and attname = 'tenant') as has_tenant,
        has_table_privilege('skuwire_tenant', pg_class.oid, 'select, insert, update, delete, truncate')
            as reachable,
        array(
            select row (polcmd, pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid))::text
            from pg_policy where polrelid = pg_class.oid and polpermissive
                and polroles && array[0, (select oid from pg_roles where rolname = 'skuwire_tenant')]
        ) as policies,
        array(
            select row ('*', own, own)::text from (values
                ('(tenant = current_setting(''skuwire.tenant''::text, true))'),
                ('((headers ->> ''tenant''::text) = current_setting(''skuwire.tenant''::text, true))')
            ) as known(own)
        ) as expected
    from pg_class where relnamespace = current_schema()::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')
"""

_COLUMNS = """
    select attname as name, format_type(atttypid, null) as type, attnotnull and not atthasdef as needed,
        attgenerated::text <> '' as generated
    from pg_attribute
    where attrelid = $1::text::regclass and attnum > 0 and not attisdropped and attidentity = ''
    order by attnum
"""

_ADD = "insert into {table} ({names}) select {names} from jsonb_populate_record(null::{table}, $1)"

# Rows are made up by their types alone, so that a new table needs nothing here.
_LET_ANYTHING_IN = """
    do $$
    declare held record;
    begin
        for held in select conrelid::regclass as held_by, conname from pg_constraint
            where contype in ('c', 'f') and connamespace = current_schema()::regnamespace
        loop
            execute format('alter table %s drop constraint %I', held.held_by, held.conname);
        end loop;
    end
    $$
"""


@pytest.fixture(params=SERVICES)
async def service(request: pytest.FixtureRequest, database: str) -> AsyncIterator[Database]:
    await migrate(database, request.param)
    opened = await open_database(ServiceSettings(database_url=database), request.param)
    yield opened
    await opened.close()


async def test_every_table_with_tenants_is_guarded(service: Database) -> None:
    for table in await service.pool.fetch(_TABLES):
        if not (table["has_tenant"] or table["reachable"]):
            continue  # nobody's rows, and no request gets at them
        name = f"{schema_of(service.service)}.{table['name']}"
        assert table["kind"] in "rp", f"{name} reads as its owner, who sees all tenants: revoke it"
        guarded = (
            table["forced"] and len(table["policies"]) == 1 and table["policies"][0] in table["expected"]
        )
        assert guarded, (
            f"nothing keeps tenants apart in {name}. Give it `tenant text not null` (the parent's, by a "
            f"foreign key over both) and write beneath its create table: "
            f"select keep_tenants_apart('{table['name']}'); its policies are {table['policies']}"
        )


async def test_the_role_of_requests_can_do_nothing_else(service: Database) -> None:
    role = await service.pool.fetchrow(
        """
        select rolsuper, rolbypassrls, rolcanlogin, rolcreaterole, rolcreatedb, rolreplication,
            exists (select from pg_auth_members where member = pg_roles.oid) as is_somebody_else,
            exists (select from pg_class where relowner = pg_roles.oid) as owns_tables,
            has_schema_privilege(oid, current_schema(), 'create') as makes_tables
        from pg_roles where rolname = 'skuwire_tenant'
        """
    )
    assert not any(role.values()), dict(role)


@dataclass
class Rows:
    """One row of each tenant in every guarded table."""

    service: Database
    tables: list[str]

    @property
    def own(self) -> TenantDatabase:
        return self.service.of(OWN)

    async def columns(self, table: str) -> list[Any]:
        return list(await self.service.pool.fetch(_COLUMNS, table))

    async def make(self, table: str, tenant: str, number: int) -> None:
        columns = [one for one in await self.columns(table) if not one["generated"]]
        filled = [one for one in columns if one["needed"] or one["name"] == "tenant"]
        values = {one["name"]: _made_up(one, tenant, number) for one in filled}
        names = ", ".join(values)
        await self.service.pool.execute(_ADD.format(table=table, names=names), values | {"tenant": tenant})

    async def whose(self, table: str) -> str:
        columns = {one["name"] for one in await self.columns(table)}
        return "tenant" if "tenant" in columns else "headers ->> 'tenant'"


def _made_up(column: Any, tenant: str, number: int) -> object:
    """A value as JSON, of whatever type the column is."""
    by_type: dict[str, object] = {
        "text": f"{column['name']} of {tenant}",
        "bytea": f"\\x{number:02}",
        "jsonb": {"tenant": tenant},
        "uuid": f"00000000-0000-4000-8000-{number:012}",
        "boolean": False,
        "timestamp with time zone": "2026-01-01T00:00:00Z",
        **dict.fromkeys(("smallint", "integer", "bigint", "real", "double precision"), number),
    }
    if column["type"].endswith("[]"):
        return []
    assert column["type"] in by_type, f"add what a {column['type']} may be, for {column['name']}"
    return by_type[column["type"]]


@pytest.fixture
async def rows(service: Database) -> Rows:
    await service.pool.execute(_LET_ANYTHING_IN)
    guarded = [table["name"] for table in await service.pool.fetch(_TABLES) if table["policies"]]
    rows = Rows(service, guarded)
    for table in guarded:
        for number, tenant in enumerate((OWN, OTHER), 1):
            await rows.make(table, tenant, number)
    return rows


async def test_a_request_sees_no_row_of_another_tenant(rows: Rows) -> None:
    for table in rows.tables:
        async with rows.own.transaction() as connection:
            seen = await connection.fetch(f"select {await rows.whose(table)} as tenant from {table}")
        assert [row["tenant"] for row in seen] == [OWN], table
        assert await rows.service.pool.fetchval(f"select count(*) from {table}") == 2, table


async def test_a_request_that_names_no_tenant_sees_nothing(rows: Rows) -> None:
    for table in rows.tables:
        async with rows.service.transaction() as connection:
            await connection.execute("set local role skuwire_tenant")
            assert await connection.fetchval(f"select count(*) from {table}") == 0, table


async def test_a_request_changes_and_removes_no_row_of_another_tenant(rows: Rows) -> None:
    for table in reversed(rows.tables):
        [column, *_] = [one["name"] for one in await rows.columns(table) if not one["generated"]]
        async with rows.own.transaction() as connection:
            await connection.execute(f"update {table} set {column} = {column}")
            await connection.execute(f"delete from {table}")
        left = await rows.service.pool.fetch(f"select {await rows.whose(table)} as tenant from {table}")
        assert [row["tenant"] for row in left] == [OTHER], table


async def test_a_request_makes_no_row_for_another_tenant(rows: Rows) -> None:
    for table in rows.tables:
        names = ", ".join(one["name"] for one in await rows.columns(table) if not one["generated"])
        whose = await rows.whose(table)
        foreign = await rows.service.pool.fetchval(
            f"delete from {table} where {whose} = $1 returning to_jsonb({table})", OTHER
        )
        assert foreign is not None, table
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with rows.own.transaction() as connection:
                await connection.execute(_ADD.format(table=table, names=names), foreign)


async def test_a_request_gives_no_row_away(rows: Rows) -> None:
    for table in rows.tables:
        tenant = {one["name"]: one["generated"] for one in await rows.columns(table)}.get("tenant")
        if tenant is False:
            given, value = "tenant = $1", OTHER
        else:
            given, value = "headers = $1::text::jsonb", json.dumps({"tenant": OTHER})
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="row-level security"):
            async with rows.own.transaction() as connection:
                await connection.execute(f"update {table} set {given}", value)


async def test_a_request_gets_at_no_other_table(service: Database) -> None:
    shut = [table["name"] for table in await service.pool.fetch(_TABLES) if not table["policies"]]
    assert {"inbox", "applied_migrations"} <= set(shut)
    for table in shut:
        with pytest.raises(asyncpg.InsufficientPrivilegeError, match="permission denied"):
            async with service.of(OWN).transaction() as connection:
                await connection.fetchval(f"select count(*) from {table}")
