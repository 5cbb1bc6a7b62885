"""Deliveries against a real database and a real receiver, with a clock that is set by hand."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest

from webhook_relay.delivery import Delivered, Failed, RetryAt, judge
from webhook_relay.posting import Poster
from webhook_relay.retention import Retention
from webhook_relay.schedule import WAITS_SECONDS
from webhook_relay.store.deliveries import record
from webhook_relay.store.endpoints import delete_endpoint, endpoint_of


async def test_a_webhook_is_delivered_and_verified_by_the_official_library(relay: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    assert await relay.deliver_due() == 1
    (taken,) = relay.receiver.taken
    assert taken.verified(relay.secret.text()) == {"chunkId": "bulk_1_0"}
    assert taken.headers["content-type"] == "application/json"
    assert taken.headers["traceparent"].split("-")[1] == "0af7651916cd43dd8448eb211c80319c"
    assert (await relay.delivery(delivery_id))["state"] == "delivered"
    (attempt,) = await relay.attempts(delivery_id)
    assert (attempt["status"], attempt["answer"]) == (200, "thanks")
    assert await relay.deliver_due() == 0


async def test_two_failures_are_made_good_after_5_and_30_seconds(relay: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    relay.receiver.answers["/hook"] = [500, 500]
    assert await relay.deliver_due() == 1
    for wait in (5, 30):
        relay.clock.advance(seconds=wait - 0.001)
        assert await relay.deliver_due() == 0
        relay.clock.advance(seconds=0.001)
        assert await relay.deliver_due() == 1
    assert len({taken.webhook_id for taken in relay.receiver.taken}) == 1
    assert len({taken.body for taken in relay.receiver.taken}) == 1
    assert [attempt["status"] for attempt in await relay.attempts(delivery_id)] == [500, 500, 200]
    assert (await relay.delivery(delivery_id))["state"] == "delivered"


async def test_a_receiver_that_is_down_for_three_days_misses_nothing(relay: Any) -> None:
    (delivery_id,) = await relay.add(await relay.endpoint("/hook"))
    relay.receiver.answers["/hook"] = [503] * 10
    began = relay.clock.now()
    for wait in WAITS_SECONDS:
        relay.clock.advance(seconds=wait)
        assert await relay.deliver_due() == 1
    assert relay.clock.now() - began > timedelta(hours=72)
    assert (await relay.delivery(delivery_id))["state"] == "delivered"


async def test_after_eleven_failures_the_delivery_is_kept_as_exhausted(relay: Any) -> None:
    (delivery_id,) = await relay.add(await relay.endpoint("/hook"))
    relay.receiver.answers["/hook"] = [500] * 20
    for wait in WAITS_SECONDS:
        relay.clock.advance(seconds=wait)
        assert await relay.deliver_due() == 1
    relay.clock.advance(hours=24)
    assert await relay.deliver_due() == 0
    row = await relay.delivery(delivery_id)
    assert (row["state"], row["attempts"], row["last_status"]) == ("exhausted", 11, 500)


async def test_a_relay_that_dies_between_post_and_record_repeats_under_the_same_id(
    relay: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    relay.receiver.held["/hook"] = asyncio.Event()
    (pending,) = await relay.claim()
    dying = asyncio.create_task(relay.deliverer.deliver(pending))
    await eventually(lambda: len(relay.receiver.taken) == 1)
    dying.cancel()
    await asyncio.gather(dying, return_exceptions=True)
    relay.receiver.held.pop("/hook").set()
    assert await relay.deliver_due() == 0  # the lease still holds
    await relay.lease_runs_out()
    assert await relay.deliver_due() == 1
    first, second = relay.receiver.taken
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    assert second.verified(relay.secret.text())
    assert (await relay.delivery(delivery_id))["state"] == "delivered"


async def test_a_worker_that_outlived_its_lease_changes_nothing(relay: Any) -> None:
    (delivery_id,) = await relay.add(await relay.endpoint("/hook"))
    (old,) = await relay.claim()
    await relay.lease_runs_out()
    (new,) = await relay.claim()
    late = Failed("timed_out", 15)
    async with relay.database.transaction() as connection:
        outcome = judge(old, late, relay.clock.now(), chance=0.5)
        assert isinstance(outcome, RetryAt)
        assert not await record(connection, old, late, outcome, relay.clock.now())
    assert (await relay.delivery(delivery_id))["attempts"] == 0
    await relay.deliverer.deliver(new)
    assert (await relay.delivery(delivery_id))["state"] == "delivered"
    assert [attempt["cause"] for attempt in await relay.attempts(delivery_id)] == ["timed_out", None]


async def test_what_was_delivered_counts_even_after_the_lease(relay: Any) -> None:
    (delivery_id,) = await relay.add(await relay.endpoint("/hook"))
    (old,) = await relay.claim()
    await relay.lease_runs_out()
    await relay.claim()
    await relay.deliverer.deliver(old)
    assert (await relay.delivery(delivery_id))["state"] == "delivered"
    assert isinstance(judge(old, Failed("timed_out", 1), relay.clock.now(), chance=0.5), RetryAt | Delivered)


async def test_a_slow_endpoint_holds_up_nobody_else(
    relay: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    slow, quick = await relay.endpoint("/slow"), await relay.endpoint("/quick")
    relay.receiver.held["/slow"] = asyncio.Event()
    await relay.add(slow, 30)
    await relay.add(quick, 30)
    stopping = asyncio.Event()
    loop = asyncio.create_task(relay.deliverer.run(stopping))
    await eventually(lambda: len(relay.receiver.at("/quick")) == 30)
    assert len(relay.receiver.at("/slow")) == 4
    relay.receiver.held["/slow"].set()
    await eventually(lambda: len(relay.receiver.at("/slow")) == 30)
    stopping.set()
    await loop
    states = await relay.database.pool.fetch("select distinct state from deliveries")
    assert [row["state"] for row in states] == ["delivered"]


async def test_a_tenant_whose_endpoints_are_slow_leaves_half_of_the_places_to_others(
    relay: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    relay.receiver.held["/slow"] = asyncio.Event()
    for number in range(16):
        await relay.add(await relay.endpoint(f"/slow?{number}"), 4)
    other = await relay.endpoint("/quick", tenant="other")
    stopping = asyncio.Event()
    loop = asyncio.create_task(relay.deliverer.run(stopping))
    await eventually(lambda: len(relay.receiver.at("/slow")) == 32)
    await relay.add(other, 8)
    await eventually(lambda: len(relay.receiver.at("/quick")) == 8)
    assert len(relay.receiver.at("/slow")) == 32
    relay.receiver.held["/slow"].set()
    await eventually(lambda: len(relay.receiver.at("/slow")) == 64)
    stopping.set()
    await loop


async def test_a_tenant_that_is_alone_has_all_places(
    relay: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    relay.receiver.held["/slow"] = asyncio.Event()
    for number in range(16):
        await relay.add(await relay.endpoint(f"/slow?{number}"), 4)
    stopping = asyncio.Event()
    loop = asyncio.create_task(relay.deliverer.run(stopping))
    await eventually(lambda: len(relay.receiver.at("/slow")) == 64)
    relay.receiver.held["/slow"].set()
    stopping.set()
    await loop


async def test_places_go_to_the_tenant_that_has_the_fewest(relay: Any) -> None:
    for number in range(8):
        await relay.add(await relay.endpoint(f"/many{number}"), 4)
    relay.clock.advance(seconds=1)
    await relay.add(await relay.endpoint("/late", tenant="other"), 4)
    claimed = [pending.tenant for pending in await relay.claim(limit=10)]
    assert (claimed.count("acme"), claimed.count("other")) == (6, 4)


async def test_many_workers_deliver_everything_once(
    relay: Any, poster: Poster, eventually: Callable[..., Awaitable[None]]
) -> None:
    for number in range(10):
        await relay.add(await relay.endpoint(f"/hook{number}"), 20)
    stopping = asyncio.Event()
    workers = [relay.another_deliverer(poster) for _ in range(3)]
    loops = [asyncio.create_task(worker.run(stopping)) for worker in workers]
    await eventually(lambda: len(relay.receiver.taken) >= 200)
    stopping.set()
    await asyncio.gather(*loops)
    assert await relay.deliver_due() == 0
    ids = [taken.webhook_id for taken in relay.receiver.taken]
    assert len(ids) == len(set(ids)) == 200


async def test_410_disables_the_endpoint_and_what_follows_is_only_recorded(relay: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    relay.receiver.answers["/hook"] = [410]
    assert await relay.deliver_due() == 1
    assert (await relay.delivery(delivery_id))["state"] == "gone"
    (later,) = await relay.add(endpoint)
    assert await relay.deliver_due() == 0
    assert (await relay.delivery(later))["state"] == "pending"
    (event,) = await relay.database.pool.fetch("select routing_key from outbox")
    assert event["routing_key"] == "endpoint.disabled.milano"
    row = await relay.database.pool.fetchrow("select state, state_reason from endpoints")
    assert tuple(row) == ("disabled", "answered 410")


async def test_a_late_410_of_the_former_address_disables_nothing(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/old")
    (delivery_id,) = await relay.add(endpoint)
    relay.receiver.answers["/old"] = [410]
    (under_way,) = await relay.claim()
    await api("PATCH", f"/{endpoint.id}", {"url": relay.receiver.url + "/new"})
    await relay.deliverer.deliver(under_way)
    assert await relay.database.pool.fetchval("select state from endpoints") == "enabled"
    assert await relay.database.pool.fetchval("select count(*) from outbox") == 0
    relay.clock.advance(seconds=5)
    assert await relay.deliver_due() == 1
    assert len(relay.receiver.at("/new")) == 1
    assert (await relay.delivery(delivery_id))["state"] == "delivered"


async def test_a_late_410_does_not_disable_an_endpoint_that_was_enabled_again(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    await relay.add(endpoint, 3)
    relay.receiver.answers["/hook"] = [410, 410, 410]
    first, late, later = await relay.claim()
    await relay.deliverer.deliver(first)
    await relay.deliverer.deliver(late)
    assert await relay.database.pool.fetchval("select state from endpoints") == "disabled"
    await api("PATCH", f"/{endpoint.id}", {"state": "enabled"})
    await relay.deliverer.deliver(later)
    assert await relay.database.pool.fetchval("select state from endpoints") == "enabled"
    assert (await relay.delivery(first.id))["state"] == "gone"
    relay.clock.advance(seconds=5)
    assert await relay.deliver_due() == 2  # a 410 from before has ended none of them


async def test_what_the_former_address_said_is_not_told_of_the_new_one(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/old")
    await relay.add(endpoint, 2)
    failing, succeeding = await relay.claim()
    relay.receiver.answers["/old"] = [500, 200]
    await api("PATCH", f"/{endpoint.id}", {"url": relay.receiver.url + "/new"})
    await relay.deliverer.deliver(failing)
    assert await health_of(relay) == (0, None)
    await relay.database.pool.execute("update endpoints set failures = 3, failing_since = now()")
    await relay.deliverer.deliver(succeeding)
    assert (await health_of(relay))[0] == 3


async def test_the_failure_of_a_worker_that_outlived_its_lease_does_not_count(relay: Any) -> None:
    await relay.add(await relay.endpoint("/hook"))
    relay.receiver.answers["/hook"] = [500, 410]
    (old,) = await relay.claim()
    await relay.lease_runs_out()
    (older,) = await relay.claim()
    await relay.lease_runs_out()
    await relay.claim()
    await relay.deliverer.deliver(old)
    await relay.deliverer.deliver(older)
    assert await health_of(relay) == (0, None)
    assert await relay.database.pool.fetchval("select state from endpoints") == "enabled"


@pytest.mark.parametrize("answers", [[500], [410], [200]], ids=["failure", "farewell", "recovery"])
async def test_an_endpoint_that_is_removed_during_an_attempt_waits_for_no_delivery(
    relay: Any, until_a_lock_is_awaited: Any, answers: list[int]
) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    await relay.database.pool.execute("update endpoints set failures = 1, failing_since = now()")
    relay.receiver.answers["/hook"] = answers
    (under_way,) = await relay.claim()
    async with relay.database.transaction() as connection:
        await endpoint_of(connection, "acme", endpoint.id, lock=True)
        attempt = asyncio.create_task(relay.deliverer.deliver(under_way))
        await until_a_lock_is_awaited(relay.database.pool)
        assert await delete_endpoint(connection, "acme", endpoint.id)
    await attempt
    assert (await relay.delivery(delivery_id))["state"] == "cancelled"


async def health_of(relay: Any) -> tuple[Any, ...]:
    return tuple(await relay.database.pool.fetchrow("select failures, failing_since from endpoints"))


async def test_deliveries_are_forgotten_a_month_after_they_were_finished(relay: Any) -> None:
    old, recent, disabled = await relay.add(await relay.endpoint("/hook"), 3)
    finished = "update deliveries set state = 'delivered', finished_at = now() - $2::interval where id = $1"
    await relay.database.pool.execute(finished, old, timedelta(days=31))
    await relay.database.pool.execute(finished, recent, timedelta(days=29))
    assert await Retention(relay.database, keep_days=30).forget() == 1
    left = await relay.database.pool.fetch("select id from deliveries")
    assert {row["id"] for row in left} == {recent, disabled}
