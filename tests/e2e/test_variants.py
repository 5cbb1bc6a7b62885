"""A product with variants, from the request of its sender to the combinations of the shop."""

from typing import Any

import pytest
from aiohttp import encode_basic_auth
from tests.conftest import Running

from skuwire.demo.catalogue import seed_sync_example

pytestmark = pytest.mark.asyncio(loop_scope="session")


def a_shirt(reference: str, *sizes: str, **changed: Any) -> dict[str, Any]:
    variants = [
        {
            "reference": f"{reference}-{size}",
            "options": {"Size": size},
            "quantity": 5,
            "is_default": size == "M",
        }
        for size in sizes
    ]
    without_stock = {key: value for key, value in seed_sync_example().items() if key != "quantity"}
    return without_stock | {"reference": reference, "variants": variants} | changed


async def combinations(running: Running, presta_id: int) -> dict[str, dict[str, Any]]:
    """What the shop has of a product's variants, with their stocks, by reference."""
    rows = await shop_list(running, "combinations", presta_id)
    stocks = await shop_list(running, "stock_availables", presta_id)
    quantities = {row["id_product_attribute"]: row["quantity"] for row in stocks}
    return {row["reference"]: row | {"quantity": quantities[str(row["id"])]} for row in rows}


async def shop_list(running: Running, resource: str, presta_id: int) -> list[dict[str, Any]]:
    url = f"{running.stack.shop_urls['demo']}/api/{resource}"
    query = {"display": "full", "output_format": "JSON", "filter[id_product]": f"[{presta_id}]"}
    headers = {"Authorization": encode_basic_auth(running.stack.secrets.shop_keys["demo"], "")}
    async with running.http.get(url, params=query, headers=headers) as answer:
        rows: list[dict[str, Any]] = (await answer.json())[resource]
        return rows


async def test_variants_become_combinations_once_with_their_stocks(running: Running) -> None:
    shirt = a_shirt("SHIRT", "S", "M", "L", supplier={"name": "Acme", "reference": "AC-1"})
    made = (await running.gateway.post_sync(shirt)).body["data"]
    held = await combinations(running, made["presta_id"])
    assert {reference: row["quantity"] for reference, row in held.items()} == {
        "SHIRT-S": "5", "SHIRT-M": "5", "SHIRT-L": "5"
    }  # fmt: skip
    assert [reference for reference, row in held.items() if row["default_on"] == "1"] == ["SHIRT-M"]

    writes = len(await running.shop_writes())
    again = await running.send([shirt | {"operation": "update"}])
    assert again["unchanged"] == 1
    assert len(await running.shop_writes()) == writes


async def test_the_stock_of_one_variant_is_one_request_by_the_shop_s_own_id(running: Running) -> None:
    made = (await running.gateway.post_sync(a_shirt("STOCK", "S", "M"))).body["data"]
    before = await running.shop_writes()
    update = {"operation": "update", "presta_id": made["presta_id"], "variant_quantities": {"STOCK-S": 3}}
    answer = (await running.gateway.post_sync(update)).body["data"]
    assert (answer["reference"], answer["productId"]) == ("STOCK", made["productId"])
    assert len(await running.shop_writes()) == len(before) + 1
    held = await combinations(running, made["presta_id"])
    assert (held["STOCK-S"]["quantity"], held["STOCK-M"]["quantity"]) == ("3", "5")


async def test_a_variant_that_leaves_the_list_leaves_the_shop(running: Running) -> None:
    made = (await running.gateway.post_sync(a_shirt("FEWER", "S", "M", "L"))).body["data"]
    fewer = a_shirt("FEWER", "M", "L") | {"operation": "update"}
    await running.gateway.post_sync(fewer)
    assert (await combinations(running, made["presta_id"])).keys() == {"FEWER-M", "FEWER-L"}


async def test_variants_that_nobody_can_tell_apart_are_refused_by_name(running: Running) -> None:
    shirt = a_shirt("TWINS", "S", "s")
    status = await running.send([shirt])
    [item] = status["items"]
    assert {(error["code"], error["field"]) for error in item["errors"]} == {
        ("variant_repeated", "variants[1].reference"),
        ("variant_options_repeated", "variants[1].options"),
    }
    assert "TWINS" not in await running.shop_state()
