"""What variants show, from the request of the sender to the combinations of the shop."""

import base64
from typing import Any

import pytest
from aiohttp import encode_basic_auth
from tests.conftest import Running, picture

from skuwire.demo.catalogue import seed_sync_example

pytestmark = pytest.mark.asyncio(loop_scope="session")


def an_image(name: str) -> dict[str, str]:
    return {"fileName": f"{name}.jpg", "base64": base64.b64encode(picture(name)).decode()}


def a_shirt(**shown: list[str]) -> dict[str, Any]:
    """A shirt in sizes, each showing pictures by their file names."""
    variants = [
        {"reference": f"SHOWN-{size}", "options": {"Size": size}, "images": names}
        for size, names in shown.items()
    ]
    without_stock = {key: value for key, value in seed_sync_example().items() if key != "quantity"}
    return without_stock | {"reference": "SHOWN", "variants": variants}


async def shown_by(running: Running, presta_id: int) -> dict[str, list[int]]:
    """The ids of the pictures that the shop shows for each variant, by reference."""
    url = f"{running.stack.shop_urls['demo']}/api/combinations"
    query = {"display": "full", "output_format": "JSON", "filter[id_product]": f"[{presta_id}]"}
    headers = {"Authorization": encode_basic_auth(running.stack.secrets.shop_keys["demo"], "")}
    async with running.http.get(url, params=query, headers=headers) as answer:
        rows = (await answer.json())["combinations"]
    return {
        row["reference"]: [int(image["id"]) for image in row["associations"].get("images", ())]
        for row in rows
    }


async def test_variants_show_the_pictures_that_they_name_and_follow_the_list(running: Running) -> None:
    images = [an_image("front"), an_image("back")]
    shirt = a_shirt(S=["front.jpg"], L=["back.jpg", "front.jpg"]) | {"images": images}
    made = (await running.gateway.post_sync(shirt)).body["data"]
    front, back = (await running.shop_state())["SHOWN"]["image_ids"]
    assert await shown_by(running, made["presta_id"]) == {"SHOWN-S": [front], "SHOWN-L": [front, back]}

    other_back = {"fileName": "back.jpg", "base64": an_image("other")["base64"]}
    update = {"operation": "update", "reference": "SHOWN", "images": [images[0], other_back]}
    await running.gateway.post_sync(update)
    _, newest = (await running.shop_state())["SHOWN"]["image_ids"]
    assert newest != back
    assert await shown_by(running, made["presta_id"]) == {"SHOWN-S": [front], "SHOWN-L": [front, newest]}

    await running.gateway.post_sync(a_shirt(S=["back.jpg"], L=[]) | {"operation": "update"})
    assert await shown_by(running, made["presta_id"]) == {"SHOWN-S": [newest], "SHOWN-L": []}
    assert (await running.shop_state())["SHOWN"]["image_ids"] == [front, newest]
