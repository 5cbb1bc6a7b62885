"""Products that end items of the same chunks at the same time."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest

from common.database import Database, open_database
from image_processor.store.intake import add_open_items, forget_deleted, new_chunks, save_desired
from image_processor.store.settling import OpenItem, open_items_of, settle_items

World = Any  # the fixture of conftest.py, which tests cannot import
RED, GREEN = 1, 2  # products


@pytest.fixture
async def kept(world: World) -> AsyncIterator[Database]:
    """Two chunks of the same two products, of which nothing is settled."""
    database = await open_database(world.settings, "image-processor")
    messages = [world.written([(RED, ()), (GREEN, ())]) for _ in range(2)]
    async with database.unit_of_work() as work:
        await new_chunks(work.connection, [(message.chunk, (), None) for message in messages])
        for message in messages:
            await save_desired(work.connection, "shop", message.pictures)
        await add_open_items(work.connection, [(m.chunk, work) for m in messages for work in m.pictures])
    yield database
    await database.pool.close()


async def waiting(kept: Database, product: int) -> list[OpenItem]:
    """The product's open items, in the order of their chunks' ids that is not the one of locking."""
    items = await open_items_of(kept.pool, "shop", f"R-{product}")
    return sorted(items, key=lambda item: item.chunk_id, reverse=True)


async def settles(connection: Any, reference: str, items: list[OpenItem]) -> None:
    await settle_items(connection, "shop", reference, {item: item.outcome for item in items})


@pytest.mark.parametrize("other_is", ["settled", "deleted"])
async def test_two_products_that_share_chunks_do_not_wait_for_each_other(
    world: World, kept: Database, until_a_lock_is_awaited: Any, other_is: str
) -> None:
    later, earlier = await waiting(kept, RED)
    green = await waiting(kept, GREEN)
    deletion = world.written([(GREEN, ())])

    async def other_product() -> None:
        async with kept.unit_of_work() as work:
            if other_is == "settled":
                await settles(work.connection, f"R-{GREEN}", green)
            else:
                await forget_deleted(work.connection, "shop", [(deletion.chunk, deletion.pictures[0])])

    async with kept.unit_of_work() as work:
        await settles(work.connection, f"R-{RED}", [earlier])
        other = asyncio.create_task(other_product())
        await until_a_lock_is_awaited(kept.pool)
        await settles(work.connection, f"R-{RED}", [later])
    await other

    counts = await kept.pool.fetch("select jsonb_array_length(outcomes) as settled from chunks")
    assert [row["settled"] for row in counts] == [2, 2]
