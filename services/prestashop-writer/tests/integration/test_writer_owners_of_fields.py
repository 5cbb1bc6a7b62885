"""Fields that belong to the people in the back office, end to end."""

from typing import Any

from common.messages import Result


async def test_what_the_shop_owns_is_never_overwritten(world: Any) -> None:
    shops_file = world.settings.shops_file
    owners = 'owners = {description = "shop", name = "first-write", quantity = "shop"}\n'
    shops_file.write_text(shops_file.read_text() + owners)
    async with world.service():
        sent = {"name": {"*": "Bracket"}, "description": {"*": "Steel."}, "price": "5", "quantity": 4}
        created = await world.bring_one("OWN", **sent)
        assert created.result is Result.CREATED
        product = world.product("OWN")
        assert (product["names"]["1"], product["descriptions"]["1"], product["quantity"]) == (
            "Bracket",
            "",
            0,
        )

        by_hand = {
            "id": created.presta_id,
            "name": {1: "Fine bracket", 2: "Bella"},
            "description": {1: "Hand"},
        }
        await world.client.patch("products", [by_hand])
        world.forget_requests()
        later = sent | {"name": {"*": "Other"}, "description": {"*": "Other"}, "price": "6", "quantity": 9}
        assert (await world.bring_one("OWN", **later)).result is Result.UPDATED
        assert (await world.bring_one("OWN", **(later | {"name": {"*": "X"}}))).result is Result.UNCHANGED
        assert world.writes() == ["PATCH products 1"]
        product = world.product("OWN")
        assert (product["names"]["1"], product["descriptions"]["1"]) == ("Fine bracket", "Hand")
        assert (product["price"], product["quantity"]) == ("6.000000", 0)
