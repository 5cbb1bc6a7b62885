"""What a tenant sees of its deliveries, and how it has them sent again."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from webhook_relay.retention import Retention

FIRST = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


async def made_at(relay: Any, delivery_id: UUID, hour: int) -> None:
    at = FIRST + timedelta(hours=hour)
    await relay.database.pool.execute("update deliveries set created_at = $2 where id = $1", delivery_id, at)


@pytest.fixture
async def log(relay: Any) -> Any:
    """Six deliveries an hour apart: delivered, delivered, exhausted, exhausted, gone, pending."""
    endpoint = await relay.endpoint("/hook")
    relay.webhook = f"/{endpoint.id}"
    relay.ids = await relay.add(endpoint, 6)
    states = ("delivered", "delivered", "exhausted", "exhausted", "gone", "pending")
    for hour, (delivery_id, state) in enumerate(zip(relay.ids, states, strict=True)):
        await made_at(relay, delivery_id, hour)
        await relay.database.pool.execute(
            """
            update deliveries set state = $2, attempts = 11, epoch = 11, due_at = '2100-01-01',
                finished_at = case when $2 <> 'pending' then now() end
            where id = $1
            """,
            delivery_id,
            state,
        )
    return relay


def hour(number: float) -> str:
    return (FIRST + timedelta(hours=number)).isoformat().replace("+00:00", "Z")


async def test_deliveries_are_listed_newest_first_in_pages(log: Any, api: Any) -> None:
    seen: list[str] = []
    after = ""
    while after is not None:
        status, page = await api("GET", f"{log.webhook}/deliveries", query=f"limit=4{after}")
        assert status == 200
        seen += [delivery["id"] for delivery in page["deliveries"]]
        after = page["next"] and f"&after={page['next']}"
    assert seen == [str(delivery_id) for delivery_id in reversed(log.ids)]


@pytest.mark.parametrize(
    ("query", "places"),
    [
        ("state=exhausted", [3, 2]),
        (f"since={hour(2)}", [5, 4, 3, 2]),
        (f"since={hour(2)}&until={hour(4)}", [3, 2]),
        (f"since={hour(2).replace('Z', '+00:00')}&until={hour(3)}", [2]),
        ("shop=roma", []),
        ("shop=milano&event=bulk.chunk.completed&subject=bulk_1_0&limit=1", [5]),
        ("event=bulk.*&limit=1", [5]),
        ("event=product.*", []),
        ("subject=bulk_2_0", []),
    ],
)
async def test_deliveries_are_filtered(log: Any, api: Any, query: str, places: list[int]) -> None:
    status, page = await api("GET", f"{log.webhook}/deliveries", query=query)
    assert status == 200
    assert [delivery["id"] for delivery in page["deliveries"]] == [str(log.ids[place]) for place in places]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("state=lost", "state"),
        ("since=yesterday", "since"),
        ("since=2026-11-20T00:00:00", "since"),
        ("limit=0", "limit"),
        ("limit=201", "limit"),
        ("after=nonsense", "after"),
        ("after=bm9uc2Vuc2U=", "after"),
        ("sort=up", "sort"),
    ],
)
async def test_a_query_that_breaks_a_rule_is_refused_by_field(
    log: Any, api: Any, query: str, field: str
) -> None:
    status, refusal = await api("GET", f"{log.webhook}/deliveries", query=query)
    assert (status, refusal["details"][0]["field"]) == (422, field)


async def test_a_delivery_is_shown_with_its_body_and_every_attempt(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    relay.receiver.answers["/hook"] = [500]
    await relay.deliver_due()
    relay.clock.advance(seconds=5)
    await relay.deliver_due()
    status, shown = await api("GET", f"/{endpoint.id}/deliveries/{delivery_id}")
    assert (status, shown["state"], shown["attempts"]) == (200, "delivered", 2)
    assert shown["body"] == {"chunkId": "bulk_1_0"}
    assert [(tried["status"], tried["answer"]) for tried in shown["tried"]] == [
        (500, "thanks"),
        (200, "thanks"),
    ]
    assert (await api("GET", f"/{endpoint.id}/deliveries/{uuid4()}"))[0] == 404
    other = await relay.endpoint("/other")
    assert (await api("GET", f"/{other.id}/deliveries/{delivery_id}"))[0] == 404
    assert (await api("POST", f"/{other.id}/deliveries/{delivery_id}/replay"))[0] == 404


async def test_a_replayed_delivery_is_sent_again_under_its_own_id_and_its_log_is_kept(
    relay: Any, api: Any
) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    await relay.deliver_due()
    status, shown = await api("POST", f"/{endpoint.id}/deliveries/{delivery_id}/replay")
    assert (status, shown["state"], shown["attempts"]) == (202, "pending", 0)
    assert await relay.deliver_due() == 1
    first, second = relay.receiver.taken
    assert (first.webhook_id, first.body) == (second.webhook_id, second.body)
    _, shown = await api("GET", f"/{endpoint.id}/deliveries/{delivery_id}")
    assert (shown["state"], len(shown["tried"])) == ("delivered", 2)


async def test_a_replay_has_all_its_attempts_and_a_pending_delivery_keeps_its_count(
    log: Any, api: Any
) -> None:
    for place, attempts in ((2, 0), (5, 11)):
        _, shown = await api("POST", f"{log.webhook}/deliveries/{log.ids[place]}/replay")
        assert shown["attempts"] == attempts
        assert datetime.fromisoformat(shown["next_at"]) == log.clock.now()


async def test_a_replayed_delivery_is_not_forgotten_before_it_is_sent(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    replayed, forgotten = await relay.add(endpoint, 2)
    await relay.deliver_due()
    long_ago = datetime.now(UTC) - timedelta(days=31)
    grown_old = "update deliveries set created_at = $1, due_at = $1, finished_at = $1"
    await relay.database.pool.execute(grown_old, long_ago)
    await api("POST", f"/{endpoint.id}/deliveries/{replayed}/replay")
    assert await Retention(relay.database, keep_days=30).forget() == 1
    assert await relay.delivery(forgotten) is None
    assert await relay.deliver_due() == 1


async def test_a_worker_from_before_a_replay_does_not_count_as_its_delivery(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    (delivery_id,) = await relay.add(endpoint)
    (old,) = await relay.claim()
    await relay.lease_runs_out()
    await relay.deliver_due()
    await api("POST", f"/{endpoint.id}/deliveries/{delivery_id}/replay")
    await relay.deliverer.deliver(old)  # it comes back only now
    assert (await relay.delivery(delivery_id))["state"] == "pending"
    assert await relay.deliver_due() == 1


async def test_a_range_is_replayed_delivered_ones_too(log: Any, api: Any) -> None:
    wanted = {"since": hour(1), "until": hour(3)}
    assert await api("POST", f"{log.webhook}/deliveries/replay", wanted) == (202, {"replayed": 2})
    while await log.deliver_due():
        pass
    assert {taken.webhook_id for taken in log.receiver.taken} == {f"msg_{i.hex}" for i in log.ids[1:3]}


async def test_a_range_can_be_narrowed_and_needs_a_beginning(log: Any, api: Any) -> None:
    where = f"{log.webhook}/deliveries/replay"
    narrowed = {"since": hour(0), "state": "exhausted", "shop": "milano"}
    assert await api("POST", where, narrowed) == (202, {"replayed": 2})
    status, refusal = await api("POST", where, {"state": "exhausted"})
    assert (status, refusal["details"][0]["field"]) == (422, "since")


async def test_whatever_was_not_delivered_since_a_time_is_recovered(log: Any, api: Any) -> None:
    assert await api("POST", f"{log.webhook}/recover", {"since": hour(3)}) == (202, {"replayed": 3})
    while await log.deliver_due():
        pass
    taken = [taken.webhook_id for taken in log.receiver.taken]
    assert sorted(taken) == sorted(f"msg_{delivery_id.hex}" for delivery_id in log.ids[3:])
    assert await api("POST", f"{log.webhook}/recover", {"since": hour(3)}) == (202, {"replayed": 0})
    assert (await api("POST", f"{log.webhook}/recover", {"since": "2026-11-20"}))[0] == 422


async def test_thousands_are_recovered_without_one_left_out(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    await relay.add(endpoint, 2500)
    await relay.database.pool.execute("update deliveries set state = 'exhausted'")
    assert await api("POST", f"/{endpoint.id}/recover", {"since": hour(0)}) == (202, {"replayed": 2500})
    assert (
        await relay.database.pool.fetchval("select count(*) from deliveries where state = 'pending'") == 2500
    )


async def test_what_was_recorded_while_an_endpoint_was_paused_is_sent_when_it_is_enabled(
    relay: Any, api: Any
) -> None:
    endpoint = await relay.endpoint("/hook")
    assert (await api("PATCH", f"/{endpoint.id}", {"state": "paused"}))[1]["state"] == "paused"
    await relay.add(endpoint, 3)
    assert await relay.deliver_due() == 0
    assert (await api("PATCH", f"/{endpoint.id}", {"state": "enabled"}))[1]["state"] == "enabled"
    assert await relay.deliver_due() == 3


async def test_a_disabled_endpoint_that_is_enabled_again_begins_well(relay: Any, api: Any) -> None:
    endpoint = await relay.endpoint("/hook")
    (gone,) = await relay.add(endpoint)
    relay.receiver.answers["/hook"] = [410]
    await relay.deliver_due()
    _, shown = await api("GET", f"/{endpoint.id}")
    assert (shown["state"], shown["state_reason"]) == ("disabled", "answered 410")
    _, shown = await api("PATCH", f"/{endpoint.id}", {"state": "enabled"})
    assert (shown["state"], shown["state_reason"], shown["failing_since"]) == ("enabled", "", None)
    since = (datetime.now(UTC) - timedelta(hours=1)).isoformat()
    assert await api("POST", f"/{endpoint.id}/recover", {"since": since}) == (202, {"replayed": 1})
    assert await relay.deliver_due() == 1
    assert (await relay.delivery(gone))["state"] == "delivered"
