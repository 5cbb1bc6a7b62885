"""What an outage of the shop does to creates whose answer is outstanding."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.create_protocol import Post
from prestashop_writer import store

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)


async def outstanding(world: Any, post: Post) -> None:
    """A product whose create was sent, and that nobody looks at for a day."""
    await world.database.pool.execute(
        "insert into products "
        "(shop, reference, tenant, state, desired, posted_epoch, waiting_since, not_before) "
        "values ('shop', 'OUT', 'acme', 'creating', '{}', $1, $2, now() + interval '1 day')",
        post.epoch,
        post.waiting_since,
    )


async def post_of(world: Any) -> Post:
    row = await world.database.pool.fetchrow(
        "select posted_epoch, waiting_since from products where reference = 'OUT'"
    )
    return Post(*row)


async def test_a_wait_begins_anew_as_soon_as_the_outage_is_noticed(running: Any, eventually: Any) -> None:
    """Not once the shop is back: the writer that has noticed may not live so long."""
    await eventually(lambda: running.reachability() == ["recovered"])  # told once after each start
    await outstanding(running, Post(1, LONG_AGO))
    running.faults.change({"unavailable": True})

    await running.send(running.chunk(running.change("P", name={"en": "Bracket"})))
    await eventually(lambda: "unreachable" in running.reachability())

    assert await post_of(running) == Post(1)


@pytest.mark.parametrize("post", [Post(4), Post(4, LONG_AGO)])
async def test_an_outage_leaves_no_wait_that_nobody_has_looked_for(world: Any, post: Post) -> None:
    """A wait counts from a look-up; one that counted from the outage might end within it."""
    await outstanding(world, post)

    async with world.database.transaction() as connection:
        await store.restart_waits(connection, "shop")

    assert await post_of(world) == Post(4)


async def test_what_the_shop_has_stopped_working_on_needs_no_wait_after_an_outage(world: Any) -> None:
    await outstanding(world, Post(None))

    async with world.database.transaction() as connection:
        await store.restart_waits(connection, "shop")

    assert await post_of(world) == Post(None)
