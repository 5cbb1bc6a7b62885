"""How much a caller may ask, and how much is taken in while earlier work is not done."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.messages import ChunkCompleted
from gateway.access.scopes import Role
from gateway.testing import (
    Client,
    Running,
    StartGateway,
    all_refused,
    all_written,
    eventually,
    logged_in,
    nothing_yet,
    written,
)

BULK = "/api/products/bulk"
SYNC = "/api/products/sync"
PROBLEM = {"Accept": "application/problem+json"}
TYPES = "https://iana.org/assignments/http-problem-types#"


QUOTAS = {  # which fill up again so slowly that nothing of it comes during a test
    "quota_window_seconds": 6000,
    "quota_address_max_requests": 60,
    "quota_address_max_items": 40,
    "quota_address_max_bytes": 300_000,
    "quota_max_requests": 50,
    "quota_max_items": 30,
    "quota_max_bytes": 200_000,
}
BACKLOG = {"backlog_shop_max_items": 20, "backlog_max_items": 25}


@pytest.fixture
async def limited(start_gateway: StartGateway) -> Running:
    return await start_gateway(**QUOTAS)


@pytest.fixture
async def gateway(start_gateway: StartGateway) -> Running:
    return await start_gateway(**BACKLOG)


def items(count: int, prefix: str = "A") -> dict[str, Any]:
    return {"items": [{"reference": f"{prefix}{number}"} for number in range(count)]}


async def test_every_answer_says_where_the_caller_stands(limited: Running) -> None:
    answer = await limited.client.post(BULK, items(3))
    assert answer.headers["RateLimit-Policy"] == (
        '"requests";q=50;w=6000, "items";q=30;w=6000;qu="items", "bytes";q=200000;w=6000;qu="content-bytes"'
    )
    assert answer.headers["RateLimit"].startswith('"requests";r=49;t=120, "items";r=27;t=600, "bytes";r=199')
    assert "RateLimit" not in (await limited.client.get("/healthz")).headers


async def test_who_has_used_up_his_items_is_told_until_when_and_may_still_ask(limited: Running) -> None:
    assert (await limited.client.post(BULK, items(20))).status == 200
    refused = await limited.client.post(BULK, items(11, "B"), headers=PROBLEM)
    assert refused.status == 429
    assert refused.body["type"] == f"{TYPES}quota-exceeded"
    assert refused.body["violated-policies"] == ["items"]
    assert 1 <= int(refused.headers["Retry-After"]) <= 200
    assert f"t={refused.headers['Retry-After']}" in refused.headers["RateLimit"].split(", ")[1]
    assert (await limited.client.get(f"{BULK}/bulk_1")).status == 404
    await limited.stations.have_got(1)
    assert len(limited.stations.submitted) == 1


async def test_requests_and_bytes_have_their_quotas_also_where_no_length_is_announced(
    limited: Running,
) -> None:
    async def endless() -> AsyncIterator[bytes]:
        yield b'{"items": ["'
        for _ in range(50):
            yield b" " * 10_000

    headers = {"Content-Type": "application/json"}
    streamed = await limited.client("POST", BULK, data=endless(), headers=headers)
    assert (streamed.status, streamed.body["success"]) == (429, False)
    assert "content-bytes" in streamed.body["error"]
    statuses = [(await limited.client.get(f"{BULK}/bulk_1")).status for _ in range(55)]
    assert (statuses[0], statuses[-1]) == (404, 429)
    assert statuses.count(404) == 49


async def test_an_address_has_its_quota_before_it_is_known_who_calls(limited: Running) -> None:
    limited.client.token = None
    statuses = [(await limited.client.get(f"{BULK}/bulk_1")).status for _ in range(70)]
    assert {*statuses[:50]} == {401}
    assert statuses[-1] == 429
    assert (await limited.client.get("/readyz")).status == 200


async def test_what_is_handed_in_again_and_what_is_deleted_are_items_too(limited: Running) -> None:
    limited.stations.script = all_refused("price_negative", "price")
    product = {"operation": "create", "name": "Machine", "price": 10, "quantity": 1}
    products = [{**product, "reference": f"A{number}"} for number in range(14)]
    sent = await limited.client.post(f"{SYNC}/batch", {"products": products})
    assert '"items";r=16;' in sent.headers["RateLimit"]
    limited.stations.script = all_written
    retried = await limited.client.post(f"{SYNC}/{sent.body['data']['syncId']}/retry", {})
    assert (retried.status, '"items";r=2;' in retried.headers["RateLimit"]) == (200, True)
    statuses = [(await limited.client("DELETE", f"{SYNC}/A{number}")).status for number in range(3)]
    assert statuses == [200, 200, 429]
    assert len(limited.stations.submitted) == 4


async def test_an_address_has_items_and_bytes_for_all_who_call_from_there(limited: Running) -> None:
    def exceeded(answer: Any) -> tuple[int, list[str]]:
        return answer.status, answer.body.get("violated-policies")

    async def blank(client: Client, count: int) -> Any:
        headers = {"Content-Type": "application/json", **PROBLEM}
        return await client("POST", BULK, data=b" " * count, headers=headers)

    async def unannounced(count: int) -> AsyncIterator[bytes]:
        yield b" " * count

    anna = await logged_in(limited, "anna@example.com", Role.MANAGER)
    assert (await limited.client.post(BULK, items(30))).status == 200
    many = await anna.post(BULK, items(11, "B"), headers=PROBLEM)
    assert exceeded(many) == (429, ["address-items"])
    assert (await anna.post(BULK, items(10, "B"))).status == 200
    assert (await blank(limited.client, 190_000)).status == 400
    assert exceeded(await blank(anna, 190_000)) == (429, ["address-bytes"])
    headers = {"Content-Type": "application/json", **PROBLEM}
    streamed = await anna("POST", BULK, data=unannounced(190_000), headers=headers)
    assert exceeded(streamed) == (429, ["address-bytes"])


async def test_nothing_more_is_taken_in_than_can_be_done_until_it_is_done(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    assert (await gateway.client.post(BULK, items(20))).status == 200
    for body in (items(1, "B"), {"items": [{"reference": "B", "nonsense": 1}]}):
        full = await gateway.client.post(BULK, body, headers=PROBLEM)
        assert full.status == 503
        assert full.body["type"] == f"{TYPES}temporary-reduced-capacity"
        assert int(full.headers["Retry-After"]) == 300  # nothing has been done so far

    async def other_is_taken() -> bool:  # what comes in during a measure counts twice until the next
        return (await gateway.client.post(f"{BULK}?shop=roma", items(5, "C"))).status == 200

    await eventually(other_is_taken)
    assert (await gateway.client.post(f"{BULK}?shop=roma", items(1, "D"))).status == 503

    await gateway.stations.have_got(2)
    for submitted in gateway.stations.submitted:
        outcomes = tuple(written(change) for change in submitted.changes)
        await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes))

    async def is_free() -> bool:
        return (await gateway.client.post(BULK, items(1, "E"))).status == 200

    await eventually(is_free)


@pytest.mark.parametrize("count", [15, 20])  # once more is too much, and full already
async def test_a_lost_answer_comes_again_also_while_nothing_more_is_taken_in(
    gateway: Running, count: int
) -> None:
    gateway.stations.script = nothing_yet
    lost, new = {"Idempotency-Key": "lost"}, {"Idempotency-Key": "new"}
    first = await gateway.client.post(BULK, items(count), headers=lost)
    again = await gateway.client.post(BULK, items(count), headers=lost)
    assert (first.status, again.status, again.body) == (200, 200, first.body)
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await gateway.client.post(BULK, items(count, "B"), headers=lost)).status == 422
    assert (await gateway.client.post(BULK, items(count, "C"), headers=new)).status == 503
    assert (await gateway.client.post(BULK, items(1, "C"), headers={"Idempotency-Key": "€"})).status == 400
    assert await gateway.database.pool.fetchval("select array_agg(key) from idempotency_keys") == ["lost"]


async def test_the_wait_is_worked_out_from_what_was_done(gateway: Running) -> None:
    assert (await gateway.client.post(BULK, items(10))).status == 200

    await gateway.stations.have_got(1)
    gateway.stations.script = nothing_yet

    async def is_taken() -> bool:
        return (await gateway.client.post(BULK, items(15, "B"))).status == 200

    await eventually(is_taken)

    async def is_told() -> bool:
        full = await gateway.client.post(BULK, items(6, "C"))
        return full.status == 503 and int(full.headers["Retry-After"]) < 300

    await eventually(is_told)
