"""A main category that is told without a list: the product joins it, and leaves no other."""

from typing import Any

import pytest

from common.messages import Result
from prestashop import drafts, ids_of

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)
NAMES = {1: "Bracket", 2: "Staffa"}


@pytest.fixture(autouse=True)
async def categories(world: Any) -> None:
    """Beside Root and Home, those from 3 to 7: a product is shown in none that does not exist."""
    for at in range(3, 8):
        name, address = (dict.fromkeys(NAMES, f"{word}{at}") for word in ("Tools ", "tools-"))
        assert ids_of(await world.client.create("categories", [drafts.category(name, address)])) == [at]


def categories_of(world: Any, reference: str) -> tuple[int, list[int]]:
    product = world.product(reference)
    (main,) = world.shop.connection.execute(
        "select id_category_default from products where id = ?", (product["id"],)
    ).fetchone()
    return int(main), sorted(product["categories"])


def in_categories(*ids: int) -> dict[str, Any]:
    return {"associations": {"categories": [{"id": category} for category in ids]}}


async def test_a_new_product_lies_in_its_main_category_alone(running: Any) -> None:
    await running.bring_one("NEW", name={"en": "Bracket"}, default_category=4)

    assert categories_of(running, "NEW") == (4, [4])


@EVERY_PRESTASHOP
async def test_a_main_category_alone_takes_the_product_out_of_no_other(running: Any) -> None:
    """Neither out of one that we wrote, nor out of those that people have put it into since."""
    await running.bring_one("P", name={"en": "Bracket"}, default_category=3)
    await running.client.modify("products", [{"id": running.product("P")["id"], **in_categories(3, 7)}])

    running.forget_requests()
    outcome = await running.bring_one("P", default_category=4)

    assert outcome.result is Result.UPDATED
    assert categories_of(running, "P") == (4, [3, 4, 7])
    running.forget_requests()
    assert (await running.bring_one("P", default_category=4)).result is Result.UNCHANGED
    assert running.requests() == []


async def test_products_that_get_another_main_category_are_read_in_one_request(running: Any) -> None:
    by_hand = [{"reference": f"H-{at}", "name": NAMES, **in_categories(2, at)} for at in range(5, 8)]
    await running.made_by_hand(*by_hand)
    await running.bring(*(running.change(f"H-{at}", price="5") for at in range(5, 8)))
    running.forget_requests()

    await running.bring(*(running.change(f"H-{at}", default_category=4) for at in range(5, 8)))

    assert running.requests() == ["GET products 3", "PATCH products 3"]
    for at in range(5, 8):
        assert categories_of(running, f"H-{at}") == (4, [2, 4, at])


@pytest.mark.parametrize("world", ["1.7.8.11-notices"], indirect=True)
async def test_where_the_shop_shows_no_categories_they_are_left_alone(running: Any) -> None:
    await running.made_by_hand({"reference": "OLD", "name": NAMES, **in_categories(2, 7)})

    assert (await running.bring_one("OLD", default_category=4)).result is Result.UPDATED

    assert categories_of(running, "OLD") == (4, [2, 7])
