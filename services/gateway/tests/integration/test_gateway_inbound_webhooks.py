"""Webhooks of an ERP, over real HTTP, PostgreSQL and RabbitMQ."""

import asyncio
import base64
import hashlib
import hmac
import json
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Any

import pytest
from pydantic import SecretStr
from yarl import URL

from common.messages import Intent
from common.messaging.broker import Broker
from gateway.access.guessing import LIMITS, Count
from gateway.access.scopes import Role
from gateway.inbound import store
from gateway.inbound.sources import InboundSource, known_sources
from gateway.settings import MEBIBYTE, GatewaySettings
from gateway.testing import Answer, Running, StartGateway, logged_in

PATH = "/api/webhooks/gesmart/products"
SECRET, NEXT = "hV4pTz8KqRw2Lm6NbXc9Jd3FsGy7Ua5E", "Qe7Yt3Lk9Wz5Rb1Nc8Mv4Xj6Hp2Sd0Fg"
PRODUCT: dict[str, Any] = {"reference": "PROD001", "name": "Machine", "price": 10.5, "quantity": 3}
DELIVERIES, TIMES = (int(number) for number in os.environ.get("INBOUND_DELIVERIES", "20x15").split("x"))


@pytest.fixture
async def settings(settings: GatewaySettings) -> GatewaySettings:
    """The base settings, an ERP that changes its secret, and a quota that it does not use up."""
    source = InboundSource(name="erp", shop="roma", secrets=(SecretStr(SECRET), SecretStr(NEXT)))
    return settings.model_copy(
        update={"inbound_webhooks": (source,), "quota_address_max_requests": 1_000_000}
    )


async def deliver(
    gateway: Running,
    body: Any,
    delivery_id: str = "d-1",
    *,
    event: str = "product.created",
    secret: str = SECRET,
    at: int | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    timestamp = str(int(time.time()) if at is None else at)
    signature = hmac.digest(secret.encode(), timestamp.encode() + b"." + raw, hashlib.sha256).hex()
    sent = {
        "Content-Type": "application/json",
        "X-GeSmart-Signature": f"sha256={signature}",
        "X-GeSmart-Timestamp": timestamp,
        "X-GeSmart-Delivery": delivery_id,
        "X-GeSmart-Event": event,
        "Authorization": "none",
        **(headers or {}),
    }
    return await gateway.client("POST", PATH, data=raw, headers=sent)


async def attempts(gateway: Running) -> list[dict[str, Any]]:
    rows = await gateway.database.pool.fetch("select * from inbound_attempts order by attempt_id")
    return [dict(row) for row in rows]


async def test_a_delivery_is_queued_for_the_shop_of_its_secret(gateway: Running) -> None:
    answer = await deliver(gateway, PRODUCT)
    sync_id = answer.body["data"]["syncId"]
    assert (answer.status, answer.body) == (
        200,
        {
            "success": True,
            "message": "1 of 1 products queued",
            "data": {"deliveryId": "d-1", "syncId": sync_id, "queued": 1, "refused": []},
        },
    )
    await gateway.stations.have_got(1)
    [submitted] = gateway.stations.submitted
    assert (submitted.chunk.tenant, submitted.chunk.shop) == ("acme", "roma")
    assert submitted.changes[0].intent is Intent.UPSERT
    status = await gateway.client.get(f"/api/products/sync/{sync_id}")
    assert (status.status, status.body["data"]["reference"]) == (200, "PROD001")
    [attempt] = await attempts(gateway)
    assert attempt["at"] is not None
    assert {name: attempt[name] for name in ("address", "source", "delivery_id", "event", "outcome")} == {
        "address": "127.0.0.1",
        "source": "erp",
        "delivery_id": "d-1",
        "event": "product.created",
        "outcome": "queued",
    }


async def test_the_next_secret_counts_during_a_rotation(gateway: Running) -> None:
    assert (await deliver(gateway, PRODUCT, secret=NEXT)).status == 200


async def test_standard_webhooks_are_taken_as_well(gateway: Running) -> None:
    raw = json.dumps({"type": "product.deleted", "data": PRODUCT}).encode()
    timestamp = str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), f"msg_1.{timestamp}.".encode() + raw, hashlib.sha256)
    headers = {
        "Content-Type": "application/json",
        "webhook-id": "msg_1",
        "webhook-timestamp": timestamp,
        "webhook-signature": f"v1,{base64.b64encode(signature).decode()}",
    }
    assert (await gateway.client("POST", PATH, data=raw, headers=headers)).status == 200
    await gateway.stations.have_got(1)
    assert gateway.stations.submitted[0].changes[0].intent is Intent.DELETE


async def test_pictures_in_a_delivery_are_stored(gateway: Running) -> None:
    picture = b"\x89PNG\r\n\x1a\n" + bytes(100)
    image = {"fileName": "a.png", "base64": base64.b64encode(picture).decode()}
    assert (await deliver(gateway, PRODUCT | {"images": [image]})).status == 200
    await gateway.stations.have_got(1)
    [reference] = gateway.stations.submitted[0].changes[0].fields.images or ()
    assert await gateway.runtime.blobs.get(reference.sha256) == picture


async def test_what_is_not_vouched_for_is_refused_and_recorded(gateway: Running) -> None:
    now = int(time.time())
    refused = [
        await deliver(gateway, PRODUCT, secret="x" * 32),
        await deliver(gateway, PRODUCT, at=now - 1000),
        await deliver(gateway, PRODUCT, at=now + 1000),
        await deliver(gateway, PRODUCT, headers={"X-GeSmart-Signature": "sha256=zz"}),
        await deliver(gateway, PRODUCT, headers={"X-GeSmart-Delivery": "x" * 3000}),
    ]
    assert [answer.status for answer in refused] == [401] * 5
    assert {answer.body["success"] for answer in refused} == {False}
    found = await attempts(gateway)
    assert [attempt["reason"] for attempt in found] == [
        "signature_wrong",
        "timestamp_stale",
        "timestamp_stale",
        "signature_form",
        "delivery_id_form",
    ]
    assert all(attempt["outcome"] == "refused" and attempt["source"] is None for attempt in found)
    assert len(found[-1]["delivery_id"]) == 255
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == 0


async def test_what_cannot_be_read_is_refused_and_its_id_stays_free(gateway: Running) -> None:
    assert (await deliver(gateway, b"{no json")).status == 400
    violated = await deliver(gateway, [{"reference": "A", "price": -1}], event="product.updated")
    assert (violated.status, violated.body["details"][0]["field"]) == (422, "price")
    assert (await deliver(gateway, PRODUCT)).status == 200
    found = await attempts(gateway)
    assert [(one["outcome"], one["reason"], one["source"]) for one in found] == [
        ("refused", "unreadable", "erp"),
        ("refused", "validation_failed", "erp"),
        ("queued", None, "erp"),
    ]


async def test_an_event_that_contradicts_the_signed_one_is_refused_and_on_record(gateway: Running) -> None:
    signed = {"type": "product.updated", "data": PRODUCT}
    refused = await deliver(gateway, signed, event="product.deleted")
    assert (refused.status, refused.body["details"][0]["field"]) == (422, "X-GeSmart-Event")
    assert (await deliver(gateway, signed, event="product.updated")).status == 200
    found = await attempts(gateway)
    assert [(one["event"], one["reason"]) for one in found] == [
        ("product.deleted", "event_differs"),
        ("product.updated", None),
    ]


async def test_values_that_take_much_memory_are_counted_before_they_are_read(
    start_gateway: StartGateway,
) -> None:
    small = await start_gateway(bodies_in_memory_max_bytes=8 * MEBIBYTE)
    body = b"[" + b"{}," * 100_000 + b"{}]"
    assert (await deliver(small, body)).status == 413
    assert (await deliver(small, PRODUCT)).status == 200
    assert [one["reason"] for one in await attempts(small)] == ["too_large", None]  # not: batch_too_large


@asynccontextmanager
async def announced(gateway: Running) -> AsyncIterator[asyncio.StreamReader]:
    """A delivery that says how large it is and never comes; what it is answered."""
    url = URL(gateway.client.url)
    reader, writer = await asyncio.open_connection(url.host, url.port)
    head = {
        "Host": "gateway",
        "Content-Type": "application/json",
        "Content-Length": str(16 * MEBIBYTE),
        "X-GeSmart-Signature": f"sha256={'0' * 64}",
        "X-GeSmart-Timestamp": str(int(time.time())),
        "X-GeSmart-Delivery": "d-1",
        "Expect": "100-continue",
    }
    lines = [f"POST {PATH} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items()), "", ""]
    writer.write("\r\n".join(lines).encode())
    await reader.readuntil(b"100 Continue\r\n\r\n")  # it is worked on from here
    try:
        yield reader
    finally:
        writer.close()


async def test_deliveries_that_are_only_announced_keep_no_memory_from_others(
    start_gateway: StartGateway,
) -> None:
    small = await start_gateway(bodies_in_memory_max_bytes=64 * MEBIBYTE, body_turn_seconds=0.1)
    items = [{"reference": f"P-{number}", "description": "x" * 5000} for number in range(200)]
    products = [PRODUCT | item for item in items]
    async with AsyncExitStack() as stack:
        for _ in range(8):
            await stack.enter_async_context(announced(small))
        assert (await small.client.post("/api/products/bulk", {"items": items})).status == 200
        assert (await deliver(small, products)).status == 200


async def test_without_a_source_no_body_is_waited_for(start_gateway: StartGateway) -> None:
    closed = await start_gateway(inbound_webhooks=())
    async with announced(closed) as reader:
        assert b" 401 " in await reader.readline()
    [attempt] = await attempts(closed)
    assert (attempt["outcome"], attempt["reason"], attempt["source"]) == ("refused", "signature_wrong", None)


async def test_what_cannot_be_taken_in_now_may_be_sent_again(
    gateway: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as while_away:
        while_away.setattr(Broker, "connected", False)
        assert (await deliver(gateway, PRODUCT)).status == 503
    assert (await deliver(gateway, PRODUCT)).status == 200
    found = await attempts(gateway)
    assert [(one["outcome"], one["status"]) for one in found] == [("refused", 503), ("queued", 200)]


async def test_a_product_that_breaks_a_rule_does_not_keep_its_neighbours(gateway: Running) -> None:
    answer = await deliver(gateway, [PRODUCT, PRODUCT | {"reference": "B", "price": -1}])
    assert answer.status == 200
    data = answer.body["data"]
    assert (data["queued"], answer.body["success"]) == (1, False)
    assert [(one["index"], one["details"][0]["code"]) for one in data["refused"]] == [(1, "price_negative")]


async def test_an_id_with_another_body_is_a_conflict_and_not_lost_in_silence(gateway: Running) -> None:
    assert (await deliver(gateway, PRODUCT)).status == 200
    assert (await deliver(gateway, PRODUCT | {"price": 11})).status == 409


async def test_a_delivery_that_is_signed_anew_or_renamed_is_still_the_same(gateway: Running) -> None:
    now = int(time.time())
    first = await deliver(gateway, PRODUCT, at=now)
    signed_anew = await deliver(gateway, PRODUCT, at=now + 1)
    renamed = await deliver(gateway, PRODUCT, "made-up", at=now)
    assert (signed_anew.status, renamed.status) == (200, 200)
    assert first.body == signed_anew.body == renamed.body
    assert renamed.headers["Idempotency-Replayed"] == "true"
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == 1


async def test_many_replays_at_once_are_processed_once_and_all_on_record(gateway: Running) -> None:
    """Sent again by the ERP, then again by somebody who has only seen them: under made-up ids, or too late.

    `INBOUND_DELIVERIES=500x20` tries so many deliveries, each so many times.
    """
    turns = asyncio.Semaphore(40)
    now = int(time.time())

    async def one(number: int, delivery_id: str, at: int) -> Answer:
        async with turns:
            return await deliver(gateway, PRODUCT | {"reference": f"P-{number}"}, delivery_id, at=at)

    half = TIMES // 2
    again = [(number, f"d-{number}", now + copy % 3) for copy in range(half) for number in range(DELIVERIES)]
    stolen = [
        (number, f"made-up-{number}-{copy}", now if copy % 2 else now - 1000)
        for copy in range(TIMES - half)
        for number in range(DELIVERIES)
    ]
    first = await asyncio.gather(*(one(number, f"d-{number}", now) for number in range(DELIVERIES // 2)))
    answers = [*first, *await asyncio.gather(*(one(*sent) for sent in again))]
    assert {answer.status for answer in answers} == {200}
    assert len({answer.body["data"]["syncId"] for answer in answers}) == DELIVERIES
    statuses = Counter(answer.status for answer in await asyncio.gather(*(one(*sent) for sent in stolen)))

    assert set(statuses) == {200, 401}
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == DELIVERIES
    outcomes = Counter(attempt["outcome"] for attempt in await attempts(gateway))
    assert outcomes == {
        "queued": DELIVERIES,
        "replayed": len(answers) - DELIVERIES + statuses[200],
        "refused": statuses[401],
    }


async def test_the_record_is_bounded(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store, "KEPT_UNVOUCHED", 3)
    pool = gateway.database.pool
    await deliver(gateway, PRODUCT)
    for _ in range(5):
        await deliver(gateway, PRODUCT, secret="x" * 32)
    while await store.forget(pool):
        pass
    assert Counter(one["source"] for one in await attempts(gateway)) == {"erp": 1, None: 3}
    await pool.execute("update inbound_attempts set at = at - interval '31 days'")
    await pool.execute("update inbound_deliveries set received_at = received_at - interval '73 hours'")
    await store.forget(pool)
    assert await attempts(gateway) == []
    assert await pool.fetchval("select count(*) from inbound_deliveries") == 0


async def test_a_source_of_a_shop_that_there_is_not_keeps_the_service_from_starting(gateway: Running) -> None:
    source = InboundSource(name="erp", shop="atlantis", secrets=(SecretStr(SECRET),))
    with pytest.raises(ValueError, match="atlantis, which is not among the shops"):
        known_sources((source,), gateway.runtime.shops)


# ── the record, read ──

RECORD = "/api/v1/inbound-webhooks"


async def test_a_tenant_reads_what_became_of_its_webhooks(gateway: Running) -> None:
    taken = await deliver(gateway, PRODUCT, "d-1")
    await deliver(gateway, PRODUCT, "d-1")
    await deliver(gateway, b"{", "d-2")
    await deliver(gateway, PRODUCT, "d-3", secret="x" * 32)

    async def read(query: str = "") -> list[tuple[str, str, int]]:
        answer = await gateway.client.get(f"{RECORD}?{query}")
        assert answer.status == 200, answer.body
        found = answer.body["data"]["inbound_webhooks"]
        return [(one["delivery_id"], one["outcome"], one["status"]) for one in found]

    all_three = [("d-2", "refused", 400), ("d-1", "replayed", 200), ("d-1", "queued", 200)]
    assert await read() == all_three  # a wrong signature is nobody's
    assert await read("delivery_id=d-1&outcome=queued") == all_three[2:]
    assert await read("source=erp&since=2020-01-01") == all_three
    assert await read("source=another") == await read("until=2020-01-01") == []
    assert await read("per_page=1&page=2") == all_three[1:2]
    [queued] = (await gateway.client.get(f"{RECORD}?outcome=queued")).body["data"]["inbound_webhooks"]
    assert queued["sync_id"] == taken.body["data"]["syncId"]
    spy = await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")
    assert (await spy.get(RECORD)).body["data"]["inbound_webhooks"] == []
    for query in ("outcome=lost", "since=x", "sauce=erp", "delivery_id=%00", "page=0"):
        assert (await gateway.client.get(f"{RECORD}?{query}")).status == 422, query


async def test_what_an_erp_sends_has_quotas_as_of_a_credential(start_gateway: StartGateway) -> None:

    def two(number: int) -> dict[str, Any]:
        return {"products": [{**PRODUCT, "reference": f"{letter}{number}"} for letter in "AB"]}

    gateway = await start_gateway(quota_window_seconds=600, quota_max_items=5)
    answers = [await deliver(gateway, two(number), f"d-{number}") for number in (1, 2, 3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert int(answers[2].headers["Retry-After"]) > 0
    assert (await deliver(gateway, two(1), "d-1")).status == 200  # once more: no new items
    assert [attempt["reason"] for attempt in await attempts(gateway)][2] == "quota_exceeded"
    requests = await start_gateway(quota_window_seconds=600, quota_max_requests=1)
    statuses = [(await deliver(requests, PRODUCT, f"e-{number}")).status for number in (1, 2)]
    assert statuses == [200, 429]
    size = await start_gateway(quota_window_seconds=600, quota_max_bytes=100)
    statuses = [(await deliver(size, PRODUCT, f"f-{number}")).status for number in (1, 2)]
    assert statuses == [200, 429]


async def test_who_signs_wrong_again_and_again_is_kept_waiting_and_nobody_else(gateway: Running) -> None:
    free = LIMITS[Count.SIGNATURES].free
    wrong = [await deliver(gateway, PRODUCT, f"w-{number}", secret=NEXT[::-1]) for number in range(free)]
    assert {answer.status for answer in wrong} == {401}
    # The first wait is of a second: here it is longer than any test.
    await gateway.database.pool.execute("update guesses set failures = failures + 12 where failures > 0")
    waiting = await deliver(gateway, PRODUCT, f"w-{free}", secret=NEXT[::-1])
    assert (waiting.status, waiting.body["error"][:23]) == (429, "Too many wrong attempts")
    assert int(waiting.headers["Retry-After"]) > 0
    assert (await deliver(gateway, PRODUCT)).status == 200
    assert (await attempts(gateway))[free]["reason"] == "too_many_attempts"
