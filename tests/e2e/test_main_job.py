"""The main job, as its users see it: products go in over HTTP, the shop shows them, results come back."""

import base64
from collections import Counter
from typing import Any

import pytest
from tests.conftest import Running, eventually, picture

from skuwire.demo.catalogue import seed_sync_example
from skuwire.demo.receiver import Receiver
from skuwire.gateway import GatewayRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_synced_product_is_answered_as_seed_000_shows_it(running: Running) -> None:
    image = {"fileName": "machine.jpg", "base64": base64.b64encode(picture("machine")).decode()}
    data_sheet = [{"Gruppo": "Power", "Descrizione": "Rated power", "Valore": "1450", "Suffisso": "W"}]

    answer = await running.gateway.post_sync(
        {**seed_sync_example(), "images": [image], "technical_data": data_sheet}
    )

    assert answer.status == 200
    assert answer.body["success"] is True
    assert answer.body["message"] == "Product synchronized successfully"
    shown = (await running.shop_state())["PROD001"]
    data = answer.body["data"]
    assert data["productId"] >= 9999
    assert data == {
        "productId": data["productId"],
        "reference": "PROD001",
        "presta_id": shown["id"],
        "syncId": data["syncId"],
        "operation": "create",
        "imagesProcessed": 1,
        "technicalDataProcessed": 1,
    }
    assert shown["quantity"] == 50
    assert float(shown["price"]) == 1299.99
    assert len(shown["image_ids"]) == 1


async def test_one_trace_id_finds_the_lines_of_every_service_that_touched_the_product(
    running: Running,
) -> None:
    image = await running.put_picture("traced")
    answer = await running.gateway.post_sync(
        {**seed_sync_example(), "reference": "TRACED", "images": [image]}
    )

    def services() -> bool:
        lines = [line for line in running.log_lines() if line.get("trace_id") == answer.trace_id]
        delivered = any(line["event"] == "webhook.delivered" for line in lines)
        return delivered and {line["service"] for line in lines} == set(running.stack.options.services)

    await eventually(services)


async def test_a_create_of_a_product_that_exists_is_a_conflict_and_changes_nothing(running: Running) -> None:
    await running.gateway.post_sync({**seed_sync_example(), "reference": "ONCE"})

    with pytest.raises(GatewayRefused) as refused:
        await running.gateway.post_sync({**seed_sync_example(), "reference": "ONCE", "price": 1})

    assert refused.value.status == 409
    assert float((await running.shop_state())["ONCE"]["price"]) == 1299.99


async def test_every_violation_of_a_body_is_listed_with_its_path(running: Running) -> None:
    with pytest.raises(GatewayRefused) as refused:
        await running.gateway.post_sync(
            {"operation": "replace", "reference": "", "name": "x", "price": "9", "quantity": 1.5}
        )

    assert refused.value.status in (400, 422)
    body: Any = refused.value.body
    assert body["success"] is False
    assert {"operation", "price", "quantity"} <= {detail["field"] for detail in body["details"]}
    assert all(detail["message"] for detail in body["details"])


async def test_a_catalogue_that_is_sent_again_costs_the_shop_no_write(running: Running) -> None:
    items = [catalogue_item(number) for number in range(120)]
    first = await running.send(items)
    writes = len(await running.shop_writes())

    second = await running.send(items)

    assert (first["created"], second["unchanged"]) == (120, 120)
    assert len(await running.shop_writes()) == writes


async def test_every_chunk_is_told_once_in_a_webhook_that_verifies(running: Running) -> None:
    status = await running.send([catalogue_item(number) for number in range(1000, 1120)])
    bulk_id = status["bulkId"]
    chunks = running.receiver.received.chunks

    await eventually(lambda: {f"{bulk_id}_{partition}" for partition in range(3)} <= chunks.keys())

    body = chunks[f"{bulk_id}_2"]
    assert body.keys() == {
        "chunkId", "partition", "totalItems", "completed", "itemsCompleted", "errors", "msjs"
    }  # fmt: skip
    assert (body["partition"], body["totalItems"], body["completed"], body["errors"]) == (2, 20, 20, 0)
    received = running.receiver.received
    assert received.verified_ids == received.delivery_ids


async def test_whoever_subscribes_hears_of_each_product_and_once_of_the_whole(running: Running) -> None:
    async with Receiver() as receiver:
        made = await running.gateway.post_webhook(receiver.url, events=["product.*", "bulk.completed"])
        receiver.received.secret = made["secret"]
        items = [catalogue_item(number) for number in range(2000, 2060)]
        items[7] = {**items[7], "category_id": "999"}
        status = await running.send(items)

        def of_bulk() -> list[Any]:  # what was sent before may be told meanwhile as well
            events = receiver.received.events
            return [event for event in events if event["data"]["submission_id"] == status["bulkId"]]

        await eventually(lambda: len(of_bulk()) >= 61)
        await running.gateway.delete_webhook(made["id"])

    assert Counter(event["type"] for event in of_bulk()) == {
        "product.synced": 59,
        "product.failed": 1,
        "bulk.completed": 1,
    }
    [end] = [event["data"] for event in of_bulk() if event["type"] == "bulk.completed"]
    assert (end["kind"], end["status"], end["chunks"]) == ("bulk", "completed", 2)
    assert (end["total_items"], end["created"], end["refused"]) == (60, 59, 1)


async def test_no_secret_reaches_a_log(running: Running) -> None:
    secrets = running.stack.secrets
    token = await running.gateway.token()
    planted = [
        secrets.password,
        secrets.jwt_secret,
        secrets.credential_secret,
        secrets.internal_token,
        secrets.sealing_secret,
        *secrets.shop_keys.values(),
        token.get_secret_value(),
        running.receiver.received.secret or "",
    ]

    logs = "".join(path.read_text() for path in running.stack.log_paths.values())

    assert [secret for secret in planted if secret in logs] == []


def catalogue_item(number: int) -> dict[str, Any]:
    return {
        "reference": f"ITEM-{number}",
        "category_id": str(3 + number % 20),
        "en": {"name": f"Item {number}", "slug": f"item-{number}", "description": "<p>Good</p>"},
        "it": {"name": f"Articolo {number}", "slug": f"articolo-{number}", "description": "<p>Buono</p>"},
        "price": f"{number}.5",
        "quantity": number,
        "brand": {"name": f"Brand {number % 7}"},
        "technical_data": [
            {"Gruppo": "Size", "Descrizione": "Width", "Valore": str(number % 11), "Suffisso": "cm"},
            {"Gruppo": "Size", "Descrizione": "Height", "Valore": str(number % 5), "Suffisso": "cm"},
        ],
    }
