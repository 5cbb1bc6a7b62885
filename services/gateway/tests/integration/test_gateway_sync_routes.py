"""One product at a time, over real HTTP, PostgreSQL and RabbitMQ."""

import asyncio
import base64
import hashlib
from typing import Any

from common.messages import (
    ChunkCompleted,
    ChunkSubmitted,
    ChunkValidated,
    ChunkWritten,
    Intent,
    Result,
)
from common.messages.contract import Message
from gateway.media import MEDIA_UNKNOWN
from gateway.pictures import UNREADABLE
from gateway.testing import Running, all_refused, all_written, eventually, nothing_yet, refused, written

PNG = b"\x89PNG\r\n\x1a\n" + bytes(100)

SEED: dict[str, Any] = {
    "operation": "create",
    "reference": "PROD001",
    "name": "Professional Coffee Machine",
    "description": "High-end espresso machine",
    "price": 1299.99,
    "quantity": 50,
    "active": True,
    "categories": [5, 12],
    "brand": {"name": "CoffeePro"},
}


async def test_a_synchronization_waits_for_its_result(gateway: Running) -> None:
    datum = {"Gruppo": "Power", "Descrizione": "Voltage", "Valore": "230"}
    images = [{"fileName": "front.png", "base64": base64.b64encode(PNG).decode()}]
    answer = await gateway.client.post(
        "/api/products/sync", SEED | {"images": images, "technical_data": [datum]}
    )
    sync_id = answer.body["data"]["syncId"]
    assert (answer.status, answer.body) == (
        200,
        {
            "success": True,
            "message": "Product synchronized successfully",
            "data": {
                "productId": 9999,
                "reference": "PROD001",
                "presta_id": 456,
                "syncId": sync_id,
                "operation": "create",
                "imagesProcessed": 1,
                "technicalDataProcessed": 1,
            },
        },
    )
    assert "Server" not in answer.headers
    [submitted], [envelope] = gateway.stations.submitted, gateway.stations.envelopes
    assert (submitted.chunk.submission_id, submitted.chunk.shop) == (sync_id, "milano")
    assert envelope.traceparent is not None
    assert answer.headers["X-Trace-Id"] in envelope.traceparent
    [image] = submitted.changes[0].fields.images or ()
    assert await gateway.runtime.blobs.get(image.sha256) == PNG

    status = (await gateway.client.get(f"/api/products/sync/{sync_id}")).body["data"]
    assert (status["status"], status["outcome"]) == ("completed", "created")
    assert [step["step"] for step in status["steps"]] == ["accepted", "completed"]
    assert status["traceId"] == answer.headers["X-Trace-Id"]


async def test_a_synchronization_that_takes_longer_is_asked_for_later(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    answer = await gateway.client.post("/api/products/sync", SEED, headers={"Prefer": "respond-async"})
    assert answer.status == 202
    assert answer.headers["Preference-Applied"] == "respond-async"
    assert answer.headers["Retry-After"]
    location = answer.headers["Location"]
    assert (await gateway.client.get(location)).body["data"]["status"] == "queued"
    assert answer.headers["X-Trace-Id"]

    await gateway.stations.have_got(1)
    [submitted] = gateway.stations.submitted
    outcome = written(submitted.changes[0])
    validated = ChunkValidated(chunk=submitted.chunk, changes=submitted.changes)
    await gateway.stations.tell(validated)
    await gateway.stations.tell(ChunkWritten(chunk=submitted.chunk, pictures=(), outcomes=()))
    await eventually(lambda: has_status(gateway, location, "processing"))
    await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=(outcome,)))
    await eventually(lambda: has_status(gateway, location, "completed"))
    steps = (await gateway.client.get(location)).body["data"]["steps"]
    assert [step["step"] for step in steps] == ["accepted", "validated", "written", "completed"]


async def has_status(gateway: Running, location: str, status: str) -> bool:
    return bool((await gateway.client.get(location)).body["data"]["status"] == status)


async def test_a_fact_that_comes_late_or_twice_changes_nothing(gateway: Running) -> None:
    """Completed arrives before validated; a replay under a new id tells another outcome."""
    gateway.stations.script = nothing_yet
    answer = await gateway.client.post("/api/products/sync", SEED, headers={"Prefer": "wait=0"})
    await gateway.stations.have_got(1)
    [submitted] = gateway.stations.submitted
    [change] = submitted.changes
    completed = ChunkCompleted(chunk=submitted.chunk, outcomes=(written(change),))
    envelope = await gateway.stations.tell(completed)
    await eventually(lambda: has_status(gateway, answer.headers["Location"], "completed"))
    await gateway.stations.tell(completed, envelope)
    other = (refused(change, "category_unknown"),)
    await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=other))
    await gateway.stations.tell(ChunkValidated(chunk=submitted.chunk, changes=(), outcomes=other))
    gateway.stations.script = all_written
    assert (await gateway.client.post("/api/products/sync", SEED | {"reference": "NEXT"})).status == 200
    row = await gateway.database.pool.fetchrow(
        "select * from chunks where submission_id = $1", submitted.chunk.submission_id
    )
    assert row is not None
    assert (row["created"], row["refused"]) == (1, 0)
    status = (await gateway.client.get(answer.headers["Location"])).body["data"]
    assert (status["outcome"], status["presta_id"]) == ("created", 456)


async def test_a_refusal_of_the_shop_is_answered_in_the_seeds_form(gateway: Running) -> None:
    for operation, code, status in (
        ("create", "product_exists", 409),
        ("update", "product_not_found", 404),
        ("create", "category_unknown", 422),
    ):
        gateway.stations.script = all_refused(code)
        answer = await gateway.client.post("/api/products/sync", SEED | {"operation": operation})
        assert (answer.status, answer.body["success"]) == (status, False)
        assert answer.body["details"] == [{"field": "reference", "message": f"Refused: {code}."}]


async def test_violations_are_told_at_once_and_nothing_is_accepted(gateway: Running) -> None:
    images = [{"fileName": "a.png", "base64": "no picture"}, {"fileName": "b.png", "sha256": "0" * 64}]
    wrong = {"price": -1, "quantity": "x", "images": images}
    answer = await gateway.client.post("/api/products/sync", SEED | wrong)
    assert answer.status == 422
    assert answer.body == {
        "success": False,
        "error": "Validation failed",
        "details": [
            {"field": "quantity", "message": "Must be a whole number."},
            {"field": "price", "message": "Price must be a positive number"},
            {"field": "images[0].base64", "message": UNREADABLE},
            {"field": "images[1].sha256", "message": MEDIA_UNKNOWN},
        ],
    }
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == 0


async def test_a_picture_that_is_none_refuses_its_product(gateway: Running) -> None:
    too_large = base64.b64encode(PNG + bytes(100_000)).decode()
    for image, status, field in (
        ({"base64": "aGVsbG8gd29ybGQh"}, 422, "images[0].base64"),
        ({"base64": too_large}, 413, "images[0].base64"),
        ({"sha256": "0" * 64}, 422, "images[0].sha256"),
    ):
        images = [{"fileName": "a.png"} | image]
        answer = await gateway.client.post("/api/products/sync", SEED | {"images": images})
        assert (answer.status, answer.body["details"][0]["field"]) == (status, field)
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == 0


async def test_a_batch_tells_each_product_how_it_went(gateway: Running) -> None:
    def first_written(submitted: ChunkSubmitted) -> list[Message]:
        first, *others = submitted.changes
        outcomes = (written(first), *(refused(change, "product_exists") for change in others))
        return [ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes)]

    gateway.stations.script = first_written
    products = [SEED, SEED | {"reference": "B"}, SEED | {"reference": "C", "price": "x"}]
    answer = await gateway.client.post("/api/products/sync/batch", {"products": products})
    assert answer.status == 200
    data = answer.body["data"]
    assert [(r["index"], r["success"], r["presta_id"]) for r in data["results"]] == [
        (0, True, 456),
        (1, False, None),
        (2, False, None),
    ]
    assert data["results"][2]["details"][0]["field"] == "price"
    assert (await gateway.client.get(f"/api/products/sync/{data['syncId']}")).body["data"]["failed"] == 2


async def test_many_callers_wait_at_a_time_and_each_gets_its_own_result(gateway: Running) -> None:
    answers = await asyncio.gather(
        *(gateway.client.post("/api/products/sync", SEED | {"reference": f"R{n}"}) for n in range(30))
    )
    assert [answer.body["data"]["reference"] for answer in answers] == [f"R{n}" for n in range(30)]
    assert len({answer.body["data"]["productId"] for answer in answers}) == 30


async def test_a_reference_keeps_its_product_id_and_later_changes_have_higher_sequences(
    gateway: Running,
) -> None:
    for _ in range(2):
        await gateway.client.post("/api/products/sync", SEED)
    first, second = (submitted.changes[0] for submitted in gateway.stations.submitted)
    assert first.product_id == second.product_id == 9999
    assert first.sequence < second.sequence
    row = await gateway.database.pool.fetchrow("select * from shop_products")
    assert row is not None
    assert (row["product_id"], row["shop"], row["presta_id"]) == (9999, "milano", 456)
    assert (row["last_result"], row["sequence"]) == (Result.CREATED.value, second.sequence)


async def test_the_read_model_keeps_the_newest_change_whatever_comes_late(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    for _ in range(2):
        await gateway.client.post("/api/products/sync", SEED, headers={"Prefer": "respond-async"})
    await gateway.stations.have_got(2)
    older, newer = sorted(gateway.stations.submitted, key=lambda s: s.changes[0].sequence)
    for submitted, presta_id in ((newer, 2), (older, 1)):
        outcomes = (written(submitted.changes[0], presta_id),)
        await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes))
    await eventually(
        lambda: has_status(gateway, f"/api/products/sync/{older.chunk.submission_id}", "completed")
    )
    assert await gateway.database.pool.fetchval("select presta_id from shop_products") == 2


async def test_a_submission_goes_to_the_shop_that_is_named(gateway: Running) -> None:
    for options in ({"params": {"shop": "roma"}}, {"headers": {"X-Shop-Id": "roma"}}):
        await gateway.client.post("/api/products/sync", SEED, **options)
    assert [submitted.chunk.shop for submitted in gateway.stations.submitted] == ["roma", "roma"]
    answer = await gateway.client.post("/api/products/sync?shop=oslo", SEED)
    assert answer.status == 422
    assert "milano, roma" in answer.body["details"][0]["message"]


async def test_pictures_may_be_sent_ahead_and_only_named(gateway: Running) -> None:
    digest = hashlib.sha256(PNG).hexdigest()
    path = f"/api/v1/media/{digest}"
    assert (await gateway.client("HEAD", path)).status == 404
    assert (await gateway.client("PUT", path, data=PNG)).status == 201
    assert (await gateway.client("PUT", path, data=PNG)).status == 200
    assert (await gateway.client("HEAD", path)).status == 200
    images = [{"fileName": "a.png", "sha256": digest}]
    answer = await gateway.client.post("/api/products/sync", SEED | {"images": images})
    assert answer.body["data"]["imagesProcessed"] == 1


async def test_an_empty_list_of_pictures_clears_them_and_none_at_all_keeps_them(gateway: Running) -> None:
    await gateway.client.post("/api/products/sync", SEED | {"images": []})
    await gateway.client.post("/api/products/sync", SEED)
    emptied, kept = (submitted.changes[0].fields for submitted in gateway.stations.submitted)
    assert emptied.images == ()
    assert "images" not in kept.model_fields_set


async def test_bytes_that_are_not_that_picture_are_not_kept(gateway: Running) -> None:
    large = PNG + bytes(100_000)
    for sha256, data, status in (
        ("0" * 64, PNG, 422),
        (hashlib.sha256(b"hello world!").hexdigest(), b"hello world!", 422),
        (hashlib.sha256(b"").hexdigest(), b"", 422),
        (hashlib.sha256(large).hexdigest(), large, 413),
        ("ABC", PNG, 404),
    ):
        assert (await gateway.client("PUT", f"/api/v1/media/{sha256}", data=data)).status == status
    assert await gateway.database.pool.fetchval("select count(*) from media") == 0


async def test_nothing_is_accepted_while_the_broker_is_away(gateway: Running) -> None:
    connected = gateway.runtime.broker.connection.connected
    connected.clear()  # what the client library does when the connection is lost
    answer = await gateway.client.post("/api/products/sync", SEED)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert await gateway.database.pool.fetchval("select count(*) from submissions") == 0
    connected.set()
    assert (await gateway.client.post("/api/products/sync", SEED)).status == 200


async def test_nothing_is_accepted_while_the_database_is_away(gateway: Running) -> None:
    await gateway.runtime.database.pool.close()
    answer = await gateway.client.post("/api/products/sync", SEED)
    assert (answer.status, answer.headers["Retry-After"]) == (503, "5")
    assert answer.body["success"] is False


def all_deleted(submitted: ChunkSubmitted) -> list[Message]:
    outcomes = [written(change).model_copy(update={"result": Result.DELETED}) for change in submitted.changes]
    return [ChunkCompleted(chunk=submitted.chunk, outcomes=tuple(outcomes))]


async def test_a_product_is_deleted_or_deactivated_by_its_reference(gateway: Running) -> None:
    gateway.stations.script = all_deleted
    deleted = await gateway.client("DELETE", "/api/products/sync/A%2F1%20b")
    assert (deleted.status, deleted.body["message"]) == (200, "Product deleted successfully")
    assert (deleted.body["data"]["reference"], deleted.body["data"]["operation"]) == ("A/1 b", "delete")

    gateway.stations.script = all_written
    deactivated = await gateway.client("DELETE", "/api/products/sync/B?mode=deactivate")
    assert (deactivated.status, deactivated.body["data"]["operation"]) == (200, "update")
    gone, off = (submitted.changes[0] for submitted in gateway.stations.submitted)
    assert (gone.intent, gone.reference, gone.fields.model_fields_set) == (Intent.DELETE, "A/1 b", set())
    assert (off.intent, off.fields.active) == (Intent.UPDATE, False)

    gateway.stations.script = nothing_yet
    later = await gateway.client("DELETE", "/api/products/sync/B", headers={"Prefer": "respond-async"})
    assert (later.status, later.headers["Location"][:24]) == (202, "/api/products/sync/sync_")


async def test_a_product_that_cannot_be_deleted_is_answered_with_the_reason(gateway: Running) -> None:
    gateway.stations.script = all_refused("product_not_found")
    missing = await gateway.client("DELETE", "/api/products/sync/NOWHERE")
    assert (missing.status, missing.body["error"]) == (404, "Product not found")
    for path, status in (("B?mode=burn", 400), ("x" * 65, 422)):
        answer = await gateway.client("DELETE", f"/api/products/sync/{path}")
        assert answer.status == status
    assert len(gateway.stations.submitted) == 1
