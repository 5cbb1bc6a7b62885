"""What was written is read back where the shop's owner wants it: few requests, and every gap is named."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any

import pytest

from common.messages import ChunkWritten, ImageReference, ItemOutcome, Result
from prestashop_writer import store

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)


@pytest.fixture
async def proving(world: Any) -> AsyncIterator[Any]:
    """The service runs for a shop whose owner wants proof."""
    shops_file = world.settings.shops_file
    shops_file.write_text(shops_file.read_text() + "verify_writes = true\n")
    async with world.service():
        async with asyncio.timeout(30):
            while not world.snapshots():  # noqa: ASYNC110 - messages come in by another task
                await asyncio.sleep(0.01)
        world.forget_requests()
        yield world


def catalogue(world: Any, count: int, **fields: Any) -> list[Any]:
    said = {"name": {"en": "Bracket"}, "price": "12.50", "quantity": 4, "categories": (2,), **fields}
    return [world.change(f"P-{number}", **said) for number in range(count)]


def verdicts(outcomes: list[ItemOutcome]) -> set[bool | None]:
    return {outcome.verified for outcome in outcomes}


def has_notices(world: Any) -> bool:
    return str(world.shop.settings.version).endswith("notices")


@EVERY_PRESTASHOP
async def test_what_stands_as_it_was_written_is_verified_on_every_prestashop(proving: Any) -> None:
    outcomes = await proving.bring(*catalogue(proving, 5))
    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert verdicts(outcomes) == {True}
    told = {(warning.code, warning.field) for outcome in outcomes for warning in outcome.warnings}
    assert told == ({("not_readable", "categories")} if has_notices(proving) else set())

    proving.forget_requests()
    again = await proving.bring(*catalogue(proving, 5))
    assert verdicts(again) == {None}
    assert proving.requests() == []

    changed = await proving.bring(*[proving.change(f"P-{n}", price="13", quantity=9) for n in range(5)])
    assert verdicts(changed) == {True}


async def test_fifty_products_are_proved_with_two_requests(proving: Any) -> None:
    await proving.bring(*catalogue(proving, 50))
    proving.forget_requests()
    outcomes = await proving.bring(*[proving.change(f"P-{n}", price="13", quantity=9) for n in range(50)])
    assert verdicts(outcomes) == {True}
    assert proving.requests() == [
        "PATCH products 50",
        "PATCH stock_availables 50",
        "GET products 50",
        "GET stock_availables 50",
    ]
    proving.forget_requests()
    await proving.bring(proving.change("P-1", quantity=8))
    assert proving.requests() == ["PATCH stock_availables 1", "GET stock_availables 1"]


async def test_without_being_asked_nothing_is_read_back(running: Any) -> None:
    (outcome,) = await running.bring(*catalogue(running, 1))
    assert outcome.verified is None
    running.forget_requests()
    assert (await running.bring_one("P-0", price="13")).verified is None
    assert running.requests() == ["PATCH products 1"]


def a_shop_that_stores_another_price(world: Any) -> None:
    """Whatever price is written: a module that knows better."""
    world.shop.connection.execute(
        "create trigger meddling after update on products "
        "begin update products set price = '99.000000' where id = new.id; end"
    )


# With PHP notices on, the write itself is read back, and what is not stored as it was sent is refused.
@pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)
async def test_a_shop_that_stores_something_else_is_a_gap(proving: Any) -> None:
    await proving.bring(*catalogue(proving, 3))
    a_shop_that_stores_another_price(proving)

    outcome = await proving.bring_one("P-1", price="13")

    assert (outcome.result, outcome.verified) == (Result.UPDATED, False)
    gaps = [warning for warning in outcome.warnings if warning.code == "not_verified"]
    assert [(gap.field, gap.message) for gap in gaps] == [
        ("price", "The shop holds 99.000000; 13 was written.")
    ]


async def test_a_gap_is_sent_again_with_the_next_change_of_the_product(proving: Any) -> None:
    await proving.bring(*catalogue(proving, 1))
    a_shop_that_stores_another_price(proving)
    assert (await proving.bring_one("P-0", price="13")).verified is False
    proving.shop.connection.execute("drop trigger meddling")
    async with (
        proving.database.transaction() as connection
    ):  # no lost change that would be repeated by itself
        await store.expect_late_writes(connection, "shop", timedelta(seconds=0))
        assert await connection.fetchval("select count(*) from products where doubtful <> '{}'") == 1
        waiting = "select count(*) from products where unanswered_until is not null"
        assert await connection.fetchval(waiting) == 0

    outcome = await proving.bring_one("P-0", name={"en": "Steel bracket"})

    assert (outcome.verified, outcome.warnings) == (True, ())
    assert proving.product("P-0")["price"] == "13.000000"
    proving.forget_requests()
    assert (await proving.bring_one("P-0", price="13")).result is Result.UNCHANGED
    assert proving.requests() == []


async def test_what_somebody_changes_between_the_write_and_the_proof_is_a_gap(
    proving: Any, eventually: Callable[..., Any]
) -> None:
    await proving.bring(*catalogue(proving, 2))
    ids = {n: proving.product(f"P-{n}")["id"] for n in range(2)}
    proving.forget_requests()
    proving.fail("GET /api/products", delay_seconds=2, times=1)
    chunk = proving.chunk(*[proving.change(f"P-{n}", price="13") for n in range(2)])
    await proving.send(chunk)
    await eventually(lambda: "PATCH products 2" in proving.requests())
    categories = {"associations": {"categories": [{"id": 1}]}}
    await proving.client.patch("products", [{"id": ids[1], "active": 0, **categories}])

    kept, edited = (await proving.completed(chunk)).outcomes

    assert (kept.verified, edited.verified) == (True, False)
    assert [(gap.code, gap.field) for gap in edited.warnings] == [
        ("not_verified", "active"),
        ("not_verified", "categories"),
    ]


async def test_a_shop_that_cannot_be_read_fails_no_item(proving: Any) -> None:
    await proving.bring(*catalogue(proving, 1))
    proving.fail("GET /api/products", status=500)
    outcome = await proving.bring_one("P-0", price="13")
    assert (outcome.result, outcome.verified, outcome.warnings) == (Result.UPDATED, None, ())


async def test_the_verdict_travels_on_with_the_pictures(proving: Any) -> None:
    picture = ImageReference(file_name="red.jpg", sha256="0" * 64)
    sent = proving.chunk(proving.change("P", name={"en": "Bracket"}, price="5", images=(picture,)))
    await proving.send(sent)
    told = await proving.completed(sent)
    assert isinstance(told, ChunkWritten)
    assert told.pictures[0].outcome.verified is True


def a_shirt(world: Any) -> Any:
    sizes = [{"reference": f"P-{size}", "options": {"Size": size}, "quantity": 4} for size in ("M", "L")]
    return world.change("P", name={"en": "Shirt"}, price="5", variants=tuple(sizes))


@EVERY_PRESTASHOP
async def test_a_product_is_verified_with_the_stocks_of_its_variants_on_every_prestashop(
    proving: Any,
) -> None:
    (created,) = await proving.bring(a_shirt(proving))
    assert (created.result, created.verified) == (Result.CREATED, True)
    assert (await proving.bring_one("P", variant_quantities={"P-L": 7})).verified is True


async def test_a_stock_of_a_variant_that_the_shop_holds_otherwise_is_a_gap(proving: Any) -> None:
    await proving.bring(a_shirt(proving))
    proving.shop.connection.execute(
        "create trigger meddling after update on stock_availables when new.id_product_attribute > 0 "
        "begin update stock_availables set quantity = 1 where id = new.id; end"
    )
    outcome = await proving.bring_one("P", variant_quantities={"P-L": 7})
    assert outcome.verified is False
    assert [gap.field for gap in outcome.warnings] == ["variants.P-L.quantity"]


@EVERY_PRESTASHOP
async def test_a_dry_run_is_told_nothing_of_the_proof_on_every_prestashop(proving: Any) -> None:
    await proving.bring(*catalogue(proving, 1))
    chunk = proving.chunk(proving.change("P-0", price="13"), proving.change("P-1", name={"en": "New"}))
    chunk = chunk.model_copy(update={"chunk": chunk.chunk.model_copy(update={"dry_run": True})})
    await proving.send(chunk)
    told = await proving.completed(chunk)
    assert [(outcome.verified, outcome.warnings) for outcome in told.outcomes] == [(None, ())] * 2
    assert ("GET", "products") in {(one.method, one.resource) for one in told.planned_requests}
