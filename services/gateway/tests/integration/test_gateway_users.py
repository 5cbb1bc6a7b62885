"""Users of a tenant, and how soon a change of theirs counts."""

import asyncio

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from gateway.access.first_user import bootstrap
from gateway.access.passwords import Passwords
from gateway.access.scopes import Role
from gateway.settings import GatewaySettings
from gateway.testing import EMAIL, PASSWORD, Client, Running, StartGateway, logged_in, within

USERS = "/api/v1/users"
ME = "/api/v1/auth/me"
LOGIN = "/api/v1/auth/login"
SYNC = "/api/products/sync"
ANNA = {"email": "Anna@Example.com", "password": "Vt9-kQ2_xLm7", "role": "manager"}
OPERATOR_TOKEN = "9Xw2pLr7Tq4Vb8Zn1Kc6Hs3Yd5Gf0JmQa"
FIRST = {"email": "first@new.example", "password": "Vt9-kQ2_xLm7", "role": "admin", "tenant": "new"}


@pytest.fixture
def settings(settings: GatewaySettings) -> GatewaySettings:
    return settings.model_copy(update={"operator_token": SecretStr(OPERATOR_TOKEN)})


@pytest.fixture
def operator(gateway: Running) -> Client:
    return Client(gateway.client.http, gateway.client.url, OPERATOR_TOKEN)


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

    await within(5, demoted)
    await gateway.client("DELETE", path)
    await within(5, removed)


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


async def test_the_operator_makes_a_tenants_first_admin_who_works_in_it_alone(
    gateway: Running, operator: Client
) -> None:
    added = await operator.post(USERS, FIRST)
    assert (added.status, added.body["data"]["tenant_id"]) == (201, "new")
    admin = Client(gateway.client.http, gateway.client.url)
    login = await admin.post(LOGIN, {name: FIRST[name] for name in ("email", "password")})
    admin.token = login.body["data"]["access_token"]
    assert (await admin.get(ME)).body["data"]["tenant_id"] == "new"
    assert (await admin.post(USERS, ANNA)).body["data"]["tenant_id"] == "new"
    assert len((await admin.get(USERS)).body["data"]["users"]) == 2
    assert len((await gateway.client.get(USERS)).body["data"]["users"]) == 1


async def test_the_operator_looks_after_the_users_of_every_tenant(gateway: Running, operator: Client) -> None:
    await operator.post(USERS, FIRST)
    by_tenant = [(user["tenant_id"], user["email"]) for user in (await _users(operator))]
    assert by_tenant == [("acme", EMAIL), ("new", "first@new.example")]
    [first] = await _users(operator, "?tenant=new")
    assert await _users(operator, "?tenant=nobody") == []
    path = f"{USERS}/{first['user_id']}"
    assert (await operator.get(path)).body["data"] == first
    last = await operator("DELETE", path)
    assert (last.status, last.body["error"]["code"]) == (409, "last_admin")
    await operator.post(USERS, {**FIRST, "email": "second@new.example"})
    changed = await operator("PATCH", path, json={"role": "viewer", "password": "another password"})
    assert (changed.status, changed.body["data"]["role"]) == (200, "viewer")
    login = {"email": FIRST["email"], "password": "another password"}
    assert (await gateway.client.post(LOGIN, login)).status == 200
    assert (await operator("DELETE", path)).status == 204
    assert (await operator.get(path)).status == 404
    assert (await operator.get(f"{USERS}/%00")).status == 404


async def _users(client: Client, query: str = "") -> list[dict[str, str]]:
    found: list[dict[str, str]] = (await client.get(USERS + query)).body["data"]["users"]
    return found


async def test_the_operator_says_for_which_tenant(operator: Client) -> None:
    unsaid = {name: value for name, value in FIRST.items() if name != "tenant"}
    for body in (unsaid, {**FIRST, "tenant": None}, {**FIRST, "tenant": ""}, {**FIRST, "tenant": "a\nb"}):
        answer = await operator.post(USERS, body)
        fields = [detail["field"] for detail in answer.body["error"]["details"]]
        assert (answer.status, fields) == (422, ["tenant"]), body


async def test_nobody_but_the_operator_names_another_tenant(gateway: Running) -> None:
    for answer in (
        await gateway.client.post(USERS, FIRST),
        await gateway.client.get(f"{USERS}?tenant=new"),
    ):
        assert (answer.status, answer.body["error"]["code"]) == (403, "tenant_differs")
    assert (await gateway.client.post(USERS, {**ANNA, "tenant": "acme"})).status == 201
    assert len(await _users(gateway.client, "?tenant=acme")) == 2
    assert await gateway.database.pool.fetchval("select count(*) from users where tenant = 'new'") == 0


async def test_the_operator_is_known_by_the_whole_token_and_has_no_other_routes(
    gateway: Running, operator: Client, start_gateway: StartGateway
) -> None:
    for token in (OPERATOR_TOKEN[:-1], OPERATOR_TOKEN + "x", "é"):
        stranger = Client(gateway.client.http, gateway.client.url, token)
        assert (await stranger.get(USERS)).status == 401, token
    for path in (ME, "/api/v1/auth/api-keys", "/api/v1/shops", SYNC):
        assert (await operator.get(path)).status == 401, path
    without = await start_gateway(operator_token=None)
    for token in ("", OPERATOR_TOKEN, "None"):
        answer = await without.client.get(USERS, headers={"Authorization": f"Bearer {token}"})
        assert answer.status == 401, token


async def test_settings_move_nobody_to_another_tenant_and_say_what_to_do(
    gateway: Running, settings: GatewaySettings
) -> None:
    moving = settings.model_copy(
        update={"bootstrap_tenant": "new", "bootstrap_password": SecretStr("a third password")}
    )
    with capture_logs() as told:
        await bootstrap(gateway.database, Passwords(), moving)
    [error] = [one for one in told if one["log_level"] == "error"]
    assert error["wanted_tenant"] == "new"
    assert "skuwire users add" in error["what_next"]
    assert EMAIL not in str(told)
    me = (await gateway.client.get(ME)).body["data"]
    assert (me["tenant_id"], me["role"]) == ("acme", "admin")
    assert (await gateway.client.post(LOGIN, {"email": EMAIL, "password": PASSWORD})).status == 200
