"""Users of a tenant, and how soon a change of theirs counts."""

import asyncio

from pydantic import SecretStr

from gateway.access.first_user import bootstrap
from gateway.access.passwords import Passwords
from gateway.access.scopes import Role
from gateway.settings import GatewaySettings
from gateway.testing import EMAIL, PASSWORD, Client, Running, StartGateway, eventually, logged_in

USERS = "/api/v1/users"
ME = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/login"
SYNC = "/api/products/sync"
ANNA = {"email": "Anna@Example.com", "password": "Vt9-kQ2_xLm7", "role": "manager"}


async def user_id_of(client: Client) -> str:
    found: str = (await client.get(ME)).body["data"]["user_id"]
    return found


async def test_an_admin_adds_changes_and_removes_users(gateway: Running) -> None:
    client = gateway.client
    added = await client.post(USERS, ANNA)
    anna = added.body["data"]
    assert (added.status, anna["email"], anna["role"]) == (201, "anna@example.com", "manager")
    assert anna.keys() == {"user_id", "email", "role", "tenant_id", "created_at"}
    listed = (await client.get(USERS)).body["data"]["users"]
    assert [user["email"] for user in listed] == ["anna@example.com", EMAIL]
    login = {"email": "anna@example.com", "password": ANNA["password"]}
    assert (await client.post(LOGIN, login)).status == 200
    changed = await client("PATCH", f"{USERS}/{anna['user_id']}", json={"role": "viewer"})
    assert (changed.status, changed.body["data"]["role"]) == (200, "viewer")
    assert (await client("DELETE", f"{USERS}/{anna['user_id']}")).status == 204
    assert (await client.get(f"{USERS}/{anna['user_id']}")).status == 404
    assert (
        await client.post(LOGIN, {"email": "anna@example.com", "password": ANNA["password"]})
    ).status == 401


async def test_an_address_is_one_users_in_whichever_tenant(gateway: Running) -> None:
    await logged_in(gateway, "anna@example.com", Role.VIEWER, tenant="other")
    answer = await gateway.client.post(USERS, ANNA)
    assert (answer.status, answer.body["error"]["code"]) == (409, "email_taken")


async def test_every_mistake_is_told_with_its_field(gateway: Running) -> None:
    answer = await gateway.client.post(USERS, {"email": "anna", "password": "short", "admin": True})
    assert answer.status == 422
    assert {detail["field"] for detail in answer.body["error"]["details"]} == {
        "email", "password", "role", "admin",
    }  # fmt: skip
    assert "short" not in str(answer.body["error"]["details"])
    assert (await gateway.client.post(USERS, [])).status == 400


async def test_users_of_another_tenant_are_not_found(gateway: Running) -> None:
    spy = await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")
    path = f"{USERS}/{await user_id_of(gateway.client)}"
    assert (await spy.get(path)).status == 404
    assert (await spy("PATCH", path, json={"role": "viewer"})).status == 404
    assert (await spy("DELETE", path)).status == 404
    assert [user["email"] for user in (await spy.get(USERS)).body["data"]["users"]] == ["spy@example.com"]


async def test_the_last_admin_stays(gateway: Running) -> None:
    first, second = gateway.client, await logged_in(gateway, "second@example.com", Role.ADMIN)
    ids = [await user_id_of(client) for client in (first, second)]
    answers = await asyncio.gather(
        first("PATCH", f"{USERS}/{ids[1]}", json={"role": "viewer"}),
        second("PATCH", f"{USERS}/{ids[0]}", json={"role": "viewer"}),
        first("DELETE", f"{USERS}/{ids[0]}"),
    )
    assert {answer.status for answer in answers} <= {200, 204, 401, 403, 404, 409}
    admins = await gateway.database.pool.fetchval("select count(*) from users where role = 'admin'")
    assert admins == 1


async def test_a_demotion_counts_in_every_replica_within_five_seconds(
    gateway: Running, start_gateway: StartGateway
) -> None:
    replica = await start_gateway()
    anna = await logged_in(gateway, "anna@example.com", Role.MANAGER)
    there = Client(anna.http, replica.client.url, anna.token)
    assert (await there.post(SYNC, {})).status == 422
    path = f"{USERS}/{await user_id_of(anna)}"
    await gateway.client("PATCH", path, json={"role": "viewer"})
    refused = await anna.post(SYNC, {})
    assert refused.status == 403
    assert 'error="insufficient_scope", scope="products:write"' in refused.headers["WWW-Authenticate"]

    async def demoted() -> bool:
        return (await there.post(SYNC, {})).status == 403

    async def removed() -> bool:
        return (await there.get(ME)).status == 401

    async with asyncio.timeout(5):
        await eventually(demoted)
    await gateway.client("DELETE", path)
    async with asyncio.timeout(5):
        await eventually(removed)


async def test_a_new_password_ends_what_was_logged_in_with_the_old_one(gateway: Running) -> None:
    anna = await logged_in(gateway, "anna@example.com", Role.MANAGER)
    login = {"email": "anna@example.com", "password": PASSWORD}
    tokens = (await anna.post(LOGIN, login)).body["data"]
    path = f"{USERS}/{await user_id_of(anna)}"
    assert (await gateway.client("PATCH", path, json={"password": ANNA["password"]})).status == 200
    assert (await anna.get(ME)).status == 401
    refreshed = await anna.post("/api/v1/auth/refresh", {"refresh_token": tokens["refresh_token"]})
    assert refreshed.status == 401
    assert (await anna.post(LOGIN, login)).status == 401
    assert (await anna.post(LOGIN, login | {"password": ANNA["password"]})).status == 200


async def test_settings_that_stay_the_same_undo_nothing_and_new_ones_do(
    gateway: Running, settings: GatewaySettings
) -> None:
    client, passwords = gateway.client, Passwords()
    path = f"{USERS}/{await user_id_of(client)}"
    await logged_in(gateway, "second@example.com", Role.ADMIN)
    await client("PATCH", path, json={"password": "another password", "role": "viewer"})
    await bootstrap(gateway.database, passwords, settings)
    login = {"email": EMAIL, "password": "another password"}
    assert (await client.post(LOGIN, login)).status == 200
    new = settings.model_copy(update={"bootstrap_password": SecretStr("a third password")})
    await bootstrap(gateway.database, passwords, new)
    assert (await client.post(LOGIN, login)).status == 401
    answer = await client.post(LOGIN, login | {"password": "a third password"})
    client.token = answer.body["data"]["access_token"]
    assert (await client.get(ME)).body["data"]["role"] == "admin"
