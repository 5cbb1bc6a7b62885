"""Chunks in, the shop in its desired state with few requests, outcomes out."""

from typing import Any

from common.messages import Result


def catalogue(world: Any, count: int = 50, first: int = 0) -> list[Any]:
    """Products with everything: two languages, a brand, data sheets, stock."""
    return [
        world.change(
            f"P-{number}",
            name={"en": f"Bracket {number}", "it": f"Staffa {number}"},
            price="12.50",
            quantity=number + 1,
            categories=(2,),
            brand={"name": f"Brand {number % 5}"},
            technical_data=(
                {"group": "", "name": "Colour", "value": f"Red {number % 7}"},
                {"group": "Box", "name": "Weight", "value": str(number % 3), "unit": "kg"},
            ),
        )
        for number in range(first, first + count)
    ]


async def test_a_catalogue_costs_a_fraction_of_a_request_per_product(running: Any) -> None:
    first, second = running.chunk(*catalogue(running)), running.chunk(*catalogue(running, first=50))
    await running.send(first)
    await running.send(second)
    outcomes = [o for sent in (first, second) for o in (await running.completed(sent)).outcomes]

    assert [o.result for o in outcomes] == [Result.CREATED] * 100
    assert all(o.presta_id and o.technical_data_processed == 2 for o in outcomes)
    product = running.product("P-7")
    assert product["names"] == {"1": "Bracket 7", "2": "Staffa 7"}
    assert (product["price"], product["quantity"], product["brand"]) == ("12.500000", 8, "Brand 2")
    assert [f["value"]["1"] for f in product["features"]] == ["Red 0", "1 kg"]
