"""Whoever guesses waits; whoever knows does not."""

import asyncio
from collections import Counter

import pytest

from gateway.access.guessing import LIMITS, Count
from gateway.access.key_texts import new_api_key, new_refresh_token
from gateway.testing import EMAIL, PASSWORD, Answer, Client, Running, StartGateway

LOGIN = "/api/v1/auth/login"
FREE = LIMITS[Count.PAIR].free


async def log_in(client: Client, password: str, email: str = EMAIL, address: str = "198.51.100.1") -> Answer:
    body = {"email": email, "password": password}
    return await client.post(LOGIN, body, headers={"X-Forwarded-For": address})


async def many_more_failures(gateway: Running) -> None:
    """So that a wait is longer than any test, however slow the machine."""
    await gateway.database.pool.execute(
        "update guesses set failures = failures + 12, last_at = now() where failures > 0"
    )


async def time_passes(gateway: Running, minutes: int) -> None:
    await gateway.database.pool.execute(
        "update guesses set last_at = last_at - $1 * interval '1 minute'", minutes
    )


@pytest.fixture
async def behind_proxy(gateway: Running, start_gateway: StartGateway) -> Running:
    return await start_gateway(trusted_proxies="127.0.0.1")


async def test_guesses_are_answered_the_same_whether_there_is_such_a_user_or_not(
    behind_proxy: Running,
) -> None:
    client, seen = behind_proxy.client, []
    for email, address in ((EMAIL, "198.51.100.1"), ("nobody@example.com", "198.51.100.2")):
        free = [await log_in(client, "wrong password", email, address) for _ in range(FREE)]
        await many_more_failures(behind_proxy)
        waiting = await log_in(client, "wrong password", email, address)
        assert int(waiting.headers["Retry-After"]) >= 60
        seen.append([(answer.status, answer.body["error"]["code"]) for answer in (*free, waiting)])
        assert len({str(answer.body) for answer in free}) == 1
    assert seen[0] == seen[1]
    assert [status for status, _ in seen[0]] == [401] * FREE + [429]


async def test_the_right_password_waits_as_long_as_a_wrong_one_and_ends_the_wait(
    behind_proxy: Running, gateway: Running
) -> None:
    await log_in(behind_proxy.client, "wrong password")
    await many_more_failures(gateway)
    assert (await log_in(behind_proxy.client, PASSWORD)).status == 429
    assert (await log_in(gateway.client, PASSWORD, address="127.0.0.1")).status == 200  # from elsewhere
    await time_passes(gateway, 59)
    assert (await log_in(behind_proxy.client, PASSWORD)).status == 200
    assert (await log_in(behind_proxy.client, "wrong password")).status == 401


async def test_guesses_are_counted_by_all_replicas_together(
    behind_proxy: Running, start_gateway: StartGateway
) -> None:
    replica = await start_gateway(trusted_proxies="127.0.0.1")
    for running in (behind_proxy, replica, behind_proxy):
        assert (await log_in(running.client, "wrong password")).status == 401
    counted = "select array_agg(failures) from guesses where failures > 0"
    assert await replica.database.pool.fetchval(counted) == [3, 3, 3]  # pair, address, account
    await many_more_failures(behind_proxy)
    assert (await log_in(replica.client, "wrong password")).status == 429


async def test_attempts_at_the_same_time_are_no_way_around(behind_proxy: Running) -> None:
    answers = await asyncio.gather(*(log_in(behind_proxy.client, f"guess {n}") for n in range(3 * FREE)))
    assert Counter(answer.status for answer in answers)[429] >= FREE


async def test_guesses_from_elsewhere_do_not_keep_the_owner_out(behind_proxy: Running) -> None:
    assert (await log_in(behind_proxy.client, PASSWORD)).status == 200
    await behind_proxy.database.pool.execute(
        "update guesses set failures = 10000, last_at = now() where succeeded_at is null"
    )
    guesser = await log_in(behind_proxy.client, "wrong password", address="203.0.113.9")
    assert guesser.status == 429
    assert (await log_in(behind_proxy.client, PASSWORD)).status == 200


async def test_an_address_that_tries_many_accounts_waits(behind_proxy: Running) -> None:
    many = LIMITS[Count.ADDRESS].free + 12
    await log_in(behind_proxy.client, "wrong password", "one@example.com")
    await behind_proxy.database.pool.execute("update guesses set failures = $1, last_at = now()", many)
    assert (await log_in(behind_proxy.client, "wrong", "another@example.com")).status == 429
    elsewhere = await log_in(behind_proxy.client, "wrong", "another@example.com", "203.0.113.9")
    assert elsewhere.status == 401


async def test_a_caller_cannot_choose_its_own_address(gateway: Running) -> None:
    for number in range(3):
        await log_in(gateway.client, "wrong password", address=f"203.0.113.{number}")
    counted = "select max(failures) from guesses"
    assert await gateway.database.pool.fetchval(counted) == 3


async def test_wrong_keys_and_refresh_tokens_are_counted_and_right_ones_go_on(gateway: Running) -> None:
    body = {"name": "ERP", "scopes": ["products:read"]}
    key = (await gateway.client.post("/api/v1/auth/api-keys", body)).body["data"]["key"]
    nobody = Client(gateway.client.http, gateway.client.url)

    async def guesses() -> list[Answer]:
        wrong = {"refresh_token": new_refresh_token()}
        headers = {"X-API-Key": new_api_key(test=False)}
        return [
            await nobody.post("/api/v1/auth/refresh", wrong),
            await nobody.get("/api/v1/auth/me", headers=headers),
        ]

    assert [answer.status for answer in await guesses()] == [401, 401]
    assert await gateway.database.pool.fetchval("select max(failures) from guesses") == 2
    many = LIMITS[Count.KEYS].free + 12
    await gateway.database.pool.execute("update guesses set failures = $1, last_at = now()", many)
    waiting = await guesses()
    assert [answer.status for answer in waiting] == [429, 429]
    assert int(waiting[0].headers["Retry-After"]) >= 60
    assert (await nobody.get("/api/v1/auth/me", headers={"X-API-Key": key})).status == 200


async def test_who_guesses_and_for_whom_is_not_kept_in_clear(gateway: Running) -> None:
    await log_in(gateway.client, "wrong password", "somebody@example.com")
    rows = await gateway.database.pool.fetch("select guesses::text as text, subject from guesses")
    assert rows
    for row in rows:
        assert b"somebody" not in row["subject"]
        assert "127.0.0.1" not in row["text"]
