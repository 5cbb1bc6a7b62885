"""Every route with every scope and with another tenant's ids; then the same with the database's lock alone.

With that lock alone means: the caller is of the other tenant, so that each filter of the gateway's own lets
everything through, while the database is asked in the name of the first.
"""

import hashlib
import hmac
import json
import secrets
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from structlog.testing import capture_logs

from common.database import Database, RowsOf, TenantDatabase, open_database
from common.database.migrate import migrate
from common.messages import ChunkCompleted, ChunkSubmitted
from gateway.access.scopes import Role, Scope, granted
from gateway.inbound.sources import InboundSource
from gateway.operations.every import every_operation
from gateway.operations.operation import Open, Operation
from gateway.settings import GatewaySettings
from gateway.testing import Answer, Client, Running, StartGateway, eventually, logged_in, nothing_yet, written
from gateway.testing_tenants import ASKING, WITHOUT_IDS, Ids, masked, named_in, place
from webhook_relay.posting import Poster
from webhook_relay.routes import internal_routes
from webhook_relay.settings import RelaySettings

TOKEN = SecretStr("an internal token of the tests")
SIGNED_BY = {"acme": "Qm7vX2rT9kLs4wZc8pBn5yHd3jFg6aUe", "other": "Hn4xR8tW2qKv6zPc9mJb3yLd7sGf5uAe"}
PNG = b"\x89PNG\r\n\x1a\n" + b"a picture of the other tenant"
PRODUCT = {"operation": "create", "reference": "OTHERS-1", "name": "Machine", "price": 10, "quantity": 1}

OPERATIONS = every_operation()
ASKED = [(method, path, asking) for (method, path), ways in ASKING.items() for asking in ways]


def _is_for_tenants(operation: Operation) -> bool:
    return isinstance(operation.scope, Scope) or operation.scope is Open.TO_CALLERS


LISTS = [
    one.path for one in OPERATIONS if one.method == "GET" and "{" not in one.path and not one.is_open_to_all
]
BERGEN = {"id": "bergen", "name": "Bergen", "url": "https://bergen.example.com/"}
PRICE = {"operation": "update", "price": 11}
ABSENT = Ids(
    tenant="nobody",
    shop="nowhere",
    shop_id="nowhere-either",
    user_id="user_00000000000000000000000000000000",
    api_key_id="key_0000000000000000",
    sync_id="sync_0000000000000",
    bulk_id="bulk_0000000000000",
    reference="NOBODYS-1",
    product_id=8_888_001,
    presta_id=8_888_002,
    sha256=hashlib.sha256(b"never sent").hexdigest(),
    webhook_id="00000000-0000-4000-8000-000000000001",
    delivery_id="00000000-0000-4000-8000-000000000002",
    idempotency_key="never-used",
    letter_id="00000000-0000-4000-8000-000000000003",
    replay_id="rpl_0000000000000000",
)


@dataclass
class World:
    """Two tenants, and what the other one has."""

    gateway: Running
    relay: Database
    other: Client
    ids: Ids

    async def rows_of_other(self) -> dict[str, Any]:
        """Everything that the other tenant has, table by table."""
        kept = {}
        for database in (self.gateway.database, self.relay):
            tables = await database.pool.fetch(
                "select relname as name from pg_attribute join pg_class on pg_class.oid = attrelid where "
                "attname = 'tenant' and relkind = 'r' and relnamespace = current_schema()::regnamespace"
            )
            for table in tables:
                select = f"select to_jsonb(t) as row from {table['name']} t where tenant = 'other' order by 1"
                kept[f"{database.service} {table['name']}"] = await database.pool.fetch(select)
        return kept


@pytest.fixture
async def settings(settings: GatewaySettings) -> GatewaySettings:
    sources = tuple(
        InboundSource(name=f"erp-{shop}", shop=shop, secrets=(SecretStr(SIGNED_BY[tenant]),))
        for tenant, shop in (("acme", "milano"), ("other", "oslo"))
    )
    sealing = {"shops_sealing_secret": SecretStr(secrets.token_urlsafe(48))}
    many = {"quota_address_max_requests": 1_000_000, "quota_max_requests": 1_000_000}
    return settings.model_copy(
        update={"inbound_webhooks": sources, "internal_token": TOKEN, **sealing, **many}
    )


@asynccontextmanager
async def serving_relay(rows_of: RowsOf) -> AsyncIterator[str]:
    poster = Poster(connect_timeout_seconds=5, total_timeout_seconds=5, connections=4)
    relay_settings = RelaySettings(
        internal_token=TOKEN, sealing_secret=SecretStr("a-sealing-secret-of-the-tests-long-enough")
    )
    app = web.Application()
    app.add_routes(internal_routes(rows_of, relay_settings, poster, lambda: None))
    try:
        async with TestServer(app) as server:
            yield str(server.make_url("")).rstrip("/")
    finally:
        await poster.close()


@pytest.fixture
async def world(settings: GatewaySettings, start_gateway: StartGateway) -> AsyncIterator[World]:
    await migrate(settings.database_url.get_secret_value(), "webhook-relay")
    relay = await open_database(settings, "webhook-relay")
    async with serving_relay(relay.of) as relay_url:
        gateway = await start_gateway(relay_url=relay_url)
        gateway.stations.script = _written
        other = await logged_in(gateway, "admin@other.example", Role.ADMIN, tenant="other")
        ids = await _what_the_other_has(gateway, other, relay)
        gateway.stations.script = nothing_yet
        yield World(gateway, relay, other, ids)
    await relay.close()


def _written(submitted: ChunkSubmitted) -> list[ChunkCompleted]:
    outcomes = tuple(written(change, presta_id=7_777_001) for change in submitted.changes)
    return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)]


async def _what_the_other_has(gateway: Running, other: Client, relay: Database) -> Ids:
    key = await other.post("/api/v1/auth/api-keys", {"name": "theirs", "scopes": ["products:read"]})
    user = await other.post(
        "/api/v1/users", {"email": "second@other.example", "password": "A second one, 12!", "role": "admin"}
    )
    sync = await other.post("/api/products/sync", PRODUCT, headers={"Idempotency-Key": "theirs-1"})
    item = {"reference": "OTHERS-2", "name": "Mill", "price": "9.90"}
    bulk = await other.post("/api/products/bulk", {"items": [item]})
    bulk_id = bulk.body["data"]["bulkId"]

    sha256 = hashlib.sha256(PNG).hexdigest()
    assert (await other("PUT", f"/api/v1/media/{sha256}", data=PNG)).status == 201
    shop = await other.post("/api/v1/shops?check=later", {**BERGEN, "key": secrets.token_hex(16).upper()})
    webhook = await other.post("/api/v1/webhooks", {"url": "https://other.example/hook"})
    webhook_id = webhook.body["data"]["id"]
    assert (await deliver(gateway, "other", "theirs-2")).status == 200

    async def nothing_is_open() -> bool:
        still = "select count(*) from submissions where finished_at is null"
        return await gateway.database.pool.fetchval(still) == 0

    await eventually(nothing_is_open)
    return Ids(
        tenant="other",
        shop="oslo",
        shop_id=shop.body["data"]["id"],
        user_id=user.body["data"]["user_id"],
        api_key_id=key.body["data"]["api_key_id"],
        sync_id=sync.body["data"]["syncId"],
        bulk_id=bulk_id,
        reference=PRODUCT["reference"],
        product_id=sync.body["data"]["productId"],
        presta_id=7_777_001,
        sha256=sha256,
        webhook_id=webhook_id,
        delivery_id=await _delivered(relay, "other", webhook_id),
        idempotency_key="theirs-1",
        letter_id=await _parked(gateway.database, "other"),
        replay_id=await _replaying(gateway.database, "other"),
    )


async def _delivered(relay: Database, tenant: str, webhook_id: str) -> str:
    """A delivery to the tenant's webhook; its id."""
    delivery_id = uuid4()
    await relay.pool.execute(
        """
        insert into deliveries (id, endpoint_id, webhook_id, event_type, tenant, shop, subject, body, due_at)
        values ($1, $2, $3, 'bulk.chunk.completed', $4, 'oslo', 'bulk_1_0', '{}', now())
        """,
        delivery_id,
        UUID(webhook_id),
        f"msg_{delivery_id.hex}",
        tenant,
    )
    return str(delivery_id)


async def _parked(database: Database, tenant: str) -> str:
    """A dead letter of the tenant's; its id."""
    letter_id = uuid4()
    await database.pool.execute(
        """
        insert into dead_letters
            (letter_id, message_id, message_type, service, attempts, reason, traceback, headers, body, shop)
        values ($1, 'm-1', 'chunk.validated.v1', 'validator', 5, '', '', $2, '', 'oslo')
        """,
        letter_id,
        {"tenant": tenant},
    )
    return str(letter_id)


async def _replaying(database: Database, tenant: str) -> str:
    """A replay that the tenant has started; its id."""
    replay_id = f"rpl_{uuid4().hex[:16]}"
    await database.pool.execute(
        """
        insert into dead_letter_replays (replay_id, tenant, filter, rate, state, total, started_by)
        values ($1, $2, '{}', 10, 'finished', 0, 'somebody')
        """,
        replay_id,
        tenant,
    )
    return replay_id


async def deliver(gateway: Running, tenant: str, delivery_id: str) -> Any:
    """A webhook of the tenant's ERP."""
    body = json.dumps({**PRODUCT, "reference": "TOLD-1"}).encode()
    at = str(int(time.time()))
    signature = hmac.digest(SIGNED_BY[tenant].encode(), f"{at}.".encode() + body, hashlib.sha256).hex()
    headers = {
        "Content-Type": "application/json",
        "X-GeSmart-Signature": f"sha256={signature}",
        "X-GeSmart-Timestamp": at,
        "X-GeSmart-Delivery": delivery_id,
        "X-GeSmart-Event": "product.created",
        "Authorization": "none",
    }
    return await gateway.client("POST", "/api/webhooks/gesmart/products", data=body, headers=headers)


def test_every_route_says_how_it_is_asked_for_what_is_another_tenant_s() -> None:
    routes = {(one.method, one.path) for one in OPERATIONS if _is_for_tenants(one)}
    known = set(ASKING) | WITHOUT_IDS
    assert routes - known == set(), (
        "say in gateway/testing_tenants.py with which ids of another tenant these may be asked (ASKING), "
        "or that they take none (WITHOUT_IDS)"
    )
    assert known - routes == set(), "gateway/testing_tenants.py names routes that there are not"


def test_a_new_id_is_masked_whatever_ids_stand_in_it() -> None:
    theirs = replace(ABSENT, product_id=9991)
    one, two = (Answer(202, {}, {"id": f"rpl_1eb14{digits}8138eb"}) for digits in ("9991", "abcd"))
    assert masked(one, theirs) == masked(two, theirs)


async def test_every_route_opens_to_the_scopes_of_its_operation_alone(gateway: Running) -> None:
    admin = gateway.client
    scopes: dict[str, frozenset[Scope]] = {}
    for scope in Scope:
        made = await admin.post("/api/v1/auth/api-keys", {"name": scope.value, "scopes": [scope.value]})
        scopes[made.body["data"]["key"]] = granted([scope], Role.ADMIN)
    nobody = Client(admin.http, admin.url)
    asked = 0
    for operation in OPERATIONS:
        if operation.is_open_to_all:
            continue
        method, path, scope = operation.method, operation.path, operation.scope
        assert (await nobody(method, place(path, ABSENT))).status == 401, (method, path)
        for key, has in scopes.items():
            answer = await nobody(method, place(path, ABSENT), headers={"X-API-Key": key})
            case = f"{method} {path} with {sorted(has)}: {answer.status} {answer.body}"
            if scope is Open.TO_CALLERS or scope in has:
                assert answer.status not in {401, 403}, case
            elif isinstance(scope, Scope):
                assert answer.status == 403, case
                assert f'scope="{scope}"' in answer.headers["WWW-Authenticate"], case
            else:
                assert answer.status in {401, 403}, case  # the operator's
            asked += 1
    assert asked > 30 * len(Scope)


async def test_another_tenant_s_id_is_the_same_as_one_that_there_never_was(world: World) -> None:
    client, before = world.gateway.client, await world.rows_of_other()
    await _assert_the_other_finds_it(world)
    for path in LISTS:
        answer = await client.get(path)
        assert (answer.status, named_in(answer, world.ids)) == (200, []), path
    await _asked_for("", client, world.ids, ABSENT)
    webhook = await client.post("/api/v1/webhooks", {"url": "https://acme.example/hook"})
    own = webhook.body["data"]["id"]  # beneath it the other's delivery is looked for as well
    await _asked_for(
        "{delivery_id}", client, replace(world.ids, webhook_id=own), replace(ABSENT, webhook_id=own)
    )
    await _asked_for("{shop_id}", client, replace(world.ids, shop_id=world.ids.shop), ABSENT)
    own = await deliver(world.gateway, "acme", "theirs-2")  # the other's ERP has sent one of this name
    assert (own.status, "Idempotency-Replayed" in own.headers) == (200, False)
    world.gateway.stations.script = _written  # even where a station took it for the tenant's own
    given = await client.post("/api/products/sync", {**PRICE, "product_id": world.ids.product_id})
    assert given.status == 200
    assert await world.rows_of_other() == before
    own = [c for one in world.gateway.stations.submitted if one.chunk.tenant == "acme" for c in one.changes]
    assert any(change.product_id == world.ids.product_id for change in own)  # the validator knows no such
    assert all(change.product_id != world.ids.product_id or change.reference is None for change in own)


async def _assert_the_other_finds_it(world: World) -> None:
    for method, path, asking in ASKED:
        if method in {"GET", "HEAD"}:
            answer = await asking.answer(world.other, method, path, world.ids)
            assert answer.status == 200, f"{method} {path} {asking}: {answer.body}"


async def _asked_for(part: str, client: Client, theirs: Ids, nobodys: Ids) -> None:
    for method, path, asking in ASKED:
        if part in path:
            found = await asking.answer(client, method, path, theirs)
            absent = await asking.answer(client, method, path, nobodys)
            case = f"{method} {path} {asking}"
            assert masked(found, theirs, nobodys) == masked(absent, theirs, nobodys), case


async def test_the_database_alone_keeps_tenants_apart(
    world: World, start_gateway: StartGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Database, "of", lambda self, _tenant: TenantDatabase(self, "acme"))
    absent = replace(ABSENT, tenant="other", shop="oslo")  # these two stand in no table
    async with serving_relay(world.relay.of) as relay_url:
        locked = await start_gateway(relay_url=relay_url)
        other = await logged_in(locked, "third@other.example", Role.ADMIN, tenant="other")
        before = await world.rows_of_other()
        with capture_logs() as told:
            await _asked_for("", other, world.ids, absent)
            assert (await deliver(replace(locked, client=other), "other", "theirs-3")).status == 500
            for path in LISTS:
                answer = await other.get(path)
                assert named_in(answer, replace(world.ids, tenant="(its own)", shop="(its own)")) == [], path
        failed = {type(one["exc_info"]) for one in told if one["event"] == "request.failed"}
        assert failed == {asyncpg.InsufficientPrivilegeError}
        assert await world.rows_of_other() == before
