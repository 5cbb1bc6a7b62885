"""A brand's description follows its products: written once per brand, in all languages, and not unchanged."""

from typing import Any

import pytest

from common.messages import Intent, Result


def of_brand(world: Any, text: str | None, count: int = 10) -> list[Any]:
    brand = {"name": "Acme"} if text is None else {"name": "Acme", "description": text}
    return [world.change(f"B-{n}", name={"*": f"Bracket {n}"}, brand=brand) for n in range(count)]


async def description(world: Any) -> Any:
    (brand,) = await world.client.list_all("manufacturers")
    return brand["description"]


@pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)
async def test_a_changed_description_is_one_request_and_an_unchanged_one_none(running: Any) -> None:
    await running.bring(*of_brand(running, "Since 1950"))
    assert await description(running) == {1: "Since 1950", 2: "Since 1950"}

    running.forget_requests()
    again = await running.bring(*of_brand(running, "Since 1950"))
    without = await running.bring(*of_brand(running, None))
    assert {outcome.result for outcome in (*again, *without)} == {Result.UNCHANGED}
    assert running.requests() == []

    newer = await running.bring(*of_brand(running, "Since 1949"))
    assert {outcome.result for outcome in newer} == {Result.UPDATED}
    assert [request.split()[1:] for request in running.writes()] == [["manufacturers", "1"]]
    assert await description(running) == {1: "Since 1949", 2: "Since 1949"}
    (brand,) = await running.client.list_all("manufacturers")
    assert (brand["name"], brand["active"]) == ("Acme", "1")


async def test_a_description_that_arrives_late_does_not_replace_a_newer_one(running: Any) -> None:
    late, newer = of_brand(running, "Late", 1), of_brand(running, "Newer", 1)
    other = running.change("OTHER", name={"*": "O"}, brand={"name": "Acme", "description": "Newest"})
    await running.bring(*newer)
    await running.bring(other)
    await running.bring(*late)
    assert await description(running) == {1: "Newest", 2: "Newest"}


async def test_a_description_that_the_shop_refuses_refuses_the_products_that_say_it(running: Any) -> None:
    await running.bring(*of_brand(running, "Fine"))
    (outcome,) = await running.bring(
        running.change("B-0", brand={"name": "Acme", "description": "<script>x</script>"})
    )
    assert (outcome.result, outcome.reasons[0].code) == (Result.REFUSED, "shop_refused")
    assert await description(running) == {1: "Fine", 2: "Fine"}
    (again,) = await running.bring(running.change("B-0", price="7"))
    assert again.result is Result.UPDATED


async def test_a_product_that_is_refused_says_nothing_of_its_brand(running: Any) -> None:
    await running.bring(*of_brand(running, "Fine", 1))
    await running.made_by_hand({"reference": "HAND", "name": {1: "By hand", 2: "A mano"}})
    brand = {"name": "Acme", "description": "Finer"}
    (outcome,) = await running.bring(running.change("HAND", Intent.CREATE, name={"*": "X"}, brand=brand))
    assert outcome.result is Result.REFUSED
    assert await description(running) == {1: "Fine", 2: "Fine"}


async def test_a_description_over_which_the_shop_crashes_is_tried_again_then_refused(running: Any) -> None:
    await running.bring(*of_brand(running, "Fine", 1))
    running.fail("(PATCH|PUT) /api/manufacturers", status=500, times=2)
    (outcome,) = await running.bring(*of_brand(running, "Finer", 1))
    assert outcome.result is Result.UPDATED
    assert await description(running) == {1: "Finer", 2: "Finer"}
