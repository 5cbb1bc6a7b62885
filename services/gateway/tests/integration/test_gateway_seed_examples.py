"""Each example of the APIs that are spoken here, sent as its document has it, is answered as it has it.

The documents are the GeSmart Products Sync API (seed 000) and Products Bulk (seed 004). The latter's examples
are no JSON as they stand: their remarks are left out here and the braces that they lack are added.
"""

import hashlib
import hmac
import json
import time
from typing import Any

import pytest
from pydantic import SecretStr

from common.messages import Intent
from gateway.inbound.sources import InboundSource
from gateway.settings import GatewaySettings
from gateway.testing import (
    EMAIL,
    PASSWORD,
    Answer,
    Running,
    all_refused,
    eventually,
    nothing_yet,
)

SYNC, BULK = "/api/products/sync", "/api/products/bulk"
SECRET = "hV4pTz8KqRw2Lm6NbXc9Jd3FsGy7Ua5E"

CURL = """{
"operation": "create",
"reference": "PROD001",
"name": "Professional Coffee Machine",
"description": "High-end espresso machine",
"price": 1299.99,
"quantity": 50,
"active": true,
"categories": [5, 12],
"brand": {
"name": "CoffeePro"
}
}"""

SYNC_DATA = {
    "productId",
    "reference",
    "presta_id",
    "syncId",
    "operation",
    "imagesProcessed",
    "technicalDataProcessed",
}

QUERY = {
    "setting": json.dumps(
        {
            "timezone": "America/Bogota",
            "fromAdmin": True,
            "appMode": "iadmin",
            "authProvider": "local",
            "locale": "en",
        }
    )
}


@pytest.fixture
async def settings(settings: GatewaySettings) -> GatewaySettings:
    """The base settings, and an ERP that sends webhooks."""
    source = InboundSource(name="gesmart", shop="milano", secrets=(SecretStr(SECRET),))
    return settings.model_copy(update={"inbound_webhooks": (source,)})


async def send(gateway: Running, path: str, text: str, **options: Any) -> Answer:
    headers = {"Content-Type": "application/json"}
    return await gateway.client("POST", path, data=text.encode(), headers=headers, **options)


# ── seed 000 ──


async def test_seed_000_a_token_comes_from_the_login(gateway: Running) -> None:
    body = json.dumps({"email": EMAIL, "password": PASSWORD})
    answer = await send(gateway, "/api/auth/login", body)
    assert (answer.status, answer.body["success"]) == (200, True)
    assert answer.body["data"]["access_token"]


async def test_seed_000_the_curl_example(gateway: Running) -> None:
    answer = await send(gateway, SYNC, CURL)
    assert (answer.status, set(answer.body)) == (200, {"success", "message", "data"})
    assert answer.body["success"] is True
    assert answer.body["message"] == "Product synchronized successfully"
    data = answer.body["data"]
    assert set(data) == SYNC_DATA
    assert (data["reference"], data["operation"]) == ("PROD001", "create")


async def test_seed_000_the_complete_product(gateway: Running) -> None:
    pixel = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    datum = {"Gruppo": "Power", "Descrizione": "Voltage", "Valore": "230"}
    product = json.loads(CURL) | {
        "ean13": "4006381333931",
        "weight": 1.5,
        "brand": {"name": "CoffeePro", "description": "Italian"},
        "images": [{"fileName": f"{name}.png", "base64": pixel} for name in "abc"],
        "technical_data": [datum | {"Suffisso": "V", "PrintOrder": number} for number in range(15)],
    }
    answer = await send(gateway, SYNC, json.dumps(product))
    assert answer.status == 200
    assert (answer.body["data"]["imagesProcessed"], answer.body["data"]["technicalDataProcessed"]) == (3, 15)


async def test_seed_000_the_error_example(gateway: Running) -> None:
    answer = await send(gateway, SYNC, CURL.replace("1299.99", "-1"))
    assert (answer.status, answer.body) == (
        422,
        {
            "success": False,
            "error": "Validation failed",
            "details": [{"field": "price", "message": "Price must be a positive number"}],
        },
    )


@pytest.mark.parametrize(
    ("code", "status"), [("product_exists", 409), ("product_not_found", 404), ("category_unknown", 422)]
)
async def test_seed_000_what_the_shop_says_no_to(gateway: Running, code: str, status: int) -> None:
    gateway.stations.script = all_refused(code)
    answer = await send(gateway, SYNC, CURL)
    assert (answer.status, set(answer.body)) == (status, {"success", "error", "details"})


async def test_seed_000_without_a_token(gateway: Running) -> None:
    gateway.client.token = None
    answer = await send(gateway, SYNC, CURL)
    assert (answer.status, answer.body["success"]) == (401, False)


async def test_seed_000_what_is_no_json(gateway: Running) -> None:
    assert (await send(gateway, SYNC, CURL[:-1])).status == 400


async def test_seed_000_the_webhook_is_answered_at_once(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    timestamp = str(int(time.time()))
    signature = hmac.digest(SECRET.encode(), f"{timestamp}.{CURL}".encode(), hashlib.sha256).hex()
    headers = {
        "Content-Type": "application/json",
        "X-GeSmart-Signature": f"sha256={signature}",
        "X-GeSmart-Timestamp": timestamp,
        "X-GeSmart-Delivery": "first",
        "X-GeSmart-Event": "product.created",
    }
    gateway.client.token = None
    path = "/api/webhooks/gesmart/products"
    answer = await gateway.client("POST", path, data=CURL.encode(), headers=headers)
    assert (answer.status, answer.body["success"]) == (200, True)
    await gateway.stations.have_got(1)
    assert gateway.stations.submitted[0].changes[0].reference == "PROD001"


# ── seed 004 ──

CREATE_MINIMUM = """{"items":[{
"category_id": "1",
"en": {"name": "Test", "slug": "test", "summary": "Summary", "description": "Description"}
}]}"""
CREATE_REST = """{"items":[{
"category_id": "1",
"en": {"name": "Test", "slug": "test", "summary": "Summary", "description": "Description"},
"quantity": 9999,
"price": "20000",
"productWarehouses":[{"warehouse_id": 2, "quantity": 15}]
}]}"""
UPDATE_MINIMUM = """{"items":[{"id":9999, "category_id": "2"}]}"""
UPDATE_REST = """{"items":[{"id":9999, "productWarehouses":[{"warehouse_id": 2, "quantity": 15}]}]}"""
CREATE_WITH_WAREHOUSES = """{"items":[{
"en": {"name":"Producto x", "slug":"producto-x", "description": "esta es una prueba",
"summary":"Esto es una prueba"},
"category_id": 1,
"quantity": 9999,
"price": "20000",
"productWarehouses":[{"warehouse_id": 2, "quantity": 15}]
}]}"""
UPDATE_WAREHOUSE = """{"items":[{"id": 9999, "productWarehouses":[{"warehouse_id": 2, "quantity": 20}]}]}"""
CREATE_WITH_DISCOUNT = """{"items":[{
"es": {"name":"Producto x", "slug":"producto-x", "description": "esta es una prueba",
"summary":"Esto es una prueba"},
"category_id": 1,
"quantity": 9999,
"price": "20000",
"discounts":[{"quantity": 5, "discount": 5, "date_start": "2024-12-06", "date_end": "2024-12-10"}]
}]}"""
UPDATE_DISCOUNT = """{"items":[{"id": 9999,
"discounts":[{"quantity": 10, "discount": 5, "date_start": "2024-12-06", "date_end": "2024-12-20"}]
}]}"""


async def post_bulk(gateway: Running, text: str) -> Any:
    """Send an example of a bulk; the change that the stations get."""
    answer = await send(gateway, BULK, text, params=QUERY)
    bulk_id = answer.body["data"]["bulkId"]
    assert (answer.status, answer.body) == (
        200,
        {"data": {"bulkId": bulk_id, "chunks": 1, "errors": 0, "msjs": []}},
    )
    assert bulk_id.startswith("bulk_")
    assert len(bulk_id) == len("bulk_675c53516d618")
    await gateway.stations.have_got(1)
    [change] = gateway.stations.submitted[-1].changes
    assert gateway.stations.submitted[-1].chunk.chunk_id == f"{bulk_id}_0"
    return change


async def test_seed_004_create_products_minimum(gateway: Running) -> None:
    change = await post_bulk(gateway, CREATE_MINIMUM)
    assert (change.reference, change.fields.name, change.fields.categories) == ("test", {"en": "Test"}, (1,))


async def test_seed_004_create_products_rest(gateway: Running) -> None:
    change = await post_bulk(gateway, CREATE_REST)
    assert (change.fields.quantity, change.fields.price, change.fields.warehouses) == (9999, 20000, {"2": 15})


async def test_seed_004_update_products_minimum(gateway: Running) -> None:
    change = await post_bulk(gateway, UPDATE_MINIMUM)
    assert (change.intent, change.product_id, change.fields.default_category) == (Intent.UPDATE, 9999, 2)


async def test_seed_004_update_products_rest(gateway: Running) -> None:
    change = await post_bulk(gateway, UPDATE_REST)
    assert (change.intent, change.fields.warehouses) == (Intent.UPDATE, {"2": 15})


async def test_seed_004_create_a_product_with_warehouses(gateway: Running) -> None:
    change = await post_bulk(gateway, CREATE_WITH_WAREHOUSES)
    assert (change.reference, change.fields.warehouses) == ("producto-x", {"2": 15})


async def test_seed_004_update_the_quantity_in_a_warehouse(gateway: Running) -> None:
    change = await post_bulk(gateway, UPDATE_WAREHOUSE)
    assert (change.product_id, change.fields.warehouses) == (9999, {"2": 20})


async def test_seed_004_create_a_product_with_a_discount(gateway: Running) -> None:
    [discount] = (await post_bulk(gateway, CREATE_WITH_DISCOUNT)).fields.discounts
    assert (discount.from_quantity, discount.percentage, discount.ends.isoformat()) == (5, 5, "2024-12-10")


async def test_seed_004_update_a_product_with_a_discount(gateway: Running) -> None:
    [discount] = (await post_bulk(gateway, UPDATE_DISCOUNT)).fields.discounts
    assert (discount.from_quantity, discount.ends.isoformat()) == (10, "2024-12-20")


async def test_seed_004_the_error_example(gateway: Running) -> None:
    wrong = CREATE_REST.replace('"20000"', '"cheap"')
    answer = await send(gateway, BULK, wrong, params=QUERY)
    data = answer.body["data"]
    assert (answer.status, data["chunks"], data["errors"]) == (200, 0, 1)
    [message] = data["msjs"]
    assert {"type", "operation", "msjs", "item"} <= set(message)
    assert (message["type"], message["operation"]) == ("error", "create")
    assert list(json.loads(message["msjs"])) == ["price"]
    assert message["item"]["price"] == "cheap"


async def test_seed_004_the_result_of_a_chunk(gateway: Running) -> None:
    answer = await send(gateway, BULK, CREATE_MINIMUM, params=QUERY)
    bulk_id = answer.body["data"]["bulkId"]

    async def is_completed() -> bool:
        shown = await gateway.client.get(f"{BULK}/{bulk_id}/chunks/0")
        return bool(shown.body["data"]["completed"] == 1)

    await eventually(is_completed)
    data = (await gateway.client.get(f"{BULK}/{bulk_id}/chunks/0")).body["data"]
    seed = {"chunkId", "partition", "totalItems", "completed", "itemsCompleted", "errors", "msjs"}
    assert seed <= set(data)
    assert (data["chunkId"], data["partition"], data["totalItems"]) == (f"{bulk_id}_0", 0, 1)
    assert (data["completed"], data["errors"], data["msjs"]) == (1, 0, [])
    assert len(data["itemsCompleted"]) == 1
