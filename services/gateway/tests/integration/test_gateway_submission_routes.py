"""Synchronizations listed, retried and cancelled; chunks of a bulk one by one."""

import itertools
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from yarl import URL

from common.messages import ChunkCompleted, ChunkSubmitted, ChunkValidated, Message, SubmissionCompleted
from common.messaging.outbox import OutboxRelay
from gateway import retry_store
from gateway.access.scopes import Role
from gateway.testing import (
    Running,
    all_refused,
    all_written,
    eventually,
    logged_in,
    nothing_yet,
    refused,
    written,
)

SYNC = "/api/products/sync"
PRODUCT: dict[str, Any] = {"operation": "create", "name": "Machine", "price": 10.5, "quantity": 3}


def product(reference: str, **more: Any) -> dict[str, Any]:
    return PRODUCT | {"reference": reference} | more


def second_refused(submitted: ChunkSubmitted) -> list[Message]:
    """Of the products of a chunk the second is refused."""
    outcomes = tuple(
        refused(change, "category_unknown", "categories") if change.position % 50 == 1 else written(change)
        for change in submitted.changes
    )
    return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)]


async def listed(gateway: Running, **query: str | int) -> dict[str, Any]:
    answer = await gateway.client.get(str(URL(SYNC).with_query(query)))
    assert answer.status == 200, answer.body
    data: dict[str, Any] = answer.body["data"]
    return data


async def references(gateway: Running, **query: str | int) -> list[str]:
    return [entry["reference"] for entry in (await listed(gateway, **query))["syncs"]]


# ── the list ──


async def test_synchronizations_are_listed_with_the_newest_first(gateway: Running) -> None:
    for reference in ("A", "B"):
        await gateway.client.post(SYNC, product(reference))
    gateway.stations.script = all_refused("category_unknown", "categories")
    answer = await gateway.client.post(SYNC, product("C"))
    data = await listed(gateway)
    assert {name: data[name] for name in ("total", "page", "per_page", "pages")} == {
        "total": 3,
        "page": 1,
        "per_page": 20,
        "pages": 1,
    }
    newest = data["syncs"][0]
    assert [entry["reference"] for entry in data["syncs"]] == ["C", "B", "A"]
    assert (newest["status"], newest["outcome"], newest["failed"]) == ("failed", "refused", 1)
    assert newest["traceId"] == answer.headers["X-Trace-Id"]
    assert newest["details"] == [
        {"code": "category_unknown", "field": "categories", "message": "Refused: category_unknown."}
    ]


async def test_a_list_comes_in_pages(gateway: Running) -> None:
    for number in range(5):
        await gateway.client.post(SYNC, product(f"P-{number}"))
    pages = [await references(gateway, page=page, per_page=2) for page in (1, 2, 3, 4)]
    assert pages == [["P-4", "P-3"], ["P-2", "P-1"], ["P-0"], []]
    assert (await listed(gateway, per_page=2))["pages"] == 3


async def test_a_list_shows_what_is_asked_for(gateway: Running) -> None:
    await gateway.client.post(SYNC, product("OLD"))
    await gateway.database.pool.execute("update submissions set submitted_at = now() - interval '2 days'")
    await gateway.client.post(f"{SYNC}/batch", {"products": [product("A"), product("B")]})
    await gateway.client.post(SYNC, product("A", operation="update"))
    yesterday = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    assert [entry["total"] for entry in (await listed(gateway, reference="A"))["syncs"]] == [1, 2]
    assert [entry["total"] for entry in (await listed(gateway, since=yesterday))["syncs"]] == [1, 2]
    assert await references(gateway, until=yesterday) == ["OLD"]
    assert await references(gateway, reference="NOBODY") == []


def nothing(_submitted: ChunkSubmitted) -> list[Message]:
    return []


def validated_only(submitted: ChunkSubmitted) -> list[Message]:
    return [ChunkValidated(chunk=submitted.chunk, changes=submitted.changes)]


async def test_every_status_can_be_asked_for_and_is_the_one_that_is_shown(gateway: Running) -> None:
    scripts = {
        "completed": second_refused,
        "failed": all_refused("category_unknown"),
        "processing": validated_only,
        "queued": nothing,
    }
    for status, script in scripts.items():
        gateway.stations.script = script
        body = {"products": [product(f"{status}-{number}") for number in range(2)]}
        answer = await gateway.client.post(f"{SYNC}/batch", body, headers={"Prefer": "wait=1"})
        sync_id = answer.body["data"]["syncId"]

        async def has_come_so_far(sync_id: str = sync_id, status: str = status) -> bool:
            shown = (await gateway.client.get(f"{SYNC}/{sync_id}")).body["data"]["status"]
            return bool(shown == status)

        await eventually(has_come_so_far)
        assert [entry["syncId"] for entry in (await listed(gateway, status=status))["syncs"]] == [sync_id]
    at_the_door = {"products": [product("X", price=-1)]}
    await gateway.client.post(f"{SYNC}/batch", at_the_door)
    assert len((await listed(gateway, status="failed"))["syncs"]) == 2
    assert (await listed(gateway, status="cancelled"))["syncs"] == []
    assert {entry["status"] for entry in (await listed(gateway))["syncs"]} == set(scripts)


@pytest.mark.parametrize(
    "query", ["status=lost", "since=yesterday", "page=0", "per_page=1000", "reference=%00", "sort=name"]
)
async def test_a_question_that_cannot_be_answered_is_refused_by_name(gateway: Running, query: str) -> None:
    answer = await gateway.client.get(f"{SYNC}?{query}")
    assert (answer.status, answer.body["details"][0]["field"]) == (422, query.split("=", maxsplit=1)[0])


async def test_a_list_shows_nothing_of_other_tenants_and_no_bulks(gateway: Running) -> None:
    await gateway.client.post("/api/products/bulk", {"items": [{"sku": "A", "en": {"name": "A"}}]})
    await gateway.client.post(SYNC, product("THEIRS"))
    await gateway.database.pool.execute("update submissions set tenant = 'other' where kind = 'sync'")
    assert (await listed(gateway))["total"] == 0


# ── retry ──


async def test_a_refused_product_is_handed_in_again_as_a_new_change(gateway: Running) -> None:
    gateway.stations.script = all_refused("category_unknown")
    body = product("A", categories=[5], technical_data=[], brand={"name": "Acme"})
    assert (await gateway.client.post(SYNC, body)).status == 422
    sync_id = (await listed(gateway))["syncs"][0]["syncId"]
    gateway.stations.script = all_written
    answer = await gateway.client("POST", f"{SYNC}/{sync_id}/retry")
    assert (answer.status, answer.body["data"]["reference"]) == (200, "A")
    first, second = (submitted.changes[0] for submitted in gateway.stations.submitted)
    assert second.sequence > first.sequence
    assert second.model_copy(update={"sequence": first.sequence}) == first
    assert second.fields.model_fields_set == first.fields.model_fields_set
    status = await gateway.client.get(f"{SYNC}/{answer.body['data']['syncId']}")
    assert status.body["data"]["retryOf"] == sync_id


async def test_of_a_batch_only_what_was_refused_is_handed_in_again(gateway: Running) -> None:
    gateway.stations.script = second_refused
    products = [product("A"), product("B"), product("C", price=-1)]
    first = await gateway.client.post(f"{SYNC}/batch", {"products": products})
    codes = [[detail["code"] for detail in one.get("details", [])] for one in first.body["data"]["results"]]
    assert codes == [[], ["category_unknown"], ["price_negative"]]
    gateway.stations.script = all_written
    again = await gateway.client("POST", f"{SYNC}/{first.body['data']['syncId']}/retry")
    data = again.body["data"]
    assert (again.status, data["retryOf"]) == (200, first.body["data"]["syncId"])
    assert [(one["reference"], one["retriedIndex"]) for one in data["results"]] == [("B", 1)]
    assert data["notStored"] == [2]


async def test_what_cannot_be_retried_is_said_so(gateway: Running) -> None:
    done = await gateway.client.post(SYNC, product("A"))
    retry = await gateway.client("POST", f"{SYNC}/{done.body['data']['syncId']}/retry")
    assert (retry.status, retry.body["error"]) == (409, "Nothing of it was refused.")
    gateway.stations.script = nothing_yet
    going_on = await gateway.client.post(SYNC, product("B"), headers={"Prefer": "respond-async"})
    assert (await gateway.client("POST", f"{going_on.headers['Location']}/retry")).status == 409
    assert (await gateway.client("POST", f"{SYNC}/sync_0000000000000/retry")).status == 404
    gateway.stations.script = all_refused("category_unknown")
    await gateway.client.post(SYNC, product("C"))
    [failed] = (await listed(gateway, status="failed"))["syncs"]
    await gateway.database.pool.execute(
        "update submitted_changes set kept_since = kept_since - interval '8 days'"
    )
    while await retry_store.forget_old_changes(gateway.database.pool):
        pass
    gone = await gateway.client("POST", f"{SYNC}/{failed['syncId']}/retry")
    assert gone.status == 410
    assert "came more than 7 days ago. Send it again." in gone.body["error"]


async def test_what_came_through_is_kept_no_longer(gateway: Running) -> None:
    await gateway.client.post(SYNC, product("A"))
    await gateway.client.post("/api/products/bulk", {"items": [{"sku": "A", "en": {"name": "A"}}]})

    async def is_forgotten() -> bool:
        return not await gateway.database.pool.fetchval("select count(*) from submitted_changes")

    await eventually(is_forgotten)


async def test_a_retry_under_one_key_is_one(gateway: Running) -> None:
    gateway.stations.script = all_refused("category_unknown")
    await gateway.client.post(SYNC, product("A"))
    sync_id = (await listed(gateway))["syncs"][0]["syncId"]
    gateway.stations.script = all_written
    answers = [
        await gateway.client("POST", f"{SYNC}/{sync_id}/retry", headers={"Idempotency-Key": "once"})
        for _ in range(3)
    ]
    assert len({answer.body["data"]["syncId"] for answer in answers}) == 1
    assert (await listed(gateway))["total"] == 2


BULK = "/api/products/bulk"


async def finished_bulk(gateway: Running, count: int) -> str:
    """The path of a bulk that the stations have answered."""
    items: list[Any] = [{"sku": f"P-{number}", "en": {"name": "A"}} for number in range(count)]
    items.append({"sku": "wrong", "prize": 1})
    accepted = await gateway.client.post(BULK, {"items": items})
    path = f"{BULK}/{accepted.body['data']['bulkId']}"
    await is_finished(gateway, path)
    return path


async def is_finished(gateway: Running, path: str) -> None:
    async def has_ended() -> bool:
        return (await gateway.client.get(path)).body["data"]["status"] in {"completed", "failed"}

    await eventually(has_ended)


async def test_what_was_refused_of_a_bulk_is_handed_in_again(gateway: Running) -> None:
    gateway.stations.script = second_refused
    path = await finished_bulk(gateway, 120)
    assert await gateway.database.pool.fetchval("select count(*) from submitted_changes") == 3
    gateway.stations.script = all_written
    answers = [
        await gateway.client("POST", f"{path}/retry", headers={"Idempotency-Key": "once"}) for _ in range(2)
    ]
    assert answers[0].status == 200, answers[0].body
    assert answers[0].body == answers[1].body
    data = answers[0].body["data"]
    assert (data["retried"], data["chunks"], data["notStored"]) == (3, 1, [120])
    assert path.endswith(data["retryOf"])
    again = answers[0].headers["Location"]
    await is_finished(gateway, again)
    shown = (await gateway.client.get(again)).body["data"]
    assert [item["reference"] for item in shown["items"]] == ["P-1", "P-51", "P-101"]
    assert shown["status"] == "completed"
    assert shown["retryOf"] == data["retryOf"]
    assert (await gateway.client("POST", f"{again}/retry")).status == 409  # nothing of it was refused
    await gateway.database.pool.execute("delete from submitted_changes")
    assert (await gateway.client("POST", f"{path}/retry")).status == 410
    spy = await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")
    assert (await spy("POST", f"{path}/retry")).status == 404


async def test_a_bulk_that_goes_on_is_not_retried_yet(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    accepted = await gateway.client.post(BULK, {"items": [{"sku": "A", "en": {"name": "A"}}]})
    answer = await gateway.client("POST", f"{BULK}/{accepted.body['data']['bulkId']}/retry")
    assert (answer.status, answer.body["error"]) == (
        409, "It is still being worked on; retry what is refused in the end.",
    )  # fmt: skip


# ── cancel ──


@pytest.fixture
async def held_back(gateway: Running, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Running]:
    """A gateway that publishes nothing for the moment, as when the stations' queues are full."""

    async def publishes_nothing(_relay: OutboxRelay) -> int:
        return 0

    with monkeypatch.context() as while_full:
        while_full.setattr(OutboxRelay, "relay_batch", publishes_nothing)
        yield gateway


async def test_what_no_station_has_seen_is_cancelled(held_back: Running) -> None:
    going_on = await held_back.client.post(SYNC, product("A"), headers={"Prefer": "respond-async"})
    location = going_on.headers["Location"]
    answer = await held_back.client("POST", f"{location}/cancel")
    sync_id = going_on.body["data"]["syncId"]
    assert (answer.status, answer.body["data"]) == (
        200,
        {"syncId": sync_id, "status": "cancelled", "cancelled": 1, "open": 0},
    )
    status = (await held_back.client.get(location)).body["data"]
    assert (status["status"], status["details"][0]["code"]) == ("cancelled", "cancelled")
    assert [entry["syncId"] for entry in (await listed(held_back, status="cancelled"))["syncs"]] == [sync_id]
    assert (await held_back.client("POST", f"{location}/cancel")).body == answer.body
    [told] = await held_back.database.pool.fetch(
        "select body from outbox where message_type = 'submission.completed.v1'"
    )
    end = SubmissionCompleted.model_validate_json(told["body"])
    assert (end.submission_id, end.status, end.cancelled, end.refused) == (sync_id, "cancelled", 1, 1)


async def test_whoever_waits_for_a_cancelled_chunk_is_told(held_back: Running) -> None:
    going_on = await held_back.client.post(SYNC, product("A"), headers={"Prefer": "respond-async"})
    await held_back.client("POST", f"{going_on.headers['Location']}/cancel")
    told = await held_back.database.pool.fetch("select routing_key from outbox order by id")
    assert [row["routing_key"] for row in told] == ["chunk.completed.milano", "submission.completed.milano"]


async def test_a_bulk_goes_on_with_what_the_stations_have(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    items = [{"sku": f"P-{number}", "en": {"name": "A"}} for number in range(120)]
    accepted = await gateway.client.post("/api/products/bulk", {"items": items})
    bulk_id = accepted.body["data"]["bulkId"]
    await gateway.stations.have_got(3)
    late = await gateway.client("POST", f"/api/products/bulk/{bulk_id}/cancel")
    assert late.status == 409
    assert "cannot be taken back" in late.body["error"]
    [chunk, *_] = gateway.stations.submitted
    await gateway.database.pool.execute(
        """
        insert into outbox (message_id, exchange, routing_key, message_type, headers, body, claimed_until)
        values (gen_random_uuid(), 'skuwire.chunks', 'chunk.submitted.milano', 'chunk.submitted.v1', $1, $2,
                now() + interval '1 hour')
        """,
        {"correlation-id": bulk_id},
        chunk.to_json(),
    )  # somebody is publishing it at this moment
    assert (await gateway.client("POST", f"/api/products/bulk/{bulk_id}/cancel")).status == 409
    await gateway.database.pool.execute("update outbox set claimed_until = '-infinity'")


async def test_what_is_finished_is_not_cancelled(gateway: Running) -> None:
    done = await gateway.client.post(SYNC, product("A"))
    answer = await gateway.client("POST", f"{SYNC}/{done.body['data']['syncId']}/cancel")
    assert (answer.status, answer.body["error"]) == (409, "It is finished; there is nothing to cancel.")


# ── chunks of a bulk ──


async def test_a_chunk_is_shown_as_a_webhook_tells_it(gateway: Running) -> None:
    gateway.stations.script = second_refused
    items = [{"sku": f"P-{number}", "en": {"name": "A"}} for number in range(60)]
    accepted = await gateway.client.post("/api/products/bulk", {"items": items})
    bulk_id = accepted.body["data"]["bulkId"]

    async def is_completed() -> bool:
        data = (await gateway.client.get(f"/api/products/bulk/{bulk_id}")).body["data"]
        return bool(data["status"] == "completed")

    await eventually(is_completed)
    first, second = [
        (await gateway.client.get(f"/api/products/bulk/{bulk_id}/chunks/{number}")).body["data"]
        for number in (0, 1)
    ]
    assert (first["chunkId"], first["partition"], first["totalItems"]) == (f"{bulk_id}_0", 0, 50)
    assert (first["completed"], first["errors"], len(first["itemsCompleted"])) == (49, 1, 49)
    [message] = first["msjs"]
    assert message["item"]["reference"] == "P-1"
    assert message["reasons"][0]["code"] == "category_unknown"
    assert (second["totalItems"], second["errors"]) == (10, 1)
    for wrong in ("2", "-1", "00", "x"):
        assert (await gateway.client.get(f"/api/products/bulk/{bulk_id}/chunks/{wrong}")).status == 404


async def test_every_refusal_can_be_had_as_problem_details(gateway: Running) -> None:
    paths = [f"{SYNC}?page=0", f"{SYNC}/sync_0", "/api/products/bulk/bulk_0/chunks/0", "/api/nowhere"]
    requests = itertools.chain(
        (("GET", path) for path in paths),
        [("POST", f"{SYNC}/sync_0/retry"), ("POST", f"{SYNC}/sync_0/cancel"), ("POST", SYNC)],
        [("POST", "/api/webhooks/gesmart/products")],
    )
    for method, path in requests:
        answer = await gateway.client(method, path, headers={"Accept": "application/problem+json"})
        assert answer.headers["Content-Type"].startswith("application/problem+json"), path
        assert answer.body["status"] == answer.status
        assert all(error["code"] for error in answer.body.get("errors", []))
