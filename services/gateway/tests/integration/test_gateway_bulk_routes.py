"""Thousands of items at a time, over real HTTP, PostgreSQL and RabbitMQ."""

import json
from typing import Any

from common.messages import ChunkCompleted, ChunkSubmitted, Intent
from common.messages.contract import Message
from gateway.testing import Running, eventually, refused, written

ITEMS: list[dict[str, Any]] = [
    {"category_id": "1", "en": {"name": "Test", "slug": "test", "summary": "S", "description": "D"}},
    {"reference": "A-2", "price": "abc"},
    {"reference": "A-3", "price": "20000", "name": "Three"},
]


async def is_completed(gateway: Running, bulk_id: str) -> bool:
    answer = await gateway.client.get(f"/api/products/bulk/{bulk_id}")
    return bool(answer.body["data"]["finishedAt"])


async def test_a_bulk_goes_on_without_the_items_that_cannot_be_read(gateway: Running) -> None:
    answer = await gateway.client.post('/api/products/bulk?setting={"locale":"en"}', {"items": ITEMS})
    assert answer.status == 200
    data = answer.body["data"]
    assert (data["chunks"], data["errors"]) == (1, 1)
    assert data["bulkId"].startswith("bulk_")
    assert len(data["bulkId"]) == len("bulk_675c53516d618")
    [message] = data["msjs"]
    assert (message["type"], message["operation"], message["item"]) == ("error", "create", ITEMS[1])
    assert list(json.loads(message["msjs"])) == ["price"]

    await eventually(lambda: is_completed(gateway, data["bulkId"]))
    progress = (await gateway.client.get(f"/api/products/bulk/{data['bulkId']}")).body["data"]
    assert (progress["status"], progress["totalItems"], progress["open"]) == ("completed", 3, 0)
    assert (progress["created"], progress["refused"], progress["refusedAtTheDoor"]) == (2, 1, 1)
    assert [(item["reference"], item["result"]) for item in progress["items"]] == [
        ("test", "created"),
        ("A-2", "refused"),
        ("A-3", "created"),
    ]


async def test_a_bulk_of_which_nothing_can_be_read_makes_no_chunk(gateway: Running) -> None:
    answer = await gateway.client.post("/api/products/bulk", {"items": [ITEMS[1], 7]})
    assert (answer.body["data"]["chunks"], answer.body["data"]["errors"]) == (0, 2)
    progress = await gateway.client.get(f"/api/products/bulk/{answer.body['data']['bulkId']}")
    assert progress.body["data"]["status"] == "failed"


async def test_chunks_have_50_items_and_pages_show_all(gateway: Running) -> None:
    def every_tenth_refused(submitted: ChunkSubmitted) -> list[Message]:
        outcomes = tuple(
            refused(c, "category_unknown", "categories[0]") if c.position % 10 == 0 else written(c)
            for c in submitted.changes
        )
        return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)]

    gateway.stations.script = every_tenth_refused
    items = [{"reference": f"R{n:03}", "price": n} for n in range(230)]
    data = (await gateway.client.post("/api/products/bulk", {"items": items})).body["data"]
    assert data["chunks"] == 5
    await eventually(lambda: is_completed(gateway, data["bulkId"]))
    seen = []
    for page in (1, 2, 3):
        progress = (await gateway.client.get(f"/api/products/bulk/{data['bulkId']}?page={page}")).body["data"]
        assert (progress["created"], progress["refused"], progress["pages"]) == (207, 23, 3)
        assert [chunk["totalItems"] for chunk in progress["chunks"]] == [50, 50, 50, 50, 30]
        seen += [item["reference"] for item in progress["items"]]
    assert seen == [f"R{n:03}" for n in range(230)]
    chunks = sorted(gateway.stations.submitted, key=lambda s: s.chunk.partition)
    sequences = [change.sequence for submitted in chunks for change in submitted.changes]
    assert sequences == sorted(set(sequences))


async def test_an_id_that_was_given_out_updates_that_product(gateway: Running) -> None:
    first = await gateway.client.post("/api/products/bulk", {"items": [{"reference": "A"}]})
    await eventually(lambda: is_completed(gateway, first.body["data"]["bulkId"]))
    items = [{"id": 9999, "category_id": "2"}, {"id": "424242", "price": 1}, {"id": 9999, "reference": "B"}]
    answer = await gateway.client.post("/api/products/bulk", {"items": items})
    assert [json.loads(m["msjs"]).keys() for m in answer.body["data"]["msjs"]] == [{"reference"}]
    assert answer.body["data"]["msjs"][0]["operation"] == "update"
    await gateway.stations.have_got(2)
    known, unknown = gateway.stations.submitted[1].changes
    assert (known.intent, known.reference, known.product_id) == (Intent.UPDATE, "A", 9999)
    assert (unknown.intent, unknown.reference, unknown.product_id) == (Intent.UPDATE, None, 424242)


async def test_a_reference_that_no_shop_can_have_is_left_to_the_validator(gateway: Running) -> None:
    answer = await gateway.client.post("/api/products/bulk", {"items": [{"reference": "R" * 5000}]})
    assert answer.body["data"]["chunks"] == 1
    await gateway.stations.have_got(1)
    assert gateway.stations.submitted[0].changes[0].product_id is None


async def test_more_items_or_bytes_than_allowed_are_too_large(gateway: Running) -> None:
    answer = await gateway.client.post("/api/products/bulk", {"items": [{}] * 1001})
    assert answer.status == 413
    assert answer.body["success"] is False


async def test_a_page_that_is_none_is_refused(gateway: Running) -> None:
    data = (await gateway.client.post("/api/products/bulk", {"items": ITEMS})).body["data"]
    for page in ("0", "-1", "x", "9" * 30, "1.5", "%00"):
        answer = await gateway.client.get(f"/api/products/bulk/{data['bulkId']}?page={page}")
        assert answer.status == 422, page
