"""Requests that are sent again under one idempotency key, also many at a time."""

import asyncio
import base64
import os
from collections import Counter
from typing import Any

import pytest

from gateway import idempotency_store, store
from gateway.settings import GatewaySettings
from gateway.testing import Answer, Running, all_refused, all_written, nothing_yet

PRODUCT: dict[str, Any] = {
    "operation": "create",
    "reference": "PROD001",
    "name": "Professional Coffee Machine",
    "price": 1299.99,
    "quantity": 50,
}
PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)
KEYS, TIMES = (int(number) for number in os.environ.get("IDEMPOTENCY_KEYS", "60x10").split("x"))


@pytest.fixture
async def settings(settings: GatewaySettings) -> GatewaySettings:
    """The base settings, with quotas that so many requests do not use up."""
    return settings.model_copy(
        update={"quota_address_max_requests": 1_000_000, "quota_max_requests": 1_000_000}
    )


async def send(
    gateway: Running, key: str, body: Any, path: str = "/api/products/sync", **more: str
) -> Answer:
    return await gateway.client.post(path, body, headers={"Idempotency-Key": key, **more})


async def submissions(gateway: Running) -> int:
    count: int = await gateway.database.pool.fetchval("select count(*) from submissions")
    return count


async def test_a_request_that_is_sent_again_is_answered_as_the_first_time(gateway: Running) -> None:
    first = await send(gateway, "one", PRODUCT)
    turned_round = {name: PRODUCT[name] for name in reversed(PRODUCT)}
    again = await send(gateway, '"one"', turned_round)
    assert (first.status, again.status) == (200, 200)
    assert again.body == first.body
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert await submissions(gateway) == 1


async def test_a_202_comes_again_with_its_headers(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    first = await send(gateway, "later", PRODUCT, Prefer="respond-async")
    again = await send(gateway, "later", PRODUCT)
    assert (again.status, again.body) == (202, first.body)
    for name in ("Location", "Retry-After", "Preference-Applied", "Content-Type"):
        assert again.headers[name] == first.headers[name]


async def test_what_was_refused_is_refused_again(gateway: Running) -> None:
    gateway.stations.script = all_refused("product_exists")
    first = await send(gateway, "refused", PRODUCT)
    gateway.stations.script = all_written
    again = await send(gateway, "refused", PRODUCT)
    assert (first.status, again.status) == (409, 409)
    assert again.body == first.body
    assert again.headers["Idempotency-Replayed"] == "true"


async def test_another_body_or_shop_under_the_same_key_is_refused(gateway: Running) -> None:
    await send(gateway, "reused", PRODUCT)
    other = await send(gateway, "reused", PRODUCT | {"price": 1})
    assert (other.status, other.body["details"][0]["field"]) == (422, "Idempotency-Key")
    elsewhere = await send(gateway, "reused", PRODUCT, "/api/products/sync?shop=roma")
    assert elsewhere.status == 422
    other_route = await send(gateway, "reused", {"products": [PRODUCT]}, "/api/products/sync/batch")
    assert other_route.status == 200
    assert await submissions(gateway) == 2


async def test_pictures_count_as_part_of_the_body(gateway: Running) -> None:
    def with_picture(content: bytes) -> dict[str, Any]:
        return PRODUCT | {"images": [{"fileName": "a.png", "base64": base64.b64encode(content).decode()}]}

    first = await send(gateway, "picture", with_picture(PNG))
    again = await send(gateway, "picture", with_picture(PNG))
    other = await send(gateway, "picture", with_picture(PNG + b"x"))
    assert (first.status, again.status, other.status) == (200, 200, 422)
    assert again.body == first.body


async def test_while_the_first_request_waits_for_its_result_the_key_is_in_use(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    first = asyncio.create_task(send(gateway, "busy", PRODUCT, Prefer="wait=20"))
    await gateway.stations.have_got(1)
    while_waiting = await send(gateway, "busy", PRODUCT)
    assert (while_waiting.status, while_waiting.headers["Retry-After"]) == (409, "1")
    for message in all_written(gateway.stations.submitted[0]):
        await gateway.stations.tell(message)
    answer = await first
    assert answer.status == 200
    assert (await send(gateway, "busy", PRODUCT)).body == answer.body


async def test_after_a_crash_the_key_answers_with_what_became_of_its_submission(gateway: Running) -> None:
    """The process ended after the commit: the row is there, nobody answers."""
    first = await send(gateway, "crash", PRODUCT)
    await gateway.database.pool.execute(
        "update idempotency_keys set status = null, headers = null, body = null, running_until = now()"
    )
    again, other = await asyncio.gather(send(gateway, "crash", PRODUCT), send(gateway, "crash", PRODUCT))
    assert {again.status, other.status} <= {200, 409}
    answered = again if again.status == 200 else other
    assert answered.body == first.body
    assert answered.headers["Idempotency-Replayed"] == "true"
    assert (await send(gateway, "crash", PRODUCT)).body == first.body
    assert await submissions(gateway) == 1


async def test_a_deletion_under_one_key_is_one_and_no_other(gateway: Running) -> None:
    path, headers = "/api/products/sync/PROD001", {"Idempotency-Key": "gone"}
    first = await gateway.client("DELETE", path, headers=headers)
    again = await gateway.client("DELETE", path, headers=headers)
    other = await gateway.client("DELETE", f"{path}?mode=deactivate", headers=headers)
    assert (first.status, again.status, other.status) == (200, 200, 422)
    assert again.body == first.body
    assert await submissions(gateway) == 1


async def test_a_database_that_goes_away_after_the_commit_has_accepted(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> int:
        raise ConnectionRefusedError

    with monkeypatch.context() as while_away:
        while_away.setattr(store, "count_open_items", away)
        first = await send(gateway, "lost", PRODUCT)
    assert first.status == 202
    shown = await gateway.client.get(first.headers["Location"])
    assert shown.body["data"]["reference"] == "PROD001"
    again = await send(gateway, "lost", PRODUCT)
    assert again.body["data"]["syncId"] == first.body["data"]["syncId"]
    assert await submissions(gateway) == 1


async def test_a_503_leaves_the_key_free(gateway: Running) -> None:
    await gateway.database.pool.execute("alter table chunks rename to chunks_elsewhere")
    assert (await send(gateway, "away", PRODUCT)).status >= 500
    await gateway.database.pool.execute("alter table chunks_elsewhere rename to chunks")
    assert await gateway.database.pool.fetchval("select count(*) from idempotency_keys") == 0
    answer = await send(gateway, "away", PRODUCT)
    assert answer.status == 200
    assert "Idempotency-Replayed" not in answer.headers


async def test_a_body_that_cannot_be_read_leaves_the_key_free(gateway: Running) -> None:
    assert (await send(gateway, "typo", PRODUCT | {"price": -1})).status == 422
    assert (await send(gateway, "typo", PRODUCT)).status == 200


async def test_a_bulk_is_answered_again_with_every_message(gateway: Running) -> None:
    body = {"items": [{"sku": "A", "en": {"name": "A"}}, {"sku": "B", "price": "ten"}]}
    first = await send(gateway, "bulk", body, "/api/products/bulk")
    again = await send(gateway, "bulk", body, "/api/products/bulk")
    assert first.body["data"]["errors"] == 1
    assert (again.status, again.body) == (200, first.body)
    assert again.headers["Location"] == first.headers["Location"]
    assert await submissions(gateway) == 1


async def test_keys_of_another_tenant_are_others(gateway: Running) -> None:
    await gateway.database.pool.execute(
        """
        insert into idempotency_keys (tenant, method, path, key, fingerprint, submission_id, running_until)
        values ('other', 'POST', '/api/products/sync', 'mine', '', 'sync_x', now() + interval '1 hour')
        """
    )
    assert (await send(gateway, "mine", PRODUCT)).status == 200


async def test_a_key_is_forgotten_after_a_day(gateway: Running) -> None:
    pool = gateway.database.pool
    old = "update idempotency_keys set created_at = created_at - interval '25 hours'"
    await send(gateway, "old", PRODUCT)
    await pool.execute(old)
    answer = await send(gateway, "old", PRODUCT | {"price": 2})
    assert (answer.status, await submissions(gateway)) == (200, 2)
    await pool.execute(old)
    await send(gateway, "young", PRODUCT)

    while await idempotency_store.forget(pool, keep_seconds=86_400):
        pass
    assert [row["key"] for row in await pool.fetch("select key from idempotency_keys")] == ["young"]


@pytest.mark.parametrize("path", ["/api/products/sync", "/api/products/bulk"])
async def test_many_parallel_requests_under_one_key_have_one_effect(gateway: Running, path: str) -> None:
    """`IDEMPOTENCY_KEYS=1000x20` tries so many keys, each so many times at once."""

    def body(reference: str) -> Any:
        product = PRODUCT | {"reference": reference}
        return product if path.endswith("sync") else {"items": [product]}

    turns = asyncio.Semaphore(40)

    async def one(number: int) -> Answer:
        async with turns:
            while True:  # as senders do: 503 says that nothing was accepted, for now
                answer = await send(
                    gateway, f"key {number}", body(f"P-{number}"), path, Prefer="respond-async"
                )
                if answer.status != 503:
                    return answer

    numbers = [number for number in range(KEYS) for _ in range(TIMES)]
    answers = await asyncio.gather(*(one(number) for number in numbers))
    assert await submissions(gateway) == KEYS
    await gateway.stations.have_got(KEYS)
    assert len(gateway.stations.submitted) == KEYS
    statuses = Counter(answer.status for answer in answers)
    assert set(statuses) <= {200, 202, 409}
    by_key: dict[int, set[str]] = {}
    for number, answer in zip(numbers, answers, strict=True):
        if answer.status != 409:
            data = answer.body["data"]
            by_key.setdefault(number, set()).add(data.get("syncId") or data["bulkId"])
    assert [len(submission_ids) for submission_ids in by_key.values()] == [1] * KEYS
    last = await asyncio.gather(*(one(number) for number in range(KEYS)))
    assert all(answer.headers["Idempotency-Replayed"] == "true" for answer in last)
