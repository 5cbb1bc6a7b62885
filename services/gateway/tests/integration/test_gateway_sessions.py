"""Logging in, going on, logging out: over HTTP, on one gateway and on two."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from gateway.access.key_texts import new_refresh_token
from gateway.access.scopes import SCOPES_OF_ROLE, Role
from gateway.testing import (
    EMAIL,
    JWT_SECRET,
    PASSWORD,
    Answer,
    Client,
    Running,
    StartGateway,
    eventually,
    logged_in,
    within,
)
from gateway.testing_tokens import claims_of, forged_headers, forged_standing

ME = "/api/v1/auth/me"
REFRESH = "/api/v1/auth/refresh"
LOGOUT = "/api/v1/auth/logout"


async def log_in(client: Client) -> dict[str, Any]:
    answer = await client.post("/api/v1/auth/login", {"email": EMAIL, "password": PASSWORD})
    data: dict[str, Any] = answer.body["data"]
    return data


async def refresh(client: Client, token: str) -> Answer:
    return await client.post(REFRESH, {"refresh_token": token})


async def me(client: Client, token: str) -> int:
    return (await client.get(ME, headers={"Authorization": f"Bearer {token}"})).status


async def rotated_long_ago(gateway: Running) -> None:
    await gateway.database.pool.execute("update sessions set rotated_at = rotated_at - interval '2 minutes'")


async def test_a_login_gives_what_the_api_describes(gateway: Running) -> None:
    data = await log_in(gateway.client)
    assert data.keys() == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert (data["token_type"], data["expires_in"]) == ("bearer", 7200)
    claims = claims_of(data["access_token"])
    assert claims["exp"] - claims["iat"] == 7200


@pytest.mark.parametrize("path", ["/api/auth/me", ME])
async def test_who_is_logged_in_can_be_asked(gateway: Running, path: str) -> None:
    answer = await gateway.client.get(path)
    data = answer.body["data"]
    assert (answer.status, data["email"], data["role"], data["tenant_id"]) == (200, EMAIL, "admin", "acme")
    assert set(data["scopes"]) == SCOPES_OF_ROLE[Role.ADMIN]
    assert data["shops"] == ["milano", "roma", "lab"]


async def test_no_forged_token_is_taken(gateway: Running) -> None:
    genuine = gateway.client.token or ""
    gateway.client.token = None
    forged = forged_headers(genuine, JWT_SECRET) | forged_standing(genuine, JWT_SECRET)
    assert len(forged) >= 60
    for name, headers in forged.items():
        async with gateway.client.http.get(f"{gateway.client.url}{ME}", headers=headers) as answer:
            assert answer.status == 401, name
            assert answer.headers["WWW-Authenticate"].startswith("Bearer"), name
    assert await me(gateway.client, genuine) == 200


async def test_a_token_in_the_address_is_none(gateway: Running) -> None:
    token, gateway.client.token = gateway.client.token, None
    assert (await gateway.client.get(f"{ME}?access_token={token}")).status == 401


async def test_a_refresh_token_is_no_access_token_nor_the_other_way_round(gateway: Running) -> None:
    data = await log_in(gateway.client)
    assert await me(gateway.client, data["refresh_token"]) == 401
    assert (await refresh(gateway.client, data["access_token"])).status in {401, 422}


@pytest.mark.parametrize("path", ["/api/auth/refresh", REFRESH])
async def test_a_refresh_gives_new_tokens_of_the_same_session(gateway: Running, path: str) -> None:
    first = await log_in(gateway.client)
    answer = await gateway.client.post(path, {"refresh_token": first["refresh_token"]})
    second = answer.body["data"]
    assert (answer.status, answer.headers["Cache-Control"]) == (200, "no-store")
    assert second["refresh_token"] != first["refresh_token"]
    assert claims_of(second["access_token"])["sid"] == claims_of(first["access_token"])["sid"]
    assert await me(gateway.client, second["access_token"]) == 200


async def test_whoever_lost_the_answer_is_told_the_same_refresh_token_again(gateway: Running) -> None:
    first = (await log_in(gateway.client))["refresh_token"]
    answers = await asyncio.gather(*(refresh(gateway.client, first) for _ in range(8)))
    assert {answer.status for answer in answers} == {200}
    [second] = {answer.body["data"]["refresh_token"] for answer in answers}
    assert (await refresh(gateway.client, second)).status == 200


async def test_a_refresh_token_that_comes_again_late_ends_its_session(gateway: Running) -> None:
    first = (await log_in(gateway.client))["refresh_token"]
    second = (await refresh(gateway.client, first)).body["data"]
    await rotated_long_ago(gateway)
    again = await refresh(gateway.client, first)
    assert (again.status, "error=" in again.headers["WWW-Authenticate"]) == (401, True)
    assert (await refresh(gateway.client, second["refresh_token"])).status == 401
    assert await me(gateway.client, second["access_token"]) == 401
    assert (await gateway.client.get(ME)).status == 200  # another login of the same user goes on


async def test_only_the_immediate_predecessor_may_come_again(gateway: Running) -> None:
    first = (await log_in(gateway.client))["refresh_token"]
    second = (await refresh(gateway.client, first)).body["data"]["refresh_token"]
    third = (await refresh(gateway.client, second)).body["data"]["refresh_token"]
    assert (await refresh(gateway.client, first)).status == 401
    assert (await refresh(gateway.client, third)).status == 401


async def test_a_session_that_ended_ends_in_every_replica_within_five_seconds(
    gateway: Running, start_gateway: StartGateway
) -> None:
    replica = await start_gateway()
    data = await log_in(gateway.client)
    assert await me(replica.client, data["access_token"]) == 200
    await gateway.client.post(LOGOUT, {"refresh_token": data["refresh_token"]})
    assert await me(gateway.client, data["access_token"]) == 401

    async def ended() -> bool:
        return await me(replica.client, data["access_token"]) == 401

    await within(5, ended)


async def test_a_refresh_token_runs_out(gateway: Running) -> None:
    token = (await log_in(gateway.client))["refresh_token"]
    lifetime = await gateway.database.pool.fetchval("select max(expires_at - started_at) from sessions")
    assert lifetime == timedelta(days=7)
    await gateway.database.pool.execute("update sessions set expires_at = now()")
    assert (await refresh(gateway.client, token)).status == 401


async def test_logging_out_ends_the_session_of_the_token_that_is_sent(gateway: Running) -> None:
    client = gateway.client
    one, other = await log_in(client), await log_in(client)
    client.token = None
    assert (await client.post(LOGOUT, {"refresh_token": one["refresh_token"]})).status == 200
    assert await me(client, one["access_token"]) == 401
    assert (await refresh(client, one["refresh_token"])).status == 401
    assert await me(client, other["access_token"]) == 200
    by_access_token = {"Authorization": f"Bearer {other['access_token']}"}
    assert (await client("POST", "/api/auth/logout", headers=by_access_token)).status == 200
    assert (await refresh(client, other["refresh_token"])).status == 401
    assert (await client.post(LOGOUT, {"refresh_token": new_refresh_token()})).status == 200  # as RFC 7009
    assert (await client("POST", LOGOUT)).status == 401


async def test_no_refresh_token_is_kept_in_clear(gateway: Running) -> None:
    first = (await log_in(gateway.client))["refresh_token"]
    second = (await refresh(gateway.client, first)).body["data"]["refresh_token"]
    rows = await gateway.database.pool.fetch(
        "select sessions::text as text from sessions union all select used_refresh_tokens::text"
        " from used_refresh_tokens"
    )
    kept = " ".join(row["text"] for row in rows)
    assert [token for token in (first, second) if token in kept or token.encode().hex() in kept] == []


async def test_a_password_that_changed_meanwhile_starts_no_session(gateway: Running) -> None:
    viewer = await logged_in(gateway, "viewer@example.com", Role.VIEWER)
    user_id = (await viewer.get(ME)).body["data"]["user_id"]
    async with gateway.database.transaction() as connection:
        login = asyncio.create_task(
            viewer.post("/api/v1/auth/login", {"email": "viewer@example.com", "password": PASSWORD})
        )
        await connection.execute(
            "update users set token_version = token_version + 1 where user_id = $1", user_id
        )

        async def waits_for_the_user() -> bool:
            waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            return bool(await gateway.database.pool.fetchval(waiting))

        await eventually(waits_for_the_user)
    assert (await login).status == 401


PASSWORD_PATH = "/api/auth/password"
NEW = {"current": PASSWORD, "new": "Vt9-kQ2_xLm7"}


async def test_a_user_changes_the_own_password_and_only_this_session_goes_on(gateway: Running) -> None:
    viewer = await logged_in(gateway, "viewer@example.com", Role.VIEWER)
    login = {"email": "viewer@example.com", "password": PASSWORD}
    other = (await viewer.post("/api/auth/login", login)).body["data"]
    changed = await viewer.post(PASSWORD_PATH, NEW)
    assert changed.status == 200, changed.body
    for token in (viewer.token, other["access_token"]):
        ended = await viewer.get(ME, headers={"Authorization": f"Bearer {token}"})
        assert ended.status == 401
    assert (await refresh(viewer, other["refresh_token"])).status == 401
    viewer.token = changed.body["data"]["access_token"]
    assert (await viewer.get(ME)).status == 200
    assert (await refresh(viewer, changed.body["data"]["refresh_token"])).status == 200
    assert (await viewer.post("/api/auth/login", login)).status == 401
    assert (await viewer.post("/api/auth/login", login | {"password": NEW["new"]})).status == 200


async def test_who_does_not_know_the_password_changes_none(gateway: Running) -> None:
    viewer = await logged_in(gateway, "viewer@example.com", Role.VIEWER)
    for body, field in (
        (NEW | {"current": "wrong"}, "current"),
        (NEW | {"new": PASSWORD}, "new"),
        (NEW | {"new": "short"}, "new"),
        ({"new": NEW["new"]}, "current"),
        (NEW | {"email": "x"}, "email"),
    ):
        answer = await viewer.post(PASSWORD_PATH, body)
        assert (answer.status, [one["field"] for one in answer.body["details"]]) == (422, [field]), body
        assert NEW["new"] not in str(answer.body)
    key = await gateway.client.post("/api/auth/api-keys", {"name": "ERP", "scopes": ["products:read"]})
    by_key = Client(viewer.http, viewer.url)
    refused = await by_key.post(PASSWORD_PATH, NEW, headers={"X-API-Key": key.body["data"]["key"]})
    assert refused.status == 409
    statuses = {(await viewer.post(PASSWORD_PATH, NEW | {"current": f"guess {n}"})).status for n in range(12)}
    assert statuses == {422, 429}
    assert (await viewer.get(ME)).status == 200
