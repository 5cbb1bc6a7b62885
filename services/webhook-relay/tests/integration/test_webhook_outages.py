"""Receivers that are away for hours and days, in virtual time."""

from datetime import timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest

from webhook_relay.posting import Poster
from webhook_relay.schedule import WAITS_SECONDS
from webhook_relay.store.health import count_endpoints


@pytest.fixture
def spreading(relay: Any, poster: Poster) -> Any:
    """The relay with each delivery's own spread."""
    relay.deliverer = relay.another_deliverer(poster)
    return relay


async def times_of(relay: Any, delivery_id: UUID) -> list[Any]:
    return [attempt["at"] for attempt in await relay.attempts(delivery_id)]


async def test_eleven_attempts_are_made_at_the_documented_distances(spreading: Any) -> None:
    spreading.receiver.down.add("/hook")
    ids = await spreading.add(await spreading.endpoint("/hook"))
    await spreading.run_for(hours=80)
    for delivery_id in ids:
        times = await times_of(spreading, delivery_id)
        distances = [(later - former).total_seconds() for former, later in pairwise(times)]
        assert len(distances) == 10
        for distance, step in zip(distances, WAITS_SECONDS[1:], strict=True):
            assert 0.8 * step <= distance <= 1.2 * step
        assert (await spreading.delivery(delivery_id))["state"] == "exhausted"


async def test_a_receiver_that_is_down_for_72_hours_receives_everything(spreading: Any) -> None:
    spreading.receiver.down.add("/hook")
    endpoint = await spreading.endpoint("/hook")
    ids: list[UUID] = []
    for _ in range(12):
        ids += await spreading.add(endpoint, 5)
        await spreading.run_for(hours=6)
    spreading.receiver.down.clear()
    spreading.receiver.taken.clear()
    await spreading.run_for(hours=40)
    assert {(await spreading.delivery(delivery_id))["state"] for delivery_id in ids} == {"delivered"}
    taken = [taken.webhook_id for taken in spreading.receiver.taken]
    assert sorted(taken) == sorted(f"msg_{delivery_id.hex}" for delivery_id in ids)


async def test_five_days_of_failures_disable_the_endpoint_and_say_so(spreading: Any) -> None:
    spreading.receiver.down.add("/hook")
    endpoint = await spreading.endpoint("/hook")
    began = spreading.clock.now()
    ids: list[UUID] = []
    stood = set()
    for _ in range(14):
        ids += await spreading.add(endpoint)
        await spreading.run_for(hours=12)
        stood |= (await count_endpoints(spreading.database.pool)).items()
    assert stood == {(("acme", standing), 1) for standing in ("enabled", "failing", "disabled")}
    row = await spreading.database.pool.fetchrow("select * from endpoints")
    assert (row["state"], row["state_reason"]) == ("disabled", "failed for five days")
    assert row["failing_since"] == began
    (event,) = await spreading.database.pool.fetch("select * from outbox")
    assert event["routing_key"] == "endpoint.disabled.milano"
    assert str(endpoint.id) in bytes(event["body"]).decode()
    tried = [at for delivery_id in ids for at in await times_of(spreading, delivery_id)]
    assert timedelta(days=5) <= max(tried) - began < timedelta(days=5, hours=12)
    assert (await spreading.delivery(ids[-1]))["state"] == "pending"  # recorded all the same


async def test_an_endpoint_that_answers_now_and_then_is_not_disabled(spreading: Any) -> None:
    endpoint = await spreading.endpoint("/hook")
    for day in range(10):
        spreading.receiver.down.clear()
        if day % 4:
            spreading.receiver.down.add("/hook")
        await spreading.add(endpoint)
        await spreading.run_for(hours=24)
    assert await spreading.database.pool.fetchval("select state from endpoints") == "enabled"


async def test_a_failing_endpoint_is_probed_once_a_minute_until_it_is_well(relay: Any) -> None:
    relay.receiver.down.add("/hook")
    await relay.add(await relay.endpoint("/hook"), 60)
    assert [await relay.deliver_due() for _ in range(8)] == [4, 1, 1, 1, 1, 1, 1, 0]
    for _ in range(5):
        relay.clock.advance(seconds=59.9)
        assert await relay.deliver_due() == 0
        relay.clock.advance(seconds=0.1)
        assert await relay.deliver_due() == 1
        assert await relay.deliver_due() == 0
    untouched = "select count(*) from deliveries where attempts = 0"
    assert await relay.database.pool.fetchval(untouched) >= 60 - 10 - 5
    relay.receiver.down.clear()
    relay.clock.advance(seconds=60)
    assert [await relay.deliver_due() for _ in range(3)] == [1, 4, 4]


async def test_an_open_breaker_lets_only_one_worker_probe(relay: Any) -> None:
    relay.receiver.down.add("/hook")
    await relay.add(await relay.endpoint("/hook"), 30)
    while await relay.deliver_due():
        pass
    relay.clock.advance(seconds=60)
    assert [len(await relay.claim()) for _ in range(3)] == [1, 0, 0]


async def test_a_failing_endpoint_costs_another_nothing(relay: Any) -> None:
    relay.receiver.down.add("/bad")
    await relay.add(await relay.endpoint("/bad"), 40)
    await relay.add(await relay.endpoint("/good"), 8)
    while await relay.deliver_due():
        pass
    assert len(relay.receiver.at("/good")) == 8
    assert len(relay.receiver.at("/bad")) == 10


async def test_after_a_failure_one_at_a_time_is_sent_until_one_succeeds(relay: Any) -> None:
    relay.receiver.answers["/hook"] = [500]
    endpoint = await relay.endpoint("/hook")
    await relay.add(endpoint)
    assert await relay.deliver_due() == 1
    await relay.add(endpoint, 9)
    assert [await relay.deliver_due() for _ in range(4)] == [1, 4, 4, 0]
