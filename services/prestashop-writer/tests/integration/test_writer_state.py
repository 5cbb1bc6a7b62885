"""The desired state under concurrency: intakes beside intakes, changes beside passes."""

import asyncio
from typing import Any

from common.messages import Chunk, ChunkValidated, ItemOutcome, Reason, Result
from common.messaging.envelope import Received, outgoing_envelope
from prestashop_writer import store
from prestashop_writer.handlers import Intake


async def take(world: Any, work: Any, message: ChunkValidated) -> None:
    received = Received(message, outgoing_envelope(message, "validator"))
    await Intake(lambda _: None, lambda _: None).take_chunks(work, [received])


async def test_two_writers_that_take_the_first_changes_of_a_product_together_lose_neither(
    world: Any, until_a_lock_is_awaited: Any
) -> None:
    price = world.chunk(world.change("P", price="5"))
    name = world.chunk(world.change("P", name={"en": "Bracket"}))

    async def take_name() -> None:
        async with world.database.unit_of_work() as work:
            await take(world, work, name)

    async with world.database.unit_of_work() as work:
        await take(world, work, price)
        second = asyncio.create_task(take_name())
        await until_a_lock_is_awaited(world.database.pool)
    await second

    desired = await world.database.pool.fetchval("select desired from products")
    assert desired.keys() == {"price", "name.en"}


async def test_two_lots_that_share_chunks_do_not_wait_for_each_other(
    world: Any, until_a_lock_is_awaited: Any
) -> None:
    change = world.change("P", price="5")
    later, earlier = sorted((world.chunk(change).chunk for _ in range(2)), key=lambda one: one.chunk_id)[::-1]
    end = ItemOutcome.refused(change, Reason(code="no", field="", message="No."))

    async def ends(work: Any, *chunks: Chunk) -> None:
        await store.add_outcomes(work.connection, [(chunk.chunk_id, end) for chunk in chunks])

    async def other_lot() -> None:
        async with world.database.unit_of_work() as work:
            await ends(work, later, earlier)

    async with world.database.unit_of_work() as work:
        await store.new_chunks(work.connection, [(later, None), (earlier, None)])  # lie so in the table
    async with world.database.unit_of_work() as work:
        await ends(work, earlier)
        other = asyncio.create_task(other_lot())
        await until_a_lock_is_awaited(world.database.pool)
        await ends(work, later)
    await other

    outcomes = await world.database.pool.fetch("select jsonb_array_length(outcomes) from chunks")
    assert [count for (count,) in outcomes] == [2, 2]


async def test_nothing_stays_open_for_a_shop_that_was_removed(world: Any) -> None:
    async with world.database.unit_of_work() as work:
        await take(world, work, world.chunk(world.change("P", price="5")))
        await store.drop_open_work(work.connection, ["another"])
        assert await work.connection.fetchval("select count(*) from open_items") == 1
        await store.drop_open_work(work.connection, ["shop"])
        assert await work.connection.fetchval("select count(*) from open_items") == 0
        assert await work.connection.fetchval("select count(*) from chunks") == 0


async def test_a_product_that_changes_all_the_time_does_not_go_before_new_ones(world: Any) -> None:
    async def taken(reference: str) -> None:
        async with world.database.unit_of_work() as work:
            await take(world, work, world.chunk(world.change(reference, price="5")))

    await taken("OLD")
    await world.database.pool.execute("update products set due = false, not_before = now() - interval '1 y'")
    await taken("NEW")
    await taken("OLD")

    due = await store.due_products(world.database.pool, "shop", 10, set())
    assert [entry.product.reference for entry in due] == ["NEW", "OLD"]


async def test_a_correction_that_arrives_before_the_refusal_is_not_refused_with_it(
    running: Any, eventually: Any
) -> None:
    bad = running.chunk(running.change("P", name={"en": "A {bad} name"}))
    good = running.chunk(running.change("P", name={"en": "A good name"}))
    running.fail("POST /api/products$", delay_seconds=0.8, times=1)
    await running.send(bad)
    state = "select state from products"
    async with asyncio.timeout(30):
        while await running.database.pool.fetchval(state) != "creating":  # noqa: ASYNC110 - the same
            await asyncio.sleep(0.01)
    await running.send(good)

    assert (await running.completed(bad)).outcomes[0].result is Result.REFUSED
    assert (await running.completed(good)).outcomes[0].result is Result.CREATED
    assert running.product("P")["names"]["1"] == "A good name"
