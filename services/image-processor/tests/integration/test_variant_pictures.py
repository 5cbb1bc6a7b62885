"""What variants show: pictures of their product by file name, linked in one request, remembered."""

from typing import Any

import pytest

from common.messages import Result, VariantPictures

World = Any  # the fixture of conftest.py, which tests cannot import

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)


def showing(variant: VariantPictures, *names: str) -> VariantPictures:
    return variant.model_copy(update={"file_names": tuple(f"{name}.jpg" for name in names)})


@EVERY_PRESTASHOP
async def test_variants_show_pictures_of_their_product_and_unchanged_ones_cost_nothing(world: World) -> None:
    (product,) = await world.products(1)
    small, large = await world.combinations(product, "S", "L")
    images = await world.pictures("red", "green", "blue")
    variants = (showing(small, "blue", "red"), showing(large, "green"))
    async with world.service():
        outcome = await world.bring(product, *images, variants=variants)

        assert (outcome.images_processed, outcome.warnings) == (3, ())
        assert await world.shown_by(small) == ["red", "blue"]
        assert await world.shown_by(large) == ["green"]
        assert world.asked().patches + world.asked().puts <= 2

        world.forget_requests()
        again = await world.bring(product, *images, variants=variants, result=Result.UNCHANGED)
        assert again.result is Result.UNCHANGED
        assert world.asked().everything == 0
    values = (await world.client.get("combinations", small.presta_id))["reference"]
    assert values == "S"


async def test_both_variants_are_linked_in_one_request(world: World) -> None:
    (product,) = await world.products(1)
    variants = await world.combinations(product, "S", "M", "L")
    async with world.service():
        await world.bring(product, *await world.pictures("red", "green"))
        world.forget_requests()
        shown = tuple(showing(variant, "green") for variant in variants)
        outcome = await world.bring(product, keeps_images=True, variants=shown, result=Result.UNCHANGED)
        assert world.asked().patches == world.asked().everything == 1
    assert (outcome.result, outcome.images_processed) == (Result.UPDATED, 0)
    assert [await world.shown_by(variant) for variant in variants] == [["green"]] * 3
    assert await world.shown(product) == ["red", "green"]


async def test_a_replaced_picture_is_shown_by_the_variants_that_name_it(world: World) -> None:
    (product,) = await world.products(1)
    (variant,) = await world.combinations(product, "S")
    red, green, blue = await world.pictures("red", "green", "blue")
    async with world.service():
        await world.bring(product, red, green, variants=(showing(variant, "green"),))
        other = blue.model_copy(update={"file_name": "green.jpg"})

        outcome = await world.bring(product, red, other)

        assert outcome.warnings == ()
    assert await world.shown(product) == ["red", "blue"]
    assert await world.shown_by(variant) == ["blue"]


async def test_a_name_that_is_not_among_the_products_pictures_is_a_warning(world: World) -> None:
    (product,) = await world.products(1)
    small, large = await world.combinations(product, "S", "L")
    images = await world.pictures("red", "green")
    async with world.service():
        variants = (showing(small, "red", "blue"), showing(large, "green"))
        outcome = await world.bring(product, *images, variants=variants)
        assert [(w.code, w.field, w.message) for w in outcome.warnings] == [
            (
                "variant_picture_unknown",
                "variants.S.images",
                "blue.jpg: No picture of the product has this file name.",
            )
        ]
        assert await world.shown_by(small) == ["red"]

        world.forget_requests()  # the picture goes, and with it the link, by itself
        later = await world.bring(product, *images[:1])
        assert [w.field for w in later.warnings] == ["variants.S.images", "variants.L.images"]
        assert (world.asked().deletes, world.asked().everything) == (1, 1)
        assert await world.shown_by(large) == []

        await world.bring(product, *images)
        assert await world.shown_by(large) == ["green"]


async def test_a_variant_that_shows_nothing_any_more_is_cleared(world: World) -> None:
    (product,) = await world.products(1)
    small, large = await world.combinations(product, "S", "L")
    async with world.service():
        await world.bring(
            product, *await world.pictures("red"), variants=(showing(small, "red"), showing(large, "red"))
        )
        await world.bring(product, keeps_images=True, variants=(showing(small),))
    assert await world.shown_by(small) == []
    assert await world.shown_by(large) == ["red"]


async def test_an_older_word_on_a_variant_never_overwrites_a_newer_one(world: World) -> None:
    (product,) = await world.products(1)
    (variant,) = await world.combinations(product, "S")
    images = await world.pictures("red", "green")
    async with world.service():
        older = world.written([(product, images)])
        await world.bring(product, keeps_images=True, variants=(showing(variant, "green"),))
        (work,) = older.pictures
        stale = work.model_copy(update={"variants": (showing(variant, "red"),)})
        older = older.model_copy(update={"pictures": (stale,)})
        await world.send(older)
        await world.completed(older)
    assert await world.shown(product) == ["red", "green"]  # nobody has said anything newer of the list
    assert await world.shown_by(variant) == ["green"]


async def test_a_variant_that_the_shop_has_lost_holds_nothing_up(world: World) -> None:
    (product,) = await world.products(1)
    small, large = await world.combinations(product, "S", "L")
    await world.client.delete("combinations", [small.presta_id])
    async with world.service():
        outcome = await world.bring(
            product, *await world.pictures("red"), variants=(showing(small, "red"), showing(large, "red"))
        )
    assert outcome.warnings == ()
    assert await world.shown_by(large) == ["red"]


@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 500, "when": "after"}, {"drop": "before"}])
async def test_a_lost_answer_ends_with_the_wanted_pictures(world: World, fault: dict[str, Any]) -> None:
    (product,) = await world.products(1)
    (variant,) = await world.combinations(product, "S")
    world.faults.change({"match": "PATCH /api/combinations", "times": 1, **fault})
    async with world.service():
        await world.bring(product, *await world.pictures("red"), variants=(showing(variant, "red"),))
    assert await world.shown_by(variant) == ["red"]


async def test_a_shop_that_fails_on_every_variant_ends_in_a_warning_and_is_asked_again_later(
    world: World,
) -> None:
    (product,) = await world.products(1)
    (variant,) = await world.combinations(product, "S")
    world.settings.attempts = 2
    world.faults.change({"match": "PATCH /api/combinations", "status": 500})
    async with world.service():
        outcome = await world.bring(
            product, *await world.pictures("red"), variants=(showing(variant, "red"),)
        )
        assert [(w.code, w.field) for w in outcome.warnings] == [("shop_refused", "variants.S.images")]
        world.faults.change({"clear": True})
        again = await world.bring(product, *await world.pictures("red"))
    assert again.warnings == ()
    assert await world.shown_by(variant) == ["red"]


async def test_a_product_that_was_made_anew_has_the_pictures_of_its_list_and_new_variants(
    world: World,
) -> None:
    old, new = await world.products(2)
    (old_variant,) = await world.combinations(old, "S")
    (new_variant,) = await world.combinations(new, "S")
    images = await world.pictures("red", "green")
    async with world.service():
        await world.bring(old, *images, variants=(showing(old_variant, "red"),))
        moved = world.written([(new, ())])
        (work,) = moved.pictures
        outcome = work.outcome.model_copy(update={"reference": f"R-{old}"})
        update = {"outcome": outcome, "keeps_images": True, "variants": (showing(new_variant, "green"),)}
        moved = moved.model_copy(update={"pictures": (work.model_copy(update=update),)})
        await world.send(moved)
        await world.completed(moved)
    assert await world.shown(new) == ["red", "green"]
    assert await world.shown_by(new_variant) == ["green"]
