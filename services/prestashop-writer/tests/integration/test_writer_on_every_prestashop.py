"""The same catalogue on PrestaShop 8, on 1.7, which has no PATCH, and on 1.7 with PHP notices on.

With notices nearly every write of a product without a picture is answered 500 although it was written.
"""

from typing import Any

import pytest

from common.messages import Result

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)
OLD_PRESTASHOPS = pytest.mark.parametrize("world", ["1.7.8.11", "1.7.8.11-notices"], indirect=True)

FIVE = {"from_quantity": 5, "percentage": "5", "starts": "2024-12-06", "ends": "2024-12-10"}


def method_of_changes(world: Any) -> str:
    """The method by which this shop's entities are changed."""
    return "PATCH" if world.shop.settings.version.startswith("8") else "PUT"


def catalogue(world: Any, count: int, **fields: Any) -> list[Any]:
    return [
        world.change(
            f"P-{number}",
            **{
                "name": {"en": f"Bracket {number}", "it": f"Staffa {number}"},
                "description": {"en": "<p>Red &amp; strong</p>", "it": "<p>Rosso</p>"},
                "price": "12.50",
                "quantity": number + 1,
                "categories": (2,),
                "brand": {"name": f"Brand {number % 3}"},
                "technical_data": ({"group": "", "name": "Colour", "value": f"Red {number % 4}"},),
                "discounts": (FIVE,),
                **fields,
            },
        )
        for number in range(count)
    ]


def kept(world: Any) -> list[dict[str, Any]]:
    """All that the shop stores of its products, beside the price."""
    rows = world.shop.connection.execute("select * from products order by id")
    return [
        {name: value for name, value in dict(row).items() if name not in ("price", "date_upd")}
        for row in rows
    ]


def results(outcomes: list[Any]) -> set[Result]:
    return {outcome.result for outcome in outcomes}


def discounts_of(world: Any, reference: str) -> list[tuple[int, str]]:
    rows = world.shop.connection.execute(
        "select from_quantity, reduction from specific_prices where id_product = ? order by from_quantity",
        (world.product(reference)["id"],),
    )
    return [tuple(row) for row in rows]


@EVERY_PRESTASHOP
async def test_a_catalogue_is_brought_once_and_a_change_blanks_nothing(running: Any) -> None:
    assert results(await running.bring(*catalogue(running, 30))) == {Result.CREATED}
    stored, shown = kept(running), {product["reference"]: product for product in running.shown()}
    assert len(shown) == len(running.shown()) == 30

    running.forget_requests()
    assert results(await running.bring(*catalogue(running, 30))) == {Result.UNCHANGED}
    assert running.requests() == []

    dearer = [running.change(f"P-{number}", price="13", quantity=50) for number in range(25)]
    assert results(await running.bring(*dearer)) == {Result.UPDATED}
    method = method_of_changes(running)
    assert running.writes() == [f"{method} products 25", f"{method} stock_availables 25"]
    assert kept(running) == stored
    now = running.product("P-7")
    assert now == shown["P-7"] | {"price": "13.000000", "quantity": 50, "date_upd": now["date_upd"]}

    better = (FIVE | {"percentage": "8"}, FIVE | {"from_quantity": 9})
    running.forget_requests()
    assert (await running.bring_one("P-0", discounts=better)).result is Result.UPDATED
    assert len(running.writes()) <= 2
    assert discounts_of(running, "P-0") == [(5, "0.080000"), (9, "0.050000")]
    assert discounts_of(running, "P-1") == [(5, "0.050000")]


@EVERY_PRESTASHOP
async def test_a_product_made_by_hand_keeps_what_we_were_not_given_on_every_prestashop(running: Any) -> None:
    own = {"upc": "012345678905", "location": "Shelf 7", "wholesale_price": "3.21", "low_stock_threshold": 4}
    await running.made_by_hand(
        {
            "reference": "OLD",
            "name": {1: "Bracket", 2: "Staffa"},
            "description": {1: "Good", 2: "Buono"},
            "associations": {"categories": [{"id": 2}]},
            **own,
        }
    )
    (before,) = kept(running)

    assert (await running.bring_one("OLD", price="7", quantity=3)).result is Result.UPDATED
    assert kept(running) == [before]

    outcome = await running.bring_one("OLD", name={"en": "Steel <bracket>"}, price="8")
    assert outcome.result is Result.REFUSED
    assert (await running.bring_one("OLD", name={"en": "Steel bracket"})).result is Result.UPDATED
    product = running.product("OLD")
    assert product["names"] == {"1": "Steel bracket", "2": "Staffa"}
    assert product["descriptions"] == {"1": "Good", "2": "Buono"}
    assert (product["price"], product["quantity"], product["categories"]) == ("7.000000", 3, [2])


@EVERY_PRESTASHOP
async def test_what_the_shop_refuses_or_has_lost_is_known_on_every_prestashop(running: Any) -> None:
    changes = catalogue(running, 29)
    changes.insert(20, running.change("BAD", name={"en": "A {bad} name"}, quantity=1))
    outcomes = await running.bring(*changes)
    assert [o.reference for o in outcomes if o.result is Result.REFUSED] == ["BAD"]
    assert "name" in outcomes[20].reasons[0].message

    await running.client.delete("products", [running.product("P-3")["id"], running.product("P-4")["id"]])
    again = await running.bring(*catalogue(running, 29, price="13"))
    assert [o.reference for o in again if o.result is Result.CREATED] == ["P-3", "P-4"]
    assert results(again) == {Result.CREATED, Result.UPDATED}
    assert sorted(p["reference"] for p in running.shown()) == sorted(f"P-{n}" for n in range(29))
    assert {p["price"] for p in running.shown()} == {"13.000000"}


@EVERY_PRESTASHOP
async def test_markup_that_the_shop_rewrites_is_no_refusal_on_every_prestashop(running: Any) -> None:
    await running.bring_one("P", name={"en": "Bracket"})

    outcome = await running.bring_one("P", description={"en": '<p style="color: red">5 &euro;</p>'})

    assert outcome.result is Result.UPDATED
    assert "5 €" in running.product("P")["descriptions"]["1"]


@OLD_PRESTASHOPS
@pytest.mark.parametrize(
    "fault",
    [{"drop": "after", "times": 1}, {"status": 500, "when": "after", "times": 1}],
    ids=["drop after", "500 after"],
)
async def test_a_lost_answer_without_patch_ends_in_the_wanted_state(
    running: Any, fault: dict[str, Any]
) -> None:
    await running.bring(*catalogue(running, 5))
    stored = kept(running)
    for match in ("PUT /api/products", "PUT /api/stock_availables"):
        running.fail(match, **fault)

    dearer = [running.change(f"P-{number}", price="6", quantity=9) for number in range(5)]
    assert results(await running.bring(*dearer)) == {Result.UPDATED}

    assert kept(running) == stored
    assert {(p["price"], p["quantity"]) for p in running.shown()} == {("6.000000", 9)}
