"""API keys: made once, kept as a hash, worth what their creator's role is worth."""

from datetime import UTC, datetime, timedelta
from typing import Any

from pydantic import SecretStr

from gateway.access.key_texts import is_well_formed, new_api_key
from gateway.access.scopes import SCOPES_OF_ROLE, Role, Scope
from gateway.testing import (
    CREDENTIAL_SECRET,
    Answer,
    Client,
    Running,
    StartGateway,
    logged_in,
    within,
)

KEYS = "/api/v1/auth/api-keys"
ME = "/api/v1/auth/me"
SYNC = "/api/products/sync"
BULK = "/api/products/bulk"
PRODUCT = {"operation": "create", "reference": "P1", "name": "Product", "price": 1, "quantity": 1}
OF_SEED_001 = {
    "name": "Intégration ERP Production",
    "scopes": ["products:read", "products:write", "imports:write", "exports:read"],
    "expires_at": None,
}


async def new_key(client: Client, *scopes: str, **more: Any) -> dict[str, Any]:
    answer = await client.post(KEYS, {"name": "ERP", "scopes": list(scopes)} | more)
    assert answer.status == 201, answer.body
    data: dict[str, Any] = answer.body["data"]
    return data


def with_key(client: Client, key: str) -> Client:
    return Client(client.http, client.url, key)


async def asked_with(client: Client, key: str, path: str = ME) -> Answer:
    return await Client(client.http, client.url).get(path, headers={"X-API-Key": key})


async def test_a_key_is_made_as_the_api_describes_it(gateway: Running) -> None:
    answer = await gateway.client.post(KEYS, OF_SEED_001)
    data = answer.body["data"]
    assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
    assert data.keys() == {"api_key_id", "name", "key", "scopes", "created_at", "expires_at"}
    assert (data["name"], data["expires_at"]) == (OF_SEED_001["name"], None)
    assert data["scopes"] == OF_SEED_001["scopes"]
    assert data["key"].startswith("pm_live_")
    assert is_well_formed(data["key"])
    assert data["api_key_id"].startswith("key_")
    sync = await gateway.client.post("/api/auth/api-keys", OF_SEED_001)
    assert (sync.status, sync.body["success"]) == (201, True)


async def test_a_key_is_sent_in_either_header_and_acts_for_its_tenant(gateway: Running) -> None:
    key = (await new_key(gateway.client, "products:read", "products:write"))["key"]
    assert (await asked_with(gateway.client, key)).body["data"]["tenant_id"] == "acme"
    answer = await with_key(gateway.client, key).get(ME)
    assert answer.body["data"]["scopes"] == ["products:read", "products:write"]
    assert (await with_key(gateway.client, key).post(SYNC, PRODUCT)).status == 200
    other = await with_key(gateway.client, key).get(ME, headers={"X-Tenant-Id": "other"})
    assert other.status == 403


async def test_a_key_is_shown_once_and_kept_as_a_hash(gateway: Running) -> None:
    made = await new_key(gateway.client, "products:read")
    [listed] = (await gateway.client.get(KEYS)).body["data"]["api_keys"]
    assert listed["key_start"] == made["key"][:12]
    assert made["key"] not in str(listed)
    row = await gateway.database.pool.fetchval("select api_keys::text from api_keys")
    assert made["key"] not in row
    assert made["key"].encode().hex() not in row


async def test_a_mistyped_key_is_refused_without_asking_the_database(gateway: Running) -> None:
    key = (await new_key(gateway.client, "products:read"))["key"]
    mistyped = key[:-1] + ("a" if key[-1] != "a" else "b")
    async with gateway.database.transaction() as connection:
        await connection.execute("lock table api_keys, guesses, users in access exclusive mode")
        answer = await asked_with(gateway.client, mistyped)
        assert (answer.status, "checksum" in answer.body["error"]["message"]) == (401, True)


async def test_a_scope_that_is_missing_is_named(gateway: Running) -> None:
    reader = with_key(gateway.client, (await new_key(gateway.client, "products:read"))["key"])
    answer = await reader.post(SYNC, PRODUCT)
    assert answer.status == 403
    assert answer.headers["WWW-Authenticate"] == (
        'Bearer realm="skuwire", error="insufficient_scope", scope="products:write"'
    )
    writer = with_key(gateway.client, (await new_key(gateway.client, "products:write"))["key"])
    assert (await writer.post(SYNC, PRODUCT)).status == 200
    assert (await writer("DELETE", f"{SYNC}/P1")).status == 403
    deletion = {"items": [{"reference": "P1"}, {"reference": "P2", "operation": "delete"}]}
    assert 'scope="products:delete"' in (await writer.post(BULK, deletion)).headers["WWW-Authenticate"]


async def test_a_key_never_reaches_beyond_its_creator(gateway: Running) -> None:
    admin = gateway.client
    manager = await logged_in(gateway, "manager@example.com", Role.MANAGER)
    assert (await manager.post(KEYS, OF_SEED_001)).status == 403
    second = await logged_in(gateway, "second@example.com", Role.ADMIN)
    key = (await new_key(second, "admin:*"))["key"]
    assert set((await asked_with(admin, key)).body["data"]["scopes"]) == set(Scope)
    second_id = (await second.get(ME)).body["data"]["user_id"]
    await admin("PATCH", f"/api/v1/users/{second_id}", json={"role": "viewer"})
    reached = set((await asked_with(admin, key)).body["data"]["scopes"])
    assert reached == SCOPES_OF_ROLE[Role.VIEWER]
    await admin("DELETE", f"/api/v1/users/{second_id}")
    assert (await asked_with(admin, key)).status == 401


async def test_a_key_makes_no_key_with_more_than_its_own_scopes(gateway: Running) -> None:
    admin = with_key(gateway.client, (await new_key(gateway.client, "admin:*"))["key"])
    assert (await new_key(admin, "products:delete"))["scopes"] == ["products:delete"]
    assert (await admin.post(KEYS, OF_SEED_001 | {"test": True})).status == 403


async def test_a_key_runs_out(gateway: Running) -> None:
    soon = datetime.now(UTC) + timedelta(hours=1)
    made = await new_key(gateway.client, "products:read", expires_at=soon.isoformat())
    assert made["expires_at"] == soon.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert (await asked_with(gateway.client, made["key"])).status == 200
    await gateway.database.pool.execute("update api_keys set expires_at = now()")

    async def run_out() -> bool:
        return (await asked_with(gateway.client, made["key"])).status == 401

    await within(5, run_out)


async def test_a_revoked_key_is_refused_in_every_replica_within_five_seconds(
    gateway: Running, start_gateway: StartGateway
) -> None:
    replica = await start_gateway()
    made = await new_key(gateway.client, "products:read")
    assert (await asked_with(replica.client, made["key"])).status == 200
    assert (await gateway.client("DELETE", f"{KEYS}/{made['api_key_id']}")).status == 204
    assert (await asked_with(gateway.client, made["key"])).status == 401

    async def revoked() -> bool:
        return (await asked_with(replica.client, made["key"])).status == 401

    await within(5, revoked)
    [listed] = (await gateway.client.get(KEYS)).body["data"]["api_keys"]
    assert listed["revoked_at"] is not None


async def test_keys_of_another_tenant_are_not_found(gateway: Running) -> None:
    made = await new_key(gateway.client, "products:read")
    spy = await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")
    assert (await spy.get(KEYS)).body["data"]["api_keys"] == []
    for name in (made["api_key_id"], "key_0", "%00", "x" * 3000):
        assert (await spy("DELETE", f"{KEYS}/{name}")).status == 404
    assert (await asked_with(gateway.client, made["key"])).status == 200


async def test_when_a_key_was_last_used_is_noted_once_a_minute(gateway: Running) -> None:
    made = await new_key(gateway.client, "products:read")
    select = "select last_used_at from api_keys"
    assert await gateway.database.pool.fetchval(select) is None
    await asked_with(gateway.client, made["key"])
    first = await gateway.database.pool.fetchval(select)
    assert first is not None
    await asked_with(gateway.client, made["key"])
    assert await gateway.database.pool.fetchval(select) == first


async def test_a_key_outlives_a_rotation_of_the_secret(gateway: Running, start_gateway: StartGateway) -> None:
    key = (await new_key(gateway.client, "products:read"))["key"]
    new = SecretStr("n" + CREDENTIAL_SECRET)
    rotating = await start_gateway(
        credential_secret=new, credential_previous_secrets=SecretStr(CREDENTIAL_SECRET)
    )
    assert (await asked_with(rotating.client, key)).status == 200
    rotated = await start_gateway(credential_secret=new)
    assert (await asked_with(rotated.client, key)).status == 200
    assert (await asked_with(rotated.client, new_api_key(test=False))).status == 401


async def test_test_keys_see_test_shops_and_live_keys_all_others(gateway: Running) -> None:
    scopes = ("products:read", "products:write")
    live = with_key(gateway.client, (await new_key(gateway.client, *scopes))["key"])
    test_key = (await new_key(gateway.client, *scopes, test=True))["key"]
    test = with_key(gateway.client, test_key)
    assert test_key.startswith("pm_test_")
    assert (await test.get(ME)).body["data"]["shops"] == ["lab"]
    assert (await live.get(ME)).body["data"]["shops"] == ["milano", "roma"]
    for client in (live, test):
        assert (await client.post(SYNC, PRODUCT)).status == 200
    chunks = [submitted.chunk for submitted in gateway.stations.submitted]
    assert [chunk.shop for chunk in chunks] == ["milano", "lab"]
    ids = [chunk.submission_id for chunk in chunks]
    assert (await test.post(f"{SYNC}?shop=milano", PRODUCT)).status == 403
    refused = await live.post(f"{SYNC}?shop=lab", PRODUCT)
    assert (refused.status, refused.body["details"][0]["field"]) == (403, "shop")
    assert [(await test.get(f"{SYNC}/{sync_id}")).status for sync_id in ids] == [404, 200]
    assert [(await live.get(f"{SYNC}/{sync_id}")).status for sync_id in ids] == [200, 404]
    assert [(await gateway.client.get(f"{SYNC}/{sync_id}")).status for sync_id in ids] == [200, 200]
    bulk = (await test.post(BULK, {"items": [{"reference": "B"}]})).body["data"]["bulkId"]
    assert (await test.get(f"{BULK}/{bulk}")).status == 200
    assert (await live.get(f"{BULK}/{bulk}")).status == 404
