"""Discounts in the shop: seed 004's lists, whole and replaced."""

from typing import Any

from common.messages import Result
from prestashop import drafts

FIVE = {"from_quantity": 5, "percentage": "5", "starts": "2024-12-06", "ends": "2024-12-10"}
TEN = {"from_quantity": 10, "percentage": "5", "starts": "2024-12-06", "ends": "2024-12-20"}


async def prices_of(world: Any, reference: str) -> list[tuple[str, str, str]]:
    presta_id = str(world.product(reference)["id"])
    rows = await world.client.list_all("specific_prices", filters={"id_product": presta_id})
    return sorted((row["from_quantity"], row["reduction"], row["to"]) for row in rows)


async def test_discounts_are_replaced_as_a_whole_and_cost_nothing_unchanged(running: Any) -> None:
    created = await running.bring_one("D", name={"en": "Drill"}, discounts=(FIVE,))
    assert created.result is Result.CREATED
    assert await prices_of(running, "D") == [("5", "0.050000", "2024-12-10 23:59:59")]

    running.forget_requests()
    assert (await running.bring_one("D", discounts=(FIVE,))).result is Result.UNCHANGED
    assert running.requests() == []

    assert (await running.bring_one("D", discounts=(TEN,))).result is Result.UPDATED
    assert running.writes() == ["DELETE specific_prices 1", "POST specific_prices 1"]
    assert await prices_of(running, "D") == [("10", "0.050000", "2024-12-20 23:59:59")]

    await running.bring_one("D", discounts=())
    assert await prices_of(running, "D") == []


async def test_discounts_of_many_products_travel_in_one_request_of_each_kind(running: Any) -> None:
    fields: dict[str, Any] = {"name": {"en": "Drill"}}
    await running.bring(*[running.change(f"M-{number}", **fields) for number in range(30)])
    running.forget_requests()

    await running.bring(*[running.change(f"M-{number}", discounts=(FIVE, TEN)) for number in range(30)])

    assert running.writes() == ["POST specific_prices 60"]


async def test_a_lost_answer_about_a_discount_makes_no_second_one(running: Any) -> None:
    await running.bring_one("L", name={"en": "Drill"})
    running.fail("POST /api/specific_prices", drop=True, when="after", times=1)

    outcome = await running.bring_one("L", discounts=(FIVE,))

    assert outcome.result is Result.UPDATED
    assert len(await prices_of(running, "L")) == 1


async def test_a_price_made_by_hand_for_one_group_stays(running: Any) -> None:
    await running.bring_one("H", name={"en": "Drill"})
    presta_id = running.product("H")["id"]
    await running.client.create(
        "specific_prices",
        [drafts.specific_price(presta_id, reduction="1", id_group=3)],
        identity=("id_product", "id_group"),
    )

    await running.bring_one("H", discounts=(FIVE,))
    await running.bring_one("H", discounts=())

    assert len(await prices_of(running, "H")) == 1


async def test_an_amount_with_tax_made_by_hand_becomes_the_one_without_that_is_desired(running: Any) -> None:
    (presta_id,) = await running.made_by_hand({"reference": "T", "name": {1: "Drill", 2: "Drill"}})
    await running.client.create(
        "specific_prices", [drafts.specific_price(presta_id, reduction="2.5")], identity=("id_product",)
    )

    outcome = await running.bring_one("T", discounts=({"from_quantity": 1, "amount": "2.5"},))

    assert outcome.result is Result.UPDATED
    (row,) = await running.client.list_all("specific_prices", filters={"id_product": str(presta_id)})
    assert (row["reduction"], row["reduction_tax"]) == ("2.500000", "0")
    running.forget_requests()
    await running.bring_one("T", discounts=({"from_quantity": 1, "amount": "2.5"},))
    assert running.requests() == []
