"""A product goes and comes back, as its users see it."""

from typing import Any

import pytest
from tests.conftest import Running, eventually

from skuwire.demo.catalogue import seed_sync_example

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_deleted_product_leaves_nothing_and_is_made_anew_with_its_pictures(running: Running) -> None:
    image = await running.put_picture("front")
    product = {**seed_sync_example(), "reference": "GO", "images": [image]}
    first = (await running.gateway.post_sync(product)).body["data"]

    status, body = await delete(running, "GO")
    assert (status, body["message"]) == (200, "Product deleted successfully")
    assert body["data"]["presta_id"] == first["presta_id"]
    assert "GO" not in await running.shop_state()
    assert (await delete(running, "GO"))[0] == 404

    again = (await running.gateway.post_sync(product)).body["data"]
    assert again["presta_id"] != first["presta_id"]
    assert (again["productId"], again["imagesProcessed"]) == (first["productId"], 1)
    assert len((await running.shop_state())["GO"]["image_ids"]) == 1


async def test_a_product_is_taken_off_sale_and_a_bulk_may_delete_it(running: Running) -> None:
    await running.gateway.post_sync({**seed_sync_example(), "reference": "OFF"})

    assert (await delete(running, "OFF", "?mode=deactivate"))[0] == 200
    assert (await running.shop_state())["OFF"]["active"] is False

    status = await running.send([{"operation": "delete", "reference": "OFF"}])
    assert (status["deleted"], status["refused"]) == (1, 0)
    chunk = f"{status['bulkId']}_0"
    told = await eventually(lambda: running.receiver.received.chunks.get(chunk))
    assert told["itemsCompleted"][0]["operation"] == "delete"


async def delete(running: Running, reference: str, query: str = "") -> tuple[int, Any]:
    token = (await running.gateway.token()).get_secret_value()
    url = f"{running.stack.gateway_url}/api/products/sync/{reference}{query}"
    async with running.http.delete(url, headers={"Authorization": f"Bearer {token}"}) as answer:
        return answer.status, await answer.json()
