"""A stock that is told again as the number that was written last, while the shop has sold some."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.messages import Result

SIZES = ({"reference": "S-S", "options": {"Size": "S"}}, {"reference": "S-M", "options": {"Size": "M"}})
TOLD = {"S-S": 3, "S-M": 0}


@pytest.fixture
async def repeating(world: Any) -> AsyncIterator[Any]:
    """The service runs for a shop of which stocks are written whenever they are told."""
    shops_file = world.settings.shops_file
    shops_file.write_text(shops_file.read_text() + "repeat_stocks = true\n")
    async with world.service():
        yield world


def three_are_sold(world: Any) -> None:
    """Of everything that the shop has."""
    world.shop.connection.execute("update stock_availables set quantity = quantity - 3")


def stocks(world: Any) -> dict[str, int]:
    rows = world.shop.connection.execute(
        "select c.reference, s.quantity from combinations c join stock_availables s "
        "on s.id_product_attribute = c.id"
    )
    return {row["reference"]: row["quantity"] for row in rows}


@pytest.mark.parametrize("told", [{"quantity": 10}, {"warehouses": {"1": 4, "2": 6}}, {"quantity": 0}])
async def test_a_stock_that_is_told_again_is_what_the_shop_has(repeating: Any, told: dict[str, Any]) -> None:
    pieces = 0 if told == {"quantity": 0} else 10
    await repeating.bring(repeating.change("P", name={"en": "P"}, price="1", **told))
    three_are_sold(repeating)
    repeating.forget_requests()

    (outcome,) = await repeating.bring(repeating.change("P", name={"en": "P"}, price="1", **told))
    assert outcome.result is Result.UPDATED
    assert repeating.requests() == ["PATCH stock_availables 1"]
    assert repeating.product("P")["quantity"] == pieces

    three_are_sold(repeating)
    repeating.forget_requests()
    await repeating.bring(repeating.change("P", price="2"))
    assert repeating.requests() == ["PATCH products 1"]
    assert repeating.product("P")["quantity"] == pieces - 3


async def test_the_stocks_of_variants_that_are_told_again_are_what_the_shop_has(repeating: Any) -> None:
    shirt = {"name": {"en": "Shirt"}, "price": "10", "variants": SIZES, "variant_quantities": TOLD}
    await repeating.bring(repeating.change("S", **shirt))
    for again in ({"variant_quantities": TOLD}, shirt):
        three_are_sold(repeating)
        repeating.forget_requests()
        await repeating.bring(repeating.change("S", **again))
        assert repeating.requests() == ["PATCH stock_availables 2"]
        assert stocks(repeating) == TOLD

    three_are_sold(repeating)
    repeating.forget_requests()
    await repeating.bring(repeating.change("S", price="11", variant_quantities={"S-S": 3}))
    assert repeating.requests() == ["PATCH products 1", "PATCH stock_availables 1"]
    assert stocks(repeating) == {"S-S": 3, "S-M": -3}


async def test_stocks_of_variants_that_people_have_made_are_repeated_too(repeating: Any) -> None:
    (product,) = await repeating.made_by_hand({"reference": "S", "name": {1: "S", 2: "S"}, "price": 1})
    await repeating.client.create(
        "combinations", [{"id_product": product, "reference": "S-S", "minimal_quantity": 1}]
    )
    for _ in range(2):
        await repeating.bring(repeating.change("S", variant_quantities={"S-S": 3}))
        assert stocks(repeating) == {"S-S": 3}
        three_are_sold(repeating)


async def test_without_the_setting_a_stock_that_is_told_again_costs_no_request(running: Any) -> None:
    change = {"name": {"en": "P"}, "price": "1", "quantity": 10}
    await running.bring(running.change("P", **change))
    three_are_sold(running)
    running.forget_requests()

    (outcome,) = await running.bring(running.change("P", **change))

    assert (outcome.result, running.requests()) == (Result.UNCHANGED, [])
    assert running.product("P")["quantity"] == 7
