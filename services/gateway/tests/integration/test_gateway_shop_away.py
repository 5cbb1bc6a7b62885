"""Nobody waits for a shop that the writer cannot reach: 502, and the change is kept."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from common.messages import Reachability, ShopReachability
from gateway.testing import (
    Answer,
    Running,
    StartGateway,
    all_refused,
    all_written,
    eventually,
    nothing_yet,
)

SYNC = "/api/products/sync"
PRODUCT = {"operation": "create", "reference": "AWAY-1", "name": "Machine", "price": 10, "quantity": 1}
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
AWAY, BACK = Reachability.UNREACHABLE, Reachability.RECOVERED
SENTENCE = "The shop cannot be reached; the change is kept and will be written when it answers."


async def told(
    gateway: Running,
    reachability: Reachability,
    *,
    at: datetime = NOON,
    service: str = "prestashop-writer",
    shop: str = "milano",
) -> None:
    """The service tells, and the gateway has taken it in."""
    envelope = await gateway.stations.tell(
        ShopReachability(tenant="acme", shop=shop, service=service, reachability=reachability, at=at)
    )

    async def taken_in() -> bool:
        seen = "select exists (select from inbox where message_id = $1)"
        return bool(await gateway.database.pool.fetchval(seen, envelope.message_id))

    await eventually(taken_in)


async def send(gateway: Running, **headers: str) -> Answer:
    return await gateway.client.post(SYNC, PRODUCT, headers=headers)


async def test_a_shop_that_is_away_is_answered_at_once_and_the_change_is_kept(
    gateway: Running, start_gateway: StartGateway
) -> None:
    await told(gateway, AWAY)
    gateway.stations.script = nothing_yet
    patient = await start_gateway(wait_seconds=3600)
    patient.stations.script = nothing_yet
    answer = await send(patient)
    sync_id = answer.body["syncId"]
    assert (answer.status, answer.body) == (
        502,
        {"success": False, "error": SENTENCE, "details": [], "syncId": sync_id},
    )
    assert answer.headers["Location"] == f"{SYNC}/{sync_id}"
    assert answer.headers["Retry-After"]
    await gateway.stations.have_got(1)
    for message in all_written(gateway.stations.submitted[0]):
        await gateway.stations.tell(message)

    async def is_written() -> bool:
        standing = (await gateway.client.get(answer.headers["Location"])).body["data"]
        return bool(standing["outcome"] == "created")

    await eventually(is_written)


async def test_a_shop_that_goes_away_during_the_wait_is_told_at_its_end(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    waiting = asyncio.create_task(send(gateway, Prefer="wait=8"))
    await gateway.stations.have_got(1)
    await told(gateway, AWAY)
    answer = await waiting
    assert (answer.status, answer.headers["Preference-Applied"]) == (502, "wait=8")


async def test_who_does_not_wait_and_who_sends_many_is_told_that_it_goes_on(gateway: Running) -> None:
    await told(gateway, AWAY)
    gateway.stations.script = nothing_yet
    assert (await send(gateway, Prefer="respond-async")).status == 202
    batch = await gateway.client.post(f"{SYNC}/batch", {"products": [PRODUCT]}, headers={"Prefer": "wait=1"})
    assert batch.status == 202
    assert (
        await gateway.client.post(f"{SYNC}?shop=roma", PRODUCT, headers={"Prefer": "wait=0"})
    ).status == 202


@pytest.mark.parametrize(
    "reports",
    [
        [("prestashop-writer", AWAY, 0), ("prestashop-writer", BACK, 1)],
        [("prestashop-writer", BACK, 1), ("prestashop-writer", AWAY, 0)],  # out of order
        [("prestashop-writer", BACK, 0), ("prestashop-writer", AWAY, 0)],  # at one instant
        [("image-processor", AWAY, 0)],  # says nothing about products
    ],
)
async def test_the_writers_newest_word_counts(
    gateway: Running, reports: list[tuple[str, Reachability, int]]
) -> None:
    for service, reachability, minutes in reports:
        await told(gateway, reachability, at=NOON + timedelta(minutes=minutes), service=service)
    assert (await send(gateway)).status == 200


async def test_another_shop_is_waited_for(gateway: Running) -> None:
    await told(gateway, AWAY, shop="roma")
    assert (await send(gateway)).status == 200


async def test_a_replica_knows_it_too(gateway: Running, start_gateway: StartGateway) -> None:
    await told(gateway, AWAY)
    replica = await start_gateway()
    gateway.stations.script = replica.stations.script = nothing_yet
    assert (await send(replica)).status == 502


async def test_a_deletion_and_a_retry_are_answered_so_too(gateway: Running) -> None:
    gateway.stations.script = all_refused("price_negative", "price")
    refused = await gateway.client.post(f"{SYNC}/batch", {"products": [PRODUCT]})
    retry = f"{SYNC}/{refused.body['data']['syncId']}/retry"
    gateway.stations.script = nothing_yet
    await told(gateway, AWAY)
    assert (await gateway.client.post(retry, {})).status == 502
    assert (await gateway.client("DELETE", f"{SYNC}/AWAY-1")).status == 502


async def test_a_dry_run_says_what_it_waits_for(gateway: Running) -> None:
    await told(gateway, AWAY)
    gateway.stations.script = nothing_yet
    answer = await gateway.client.post(SYNC, PRODUCT | {"dry_run": True})
    assert (answer.status, answer.body["dryRun"]) == (502, True)
    assert answer.body["error"] == "The shop cannot be reached; the dry run goes on when it answers."


async def test_problem_details_name_the_synchronization_as_well(gateway: Running) -> None:
    await told(gateway, AWAY)
    gateway.stations.script = nothing_yet
    answer = await send(gateway, Accept="application/problem+json")
    assert (answer.status, answer.body["type"]) == (502, "urn:skuwire:problem:shop_unreachable")
    assert answer.headers["Location"] == f"{SYNC}/{answer.body['syncId']}"


async def test_the_same_key_asks_again_for_the_same_change(gateway: Running) -> None:
    """An answer that is not final is not kept: whoever repeats a 502 learns what became of the change."""
    await told(gateway, AWAY)
    gateway.stations.script = nothing_yet
    key = {"Idempotency-Key": "away-1"}
    first, again = await send(gateway, **key), await send(gateway, **key)
    assert (first.status, again.status) == (502, 502)
    assert (again.body, again.headers["Idempotency-Replayed"]) == (first.body, "true")
    await told(gateway, BACK, at=NOON + timedelta(minutes=1))
    await gateway.stations.have_got(1)
    for message in all_written(gateway.stations.submitted[0]):
        await gateway.stations.tell(message)
    written = await send(gateway, **key)
    assert (written.status, written.body["data"]["syncId"]) == (200, first.body["syncId"])
    assert len(gateway.stations.submitted) == 1
