"""Covers read back after they were set, where the shop's owner wants it."""

from typing import Any

import pytest

from common.messages import ItemOutcome, Reason, Result

World = Any  # the fixture of conftest.py, which tests cannot import

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)


def wanting_proof(world: World) -> None:
    shops_file = world.settings.shops_file
    shops_file.write_text(shops_file.read_text() + "verify_writes = true\n")


def reads_of_covers(world: World) -> int:
    queries = world.queries("GET", "/api/products")
    return sum("id_default_image" in query for query in queries)


def judged_by_the_writer(outcome: ItemOutcome, *, verified: bool) -> ItemOutcome:
    gap = Reason(code="not_verified", field="price", message="The shop holds 1; 2 was written.")
    return outcome.model_copy(update={"verified": verified, "warnings": () if verified else (gap,)})


@EVERY_PRESTASHOP
async def test_the_covers_of_a_chunk_are_proved_in_one_request(world: World) -> None:
    wanting_proof(world)
    made = await world.products(5)
    red, green = await world.pictures("red", "green")
    async with world.service():
        chunk = world.written([(product, (red, green)) for product in made])
        await world.send(chunk)
        done = await world.completed(chunk)
        assert [outcome.verified for outcome in done.outcomes] == [True] * 5
        assert [outcome.warnings for outcome in done.outcomes] == [()] * 5
        assert reads_of_covers(world) == 1

        world.forget_requests()
        again = await world.bring(made[0], red, green, result=Result.UNCHANGED)
        assert again.verified is None
        assert world.asked().everything == 0


async def test_a_dry_run_counts_the_read_back(world: World) -> None:
    wanting_proof(world)
    made = await world.products(2)
    (red,) = await world.pictures("red")
    message = world.written([(product, (red,)) for product in made])
    chunk = message.chunk.model_copy(update={"dry_run": True})
    message = message.model_copy(update={"chunk": chunk})
    async with world.service():
        await world.send(message)
        told = await world.completed(message)
    planned = {(one.method, one.resource): one.requests for one in told.planned_requests}
    assert planned == {("POST", "images"): 2, ("GET", "products"): 1}
    assert [outcome.verified for outcome in told.outcomes] == [None, None]


async def test_without_being_asked_nothing_is_read(world: World) -> None:
    (product,) = await world.products(1)
    async with world.service():
        outcome = await world.bring(product, *await world.pictures("red"))
        assert reads_of_covers(world) == 0
    assert outcome.verified is None


async def test_a_cover_that_somebody_changed_meanwhile_is_a_gap(world: World, eventually: Any) -> None:
    wanting_proof(world)
    first, second = await world.products(2)
    red, green = await world.pictures("red", "green")
    world.faults.change({"match": "GET /api/products", "delay_seconds": 2, "times": 1})  # the proof
    async with world.service():
        chunk = world.written([(first, (red, green)), (second, (red,))])
        await world.send(chunk)
        await eventually(lambda: world.faults.dealt["delay"] == 1)
        other = world.ids(first)[1]
        await world.client.set_cover(first, other)
        done = await world.completed(chunk)

    changed, kept = done.outcomes
    assert (changed.verified, kept.verified) == (False, True)
    (warning,) = changed.warnings
    assert (warning.code, warning.field) == ("not_verified", "images")
    assert warning.message == f"The shop's cover is picture {other}; {world.ids(first)[0]} was written."


@pytest.mark.parametrize("verified", [True, False])
async def test_the_writers_verdict_is_kept_beside_that_of_the_cover(world: World, verified: bool) -> None:
    wanting_proof(world)
    (product,) = await world.products(1)
    message = world.written([(product, await world.pictures("red"))])
    (work,) = message.pictures
    work = work.model_copy(update={"outcome": judged_by_the_writer(work.outcome, verified=verified)})
    async with world.service():
        await world.send(message.model_copy(update={"pictures": (work,)}))
        (outcome,) = (await world.completed(message)).outcomes
    assert outcome.verified is verified
    assert [warning.field for warning in outcome.warnings] == ([] if verified else ["price"])


async def test_covers_that_cannot_be_read_leave_the_items_as_they_are(world: World) -> None:
    wanting_proof(world)
    (product,) = await world.products(1)
    world.faults.change({"match": "GET /api/products", "status": 404})
    async with world.service():
        outcome = await world.bring(product, *await world.pictures("red"))
    assert (outcome.images_processed, outcome.verified, outcome.warnings) == (1, None, ())
