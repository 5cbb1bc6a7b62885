"""Dry runs and products by the shop's own ids, over real HTTP, PostgreSQL and RabbitMQ."""

from collections.abc import Sequence
from typing import Any

from common.messages import (
    ChunkCompleted,
    ChunkSubmitted,
    FieldChange,
    Intent,
    ItemOutcome,
    ProductChange,
    Result,
    ShopRequests,
)
from common.messages.contract import Message
from gateway.testing import Running, all_refused, all_written, eventually, nothing_yet, written

PRODUCT: dict[str, Any] = {
    "operation": "create",
    "reference": "PROD001",
    "name": "Professional Coffee Machine",
    "price": 1299.99,
    "quantity": 50,
}
PRICE = FieldChange(field="price", before="10.00", after="12.50")
POSTS = ShopRequests(method="POST", resource="products", requests=1, entities=2)
PATCHES = ShopRequests(method="PATCH", resource="stock_availables", requests=1, entities=2)


def planned(change: ProductChange) -> ItemOutcome:
    return written(change).model_copy(update={"presta_id": None, "changes": (PRICE,)})


def all_planned(submitted: ChunkSubmitted) -> Sequence[Message]:
    """What the stations tell of a dry run."""
    outcomes = tuple(planned(change) for change in submitted.changes)
    return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes, planned_requests=(POSTS, PATCHES))]


async def test_a_dry_run_is_told_its_plan_and_leaves_no_trace_of_the_product(gateway: Running) -> None:
    gateway.stations.script = all_planned
    answer = await gateway.client.post("/api/products/sync", PRODUCT | {"dry_run": True})
    assert (answer.status, answer.body["dryRun"]) == (200, True)
    data = answer.body["data"]
    assert (data["productId"], data["reference"], data["presta_id"]) == (None, "PROD001", None)
    assert data["plan"] == {
        "outcome": "created",
        "changes": [{"field": "price", "before": "10.00", "after": "12.50"}],
        "warnings": [],
        "shopRequests": {
            "total": 2,
            "requests": [
                {"method": "POST", "resource": "products", "requests": 1, "entities": 2},
                {"method": "PATCH", "resource": "stock_availables", "requests": 1, "entities": 2},
            ],
        },
    }
    [submitted] = gateway.stations.submitted
    assert submitted.chunk.dry_run is True
    assert submitted.changes[0].product_id is None
    for table in ("products", "shop_products"):
        assert await gateway.database.pool.fetchval(f"select count(*) from {table}") == 0
    status = await gateway.client.get(f"/api/products/sync/{data['syncId']}")
    assert (status.body["dryRun"], status.body["data"]["plan"]) == (True, data["plan"])

    gateway.stations.script = all_written
    real = await gateway.client.post("/api/products/sync", PRODUCT)
    assert "dryRun" not in real.body
    assert "plan" not in real.body["data"]
    assert gateway.stations.submitted[1].chunk.dry_run is False


async def test_a_dry_run_of_a_known_product_uses_its_id_and_keeps_what_is_known_of_it(
    gateway: Running,
) -> None:
    await gateway.client.post("/api/products/sync", PRODUCT)
    before = await gateway.database.pool.fetch("select * from shop_products")
    gateway.stations.script = all_planned
    update = {"operation": "update", "reference": "PROD001", "price": 5, "dry_run": True}
    answer = await gateway.client.post("/api/products/sync", update)
    assert answer.body["data"]["productId"] == 9999
    assert await gateway.database.pool.fetch("select * from shop_products") == before


async def test_a_dry_run_that_is_refused_answers_as_a_real_run_and_says_so(gateway: Running) -> None:
    for script, change in ((all_refused("product_exists"), {}), (all_planned, {"price": -1})):
        gateway.stations.script = script
        answers = [
            await gateway.client.post("/api/products/sync", PRODUCT | change | {"dry_run": dry_run})
            for dry_run in (True, False)
        ]
        dry, real = answers
        assert dry.status == real.status
        assert dry.body == real.body | {"dryRun": True}


async def test_a_dry_run_that_is_asked_for_in_the_address_of_a_body_is_no_real_run(gateway: Running) -> None:
    for path, body in (
        ("sync", PRODUCT),
        ("sync/batch", {"products": [PRODUCT]}),
        ("bulk", {"items": [PRODUCT]}),
    ):
        answer = await gateway.client.post(f"/api/products/{path}?dry_run=true", body)
        assert (answer.status, answer.body["details"][0]["field"]) == (422, "dry_run")
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == 0


async def test_a_dry_run_may_be_asked_for_later(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    body, headers = PRODUCT | {"dry_run": True}, {"Prefer": "respond-async"}
    answer = await gateway.client.post("/api/products/sync", body, headers=headers)
    assert (answer.status, answer.body["dryRun"]) == (202, True)
    await gateway.stations.have_got(1)
    [told] = all_planned(gateway.stations.submitted[0])
    await gateway.stations.tell(told)

    async def has_plan() -> bool:
        return "plan" in (await gateway.client.get(answer.headers["Location"])).body["data"]

    await eventually(has_plan)


async def test_a_batch_and_a_deletion_may_be_dry_runs(gateway: Running) -> None:
    gateway.stations.script = all_planned
    products = [PRODUCT, PRODUCT | {"reference": "B"}, PRODUCT | {"reference": "C", "price": "x"}]
    answer = await gateway.client.post("/api/products/sync/batch", {"products": products, "dry_run": True})
    assert (answer.status, answer.body["dryRun"]) == (200, True)
    data = answer.body["data"]
    assert [result.get("plan", {}).get("outcome") for result in data["results"]] == ["created"] * 2 + [None]
    assert data["shopRequests"]["total"] == 2

    deletion = await gateway.client("DELETE", "/api/products/sync/A?dry_run=true")
    assert (deletion.status, deletion.body["dryRun"]) == (200, True)
    assert [submitted.chunk.dry_run for submitted in gateway.stations.submitted] == [True, True]
    wrong = await gateway.client("DELETE", "/api/products/sync/A?dry_run=1")
    assert (wrong.status, wrong.body["details"][0]["field"]) == (422, "dry_run")
    assert len(gateway.stations.submitted) == 2


async def test_a_dry_run_of_a_bulk_shows_requests_by_chunk_and_plans_by_page(gateway: Running) -> None:
    gateway.stations.script = all_planned
    items = [{"reference": f"R{n:03}", "price": n} for n in range(120)]
    answer = await gateway.client.post("/api/products/bulk", {"items": items, "dry_run": True})
    assert answer.body["dryRun"] is True
    path = f"/api/products/bulk/{answer.body['data']['bulkId']}"

    async def is_completed() -> bool:
        return bool((await gateway.client.get(path)).body["data"]["finishedAt"])

    await eventually(is_completed)
    pages = [(await gateway.client.get(f"{path}?page={page}")).body["data"] for page in (1, 2)]
    for page in pages:
        assert page["dryRun"] is True
        assert [chunk["shopRequests"]["total"] for chunk in page["chunks"]] == [2, 2, 2]
        assert page["shopRequests"]["total"] == 6
    plans = [item["plan"] for page in pages for item in page["items"]]
    assert len(plans) == 120
    assert all(plan["changes"][0]["field"] == "price" for plan in plans)
    assert await gateway.database.pool.fetchval("select count(*) from products") == 0


async def test_a_plan_that_is_told_twice_counts_once(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    body, headers = PRODUCT | {"dry_run": True}, {"Prefer": "respond-async"}
    location = (await gateway.client.post("/api/products/sync", body, headers=headers)).headers["Location"]
    await gateway.stations.have_got(1)
    [submitted] = gateway.stations.submitted
    [told] = all_planned(submitted)
    await gateway.stations.tell(told)
    other = ChunkCompleted(chunk=submitted.chunk, outcomes=(), planned_requests=(POSTS,) * 3)
    await gateway.stations.tell(other)
    gateway.stations.script = all_written  # what is submitted now is told after both
    assert (await gateway.client.post("/api/products/sync", PRODUCT)).status == 200
    plan = (await gateway.client.get(location)).body["data"]["plan"]
    assert plan["shopRequests"]["total"] == 2


async def test_whether_the_shop_was_read_afterwards_is_shown(gateway: Running) -> None:
    def verified(submitted: ChunkSubmitted) -> Sequence[Message]:
        outcomes = [written(change).model_copy(update={"verified": True}) for change in submitted.changes]
        return [ChunkCompleted(chunk=submitted.chunk, outcomes=tuple(outcomes))]

    gateway.stations.script = verified
    data = (await gateway.client.post("/api/products/sync", PRODUCT)).body["data"]
    assert data["verified"] is True
    assert (await gateway.client.get(f"/api/products/sync/{data['syncId']}")).body["data"]["verified"] is True


# ── products by the shop's own ids ──


async def test_a_product_may_be_changed_by_the_shop_s_id_in_its_own_shop(gateway: Running) -> None:
    await gateway.client.post("/api/products/sync", PRODUCT)  # is 456 in milano
    by_shop_id = {"operation": "update", "presta_id": 456, "price": 5}
    answer = await gateway.client.post("/api/products/sync", by_shop_id)
    assert (answer.status, answer.body["data"]["reference"]) == (200, "PROD001")
    change = gateway.stations.submitted[1].changes[0]
    assert (change.intent, change.reference, change.product_id) == (Intent.UPDATE, "PROD001", 9999)
    assert change.presta_id == 456

    await gateway.client.post("/api/products/sync?shop=roma", by_shop_id)
    elsewhere = gateway.stations.submitted[2].changes[0]
    assert (elsewhere.reference, elsewhere.product_id, elsewhere.presta_id) == (None, None, 456)


async def test_ids_that_disagree_are_refused_at_every_door(gateway: Running) -> None:
    await gateway.client.post("/api/products/sync", PRODUCT)
    for ids, field in (
        ({"presta_id": 456, "reference": "OTHER"}, "presta_id"),
        ({"presta_id": 457, "product_id": 9999}, "presta_id"),
        ({"reference": "OTHER", "product_id": 9999}, "reference"),
    ):
        answer = await gateway.client.post("/api/products/sync", {"operation": "update", "price": 1, **ids})
        assert (answer.status, [d["field"] for d in answer.body["details"]]) == (422, [field])
        answer = await gateway.client.post("/api/products/bulk", {"items": [{"price": 1, **ids}]})
        assert answer.body["data"]["errors"] == 1
    assert len(gateway.stations.submitted) == 1


async def test_a_product_that_only_the_writer_knew_by_its_shop_s_id_is_shown_by_its_reference(
    gateway: Running,
) -> None:
    def known_there(submitted: ChunkSubmitted) -> Sequence[Message]:
        found = {"reference": "KNOWN", "product_id": 12, "result": Result.UPDATED}
        outcomes = [written(change).model_copy(update=found) for change in submitted.changes]
        return [ChunkCompleted(chunk=submitted.chunk, outcomes=tuple(outcomes))]

    await gateway.database.pool.execute(
        "insert into products (product_id, tenant, reference) values (12, 'acme', 'KNOWN')"
    )
    gateway.stations.script = known_there
    data = (await gateway.client.post("/api/products/sync", {"operation": "update", "presta_id": 456})).body
    assert (data["data"]["reference"], data["data"]["productId"]) == ("KNOWN", 12)
