"""What an outage of the shop does to creates whose answer is outstanding."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.create_protocol import Post
from common.messages import Result
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


@pytest.mark.parametrize(
    ("fault", "field"),
    [
        ({"status": 500}, "quantity"),
        ({"fault": "html_200"}, "quantity"),
        ({"status": 403}, "quantity"),
        ({"status": 500}, "price"),
        ({"status": 403}, "brand"),
    ],
    ids=["empty 500", "a page with 200", "a firewall", "over a price", "over a brand"],
)
async def test_a_shop_that_fails_at_everything_is_away_and_refuses_nothing(
    running: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch, fault: dict[str, Any], field: str
) -> None:
    """Its database is down, or it is closed by a page that a proxy answers with 200."""
    monkeypatch.setattr("common.shop_link.ASK_AGAIN_SECONDS", 0.05)
    monkeypatch.setattr("common.shop_driver.RETRY_SECONDS", 0.05)
    references = [f"P-{number}" for number in range(3)]
    await running.bring(*(running.change(name, name={"en": name}, quantity=1) for name in references))
    running.fail("", **fault)
    value = {"name": "New"} if field == "brand" else 7

    chunk = running.chunk(*(running.change(reference, **{field: value}) for reference in references))
    await running.send(chunk)
    await eventually(lambda: "unreachable" in running.reachability())

    assert await running.database.pool.fetchval("select max(attempts) from products") == 0
    running.faults.change({"clear": True})
    assert {outcome.result for outcome in (await running.completed(chunk)).outcomes} == {Result.UPDATED}
    assert running.reachability() == ["recovered", "unreachable", "recovered"]
