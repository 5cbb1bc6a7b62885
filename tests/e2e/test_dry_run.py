"""A dry run, from the request of its sender to the plan in the answer: the real run then does just that."""

import base64
from collections import Counter
from typing import Any

import pytest
from tests.conftest import Running, eventually, picture

from skuwire.demo.catalogue import seed_sync_example

pytestmark = pytest.mark.asyncio(loop_scope="session")


def a_machine(reference: str, **changed: Any) -> dict[str, Any]:
    images = [{"fileName": "front.jpg", "base64": base64.b64encode(picture(reference)).decode()}]
    return seed_sync_example() | {"reference": reference, "images": images} | changed


def planned_writes(shop_requests: dict[str, Any]) -> Counter[tuple[str, str]]:
    return Counter(
        {
            (entry["method"], entry["resource"]): entry["requests"]
            for entry in shop_requests["requests"]
            if entry["method"] != "GET"
        }
    )


async def writes_since(running: Running, before: int) -> Counter[tuple[str, str]]:
    found = (await running.shop_writes())[before:]
    return Counter((request["method"], request["path"].split("/")[2]) for request in found)


async def test_a_new_product_is_planned_and_then_made_as_planned(running: Running) -> None:
    product = a_machine("PLANNED", brand={"name": "Planned brand"})
    before = len(await running.shop_writes())
    answer = (await running.gateway.post_sync(product | {"dry_run": True})).body
    plan = answer["data"]["plan"]
    assert (answer["dryRun"], plan["outcome"], plan["warnings"]) == (True, "created", [])
    assert (answer["data"]["productId"], answer["data"]["presta_id"]) == (None, None)
    changes = {change["field"]: (change["before"], change["after"]) for change in plan["changes"]}
    assert changes["price"] == (None, product["price"])
    assert changes["brand"] == (None, "Planned brand")
    assert "images" in changes
    assert len(await running.shop_writes()) == before
    assert "PLANNED" not in await running.shop_state()

    made = (await running.gateway.post_sync(product)).body["data"]
    assert made["presta_id"] is not None
    assert await writes_since(running, before) == planned_writes(plan["shopRequests"])


async def test_a_bulk_is_planned_item_by_item_and_nobody_outside_is_told(running: Running) -> None:
    await running.gateway.post_sync(a_machine("BULK-OLD"))
    items = [
        {"reference": "BULK-OLD", "price": 7, "quantity": 3},
        {"reference": "BULK-NEW", "name": "New", "price": 5, "brand": "Brand of a bulk"},
        {"reference": "BULK-BAD", "operation": "update", "price": 1},
    ]
    state, before = await running.shop_state(), len(await running.shop_writes())
    token = await running.gateway.token()
    async with running.http.post(
        f"{running.stack.gateway_url}/api/products/bulk",
        json={"items": items, "dry_run": True},
        headers={"Authorization": f"Bearer {token.get_secret_value()}"},
    ) as response:
        bulk_id = (await response.json())["data"]["bulkId"]
    status = await running.finished(bulk_id)
    old, new, bad = status["items"]
    changes = {change["field"]: change["after"] for change in old["plan"]["changes"]}
    assert changes == {"price": 7, "quantity": 3}
    assert (old["plan"]["outcome"], new["plan"]["outcome"]) == ("updated", "created")
    assert [error["code"] for error in bad["errors"]] == ["product_not_found"]
    assert await running.shop_state() == state
    assert len(await running.shop_writes()) == before

    real = await running.send(items)
    assert (real["updated"], real["created"]) == (1, 1)
    [chunk] = status["chunks"]
    assert await writes_since(running, before) == planned_writes(chunk["shopRequests"])
    chunks = running.receiver.received.chunks
    await eventually(lambda: any(str(real_id).startswith(real["bulkId"]) for real_id in chunks))
    assert not any(str(told).startswith(bulk_id) for told in chunks)
