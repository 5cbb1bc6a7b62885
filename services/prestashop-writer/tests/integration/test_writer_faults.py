"""A shop that fails, a writer that dies: nothing twice, nothing lost, the right state in the end."""

import asyncio
from typing import Any

import pytest
from structlog.testing import capture_logs

from common.database.lease import LeaseLost, acquire_lease
from common.messages import Intent, Result, ShopSnapshotWanted
from prestashop_writer import products_in_shop

PRODUCTS, BRANDS, STOCK = "POST /api/products$", "POST /api/manufacturers$", "PATCH /api/stock_availables"
ALL = [PRODUCTS, BRANDS, STOCK]


def products(world: Any, count: int, **fields: Any) -> list[Any]:
    return [
        world.change(
            f"P-{number}", **{"name": {"en": f"Bracket {number}"}, "price": "5", "quantity": 2, **fields}
        )
        for number in range(count)
    ]


def assert_each_once(world: Any, count: int) -> None:
    shown = world.shown()
    assert sorted(product["reference"] for product in shown) == sorted(f"P-{n}" for n in range(count))
    assert {(product["price"], product["quantity"]) for product in shown} == {("5.000000", 2)}


@pytest.mark.parametrize(
    ("matches", "fault"),
    [
        (ALL, {"status": 500, "when": "after", "times": 1}),
        (ALL, {"status": 500, "when": "before", "times": 2}),
        (ALL, {"drop": "after", "times": 1}),
        ([BRANDS, STOCK], {"drop": "before", "times": 1}),  # waits until the brand cannot come any more
        ([PRODUCTS], {"status": 502, "when": "after", "times": 1}),
        ([STOCK], {"status": 429, "retry_after_seconds": 1, "times": 1}),
    ],
    ids=["500 after", "500 before", "drop after", "drop before", "502 after", "429"],
)
async def test_a_lost_answer_makes_no_second_product(
    running: Any, matches: list[str], fault: dict[str, Any]
) -> None:
    for match in matches:
        running.fail(match, **fault)

    outcomes = await running.bring(*products(running, 5, brand={"name": "Brand"}))

    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert_each_once(running, 5)
    assert len(await running.client.list("manufacturers", display=("id",))) == 1


@pytest.mark.usefixtures("impatient")
async def test_a_shop_that_is_slower_than_our_patience_makes_no_second_product(running: Any) -> None:
    running.fail("POST /api/products$", delay_seconds=1.3, times=1)  # it writes after we have given up

    outcomes = await running.bring(*products(running, 3))

    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert_each_once(running, 3)


async def test_a_look_up_that_fails_creates_nothing(running: Any) -> None:
    running.fail("GET /api/products$", status=500)
    chunk = running.chunk(*products(running, 2))
    await running.send(chunk)
    await asyncio.wait_for(_asked(running, "GET products", 2), 30)
    assert running.writes() == []

    running.faults.change({"clear": True})
    await running.completed(chunk)
    assert_each_once(running, 2)


async def _at_rest_without_product(world: Any) -> None:
    stirs = "select due or presta_id is not null from products"
    while await world.database.pool.fetchval(stirs):  # noqa: ASYNC110 - another task's
        await asyncio.sleep(0.01)


def _times_asked(world: Any, request: str) -> int:
    return sum(asked.startswith(request) for asked in world.requests())


async def _asked(world: Any, request: str, times: int) -> None:
    while _times_asked(world, request) < times:  # noqa: ASYNC110 - another task's
        await asyncio.sleep(0.01)


async def test_a_shop_that_is_away_for_a_while_is_told_once_and_then_brought(
    running: Any, eventually: Any
) -> None:
    await eventually(lambda: running.reachability() == ["recovered"])  # told once after each start
    running.faults.change({"unavailable": True})
    chunk = running.chunk(*products(running, 3))
    await running.send(chunk)
    await eventually(lambda: "unreachable" in running.reachability())

    running.faults.change({"clear": True})
    await running.completed(chunk)

    assert_each_once(running, 3)
    assert running.reachability() == ["recovered", "unreachable", "recovered"]


async def test_a_product_over_which_the_shop_crashes_is_refused_in_the_end_and_holds_up_nobody(
    running: Any,
) -> None:
    await running.bring(*products(running, 3))
    product_id = running.product("P-1")["id"]
    running.fail(f"PATCH /api/products/{product_id}$", status=500)
    running.fail("PATCH /api/products$", status=500)  # together with others it crashes, too

    outcomes = await running.bring(*products(running, 3, price="6"))

    assert [outcome.result for outcome in outcomes] == [Result.UPDATED, Result.REFUSED, Result.UPDATED]
    assert outcomes[1].reasons[0].code == "shop_failed"
    running.faults.change({"clear": True})
    assert (await running.bring_one("P-1", price="7")).result is Result.UPDATED


async def test_a_stock_over_which_the_shop_crashes_is_refused_in_the_end(running: Any) -> None:
    await running.bring(*products(running, 1))
    running.fail("PATCH /api/stock_availables", status=500)

    outcome = await running.bring_one("P-0", quantity=9)

    assert outcome.reasons[0].code == "shop_failed"


async def test_stocks_over_which_the_shop_crashes_only_together_are_written_alone(running: Any) -> None:
    await running.bring(*products(running, 50))
    running.fail("PATCH /api/stock_availables/?$", status=500)

    outcomes = await running.bring(*products(running, 50, quantity=9))

    assert {outcome.result for outcome in outcomes} == {Result.UPDATED}
    assert {product["quantity"] for product in running.shown()} == {9}


async def test_a_product_whose_stock_row_is_missing_is_refused_in_the_end(running: Any) -> None:
    (product_id,) = await running.made_by_hand({"reference": "OLD", "name": {1: "A", 2: "A"}})
    running.shop.connection.execute("delete from stock_availables where id_product = ?", (product_id,))

    outcome = await running.bring_one("OLD", quantity=3)

    assert outcome.reasons[0].code == "shop_failed"
    assert "stock" in outcome.reasons[0].message


async def test_a_request_that_a_firewall_blocks_refuses_the_product_that_it_dislikes(running: Any) -> None:
    await running.bring(*products(running, 3))
    product_id = running.product("P-1")["id"]
    running.fail(f"PATCH /api/products/{product_id}$", status=403)
    running.fail("PATCH /api/products$", status=403, times=1)

    outcomes = await running.bring(*products(running, 3, price="6"))

    assert [outcome.result for outcome in outcomes] == [Result.UPDATED, Result.REFUSED, Result.UPDATED]


async def test_an_answer_lost_after_a_change_does_not_hide_that_the_old_value_is_wanted_again(
    running: Any,
) -> None:
    await running.bring(*products(running, 1))
    running.fail("PATCH /api/products", drop="after", times=1)
    dearer = running.chunk(*products(running, 1, price="6"))
    back = running.chunk(*products(running, 1, price="5"))
    await running.send(dearer)
    await asyncio.wait_for(_asked(running, "PATCH products", 1), 30)
    await running.send(back)  # arrives while the pass pauses after the failure
    await running.completed(dearer)
    await running.completed(back)

    assert_each_once(running, 1)


async def test_a_writer_that_is_killed_after_its_request_makes_no_second_product(
    world: Any, eventually: Any
) -> None:
    chunk = world.chunk(*products(world, 3))
    world.fail("POST /api/products$", delay_seconds=0.8, when="after", times=1)
    async with world.process() as process:
        await world.until_consuming()
        await world.send(chunk)
        await eventually(lambda: len(world.shown()) == 3)
        process.kill()
    async with world.service():
        outcomes = (await world.completed(chunk)).outcomes

    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert_each_once(world, 3)


async def test_a_writer_that_dies_between_intent_and_request_creates_after_the_wait(
    world: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    chunk = world.chunk(*products(world, 2))
    with monkeypatch.context() as patched:
        sending = asyncio.Event()

        async def never(*_: Any, **__: Any) -> None:
            sending.set()
            raise LeaseLost

        patched.setattr(products_in_shop, "_record_products", never)
        patched.setattr("prestashop.Shop.create", never)
        async with world.service():
            await world.send(chunk)
            await asyncio.wait_for(sending.wait(), 30)
    async with world.service():
        outcomes = (await world.completed(chunk)).outcomes

    assert {outcome.result for outcome in outcomes} == {Result.CREATED}
    assert_each_once(world, 2)


async def test_twins_behind_an_outstanding_create_are_a_conflict(world: Any) -> None:
    """Nobody can tell which of them is ours, if any is."""
    by_hand = {"reference": "P-0", "name": {1: "A", 2: "A"}}
    ids = await world.made_by_hand(by_hand, by_hand)
    world.forget_requests()
    await world.database.pool.execute(
        "insert into products (shop, reference, tenant, state, desired, posted_epoch, due) "
        "values ('shop', 'P-0', 'acme', 'creating', '{}', 1, false)"
    )
    async with world.service():
        (outcome,) = await world.bring(*products(world, 1))

    assert [reason.code for reason in outcome.reasons] == ["product_conflict"]
    assert all(str(presta_id) in outcome.reasons[0].message for presta_id in ids)
    assert world.writes() == []


async def test_a_product_that_somebody_deleted_is_not_made_again_unless_somebody_asks(running: Any) -> None:
    await running.bring(*products(running, 1))
    await running.client.delete("products", [running.product("P-0")["id"]])
    await running.database.pool.execute(
        "update products set unanswered = '{price}', unanswered_until = now()"
    )
    await asyncio.wait_for(_at_rest_without_product(running), 30)
    assert running.shown() == []

    (outcome,) = await running.bring(*products(running, 1))

    assert outcome.result is Result.CREATED
    assert_each_once(running, 1)


async def test_a_writer_that_has_lost_its_lease_records_nothing(world: Any, eventually: Any) -> None:
    chunk = world.chunk(*products(world, 1))
    world.fail("POST /api/products$", delay_seconds=2, when="after", times=1)
    async with world.service():
        await world.send(chunk)
        await eventually(lambda: len(world.shown()) == 1)
        # Another writer takes over, as if this one had been frozen until its lease was over.
        await world.database.pool.execute("update leases set held_until = '-infinity'")
        other = await acquire_lease(world.database.pool, "shop", "another", 60)
        assert other is not None
        with capture_logs() as logs:
            await eventually(lambda: "lease.lost" in [entry["event"] for entry in logs])
        assert _times_asked(world, "POST products") == 1
        state = await world.database.pool.fetchrow("select state, presta_id from products")
        assert tuple(state) == ("creating", None)
        await other.release()
        outcomes = (await world.completed(chunk)).outcomes

    assert [outcome.result for outcome in outcomes] == [Result.CREATED]
    assert_each_once(world, 1)


async def test_two_writers_share_a_shop_without_doubling_anything(world: Any) -> None:
    async with world.service(), world.service():
        chunks = [world.chunk(*products(world, 20)) for _ in range(6)]
        for chunk in chunks:
            await world.send(chunk)
        for chunk in chunks:
            await world.completed(chunk)
    assert_each_once(world, 20)


async def test_a_bug_that_one_product_brings_out_is_its_own(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = products_in_shop.product_node

    def broken(plan: Any, *rest: Any) -> Any:
        if plan.product.reference == "P-1":
            raise ZeroDivisionError
        return real(plan, *rest)

    monkeypatch.setattr(products_in_shop, "product_node", broken)
    with capture_logs():  # tracebacks
        outcomes = await running.bring(*products(running, 3))

    assert [outcome.result for outcome in outcomes] == [Result.CREATED, Result.REFUSED, Result.CREATED]
    assert "ZeroDivisionError" in outcomes[1].reasons[0].message


@pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)
async def test_a_shop_that_fails_at_random_gets_every_product_once(running: Any) -> None:
    running.settings.attempts = 20  # the shop may well fail three times on one product: chance, no refusal
    rates = {"500_before": 0.1, "500_after": 0.1, "drop_after": 0.03, "429": 0.03, "html_200": 0.02}
    running.faults.change({"seed": 7, "rates": rates, "match": "^P"})
    rounds = 8
    chunks = [
        running.chunk(*products(running, 5 * at, price=5 + rounds - at, brand={"name": f"Brand {at}"}))
        for at in range(1, rounds + 1)
    ]
    for chunk in chunks:
        await running.send(chunk)
        assert Result.REFUSED not in {o.result for o in (await running.completed(chunk, 60)).outcomes}
    assert sum(running.faults.dealt.values()) > 5
    assert_each_once(running, 5 * rounds)
    brands = await running.client.list("manufacturers", display=("name",))
    assert sorted(brand["name"] for brand in brands) == [f"Brand {at}" for at in range(1, rounds + 1)]


@pytest.mark.parametrize("fault", [{"status": 500}, {"fault": "html_200"}, {"status": 403}])
async def test_a_shop_that_tells_no_lengths_has_those_of_prestashop_8(
    world: Any, eventually: Any, fault: dict[str, Any]
) -> None:
    world.fail("GET /api/products$", **fault)
    async with world.service():
        await eventually(lambda: bool(world.snapshots()))
        limits = world.snapshots()[0].limits
        assert (limits.name_length, limits.reference_length) == (128, 64)


async def test_a_snapshot_asks_for_the_lengths_of_texts_in_one_request(running: Any) -> None:
    asked = running.shop.connection.execute("select path from requests where query like '%schema=synopsis%'")
    assert [tuple(row) for row in asked] == [("/api/products",)]


async def test_a_snapshot_is_read_once_for_many_wishes(running: Any, eventually: Any) -> None:
    taken = running.snapshots()[-1].taken_at
    for _ in range(5):
        await running.send(ShopSnapshotWanted(tenant="acme", shop="shop", newer_than=taken))
    await eventually(lambda: len(running.snapshots()) > 1)
    assert (await running.bring_one("P", Intent.UPSERT, name={"en": "A"})).result is Result.CREATED
    assert len(running.snapshots()) == 2


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)
async def test_a_change_that_the_shop_carries_out_late_does_not_undo_a_newer_one(
    world: Any, eventually: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("common.shop_driver.RETRY_SECONDS", 0.05)  # so that the newer one is first by far
    shops_file = world.settings.shops_file
    shops_file.write_text(
        shops_file.read_text().replace("late_commit_seconds = 0.4", "late_commit_seconds = 60")
    )
    async with world.service():
        await world.bring(*products(world, 1))
        world.fail("P(ATCH|UT) /api/products", delay_seconds=5, times=1)  # given up after one
        older = world.chunk(*products(world, 1, price="6"))
        await world.send(older)
        await eventually(lambda: bool(world.faults.dealt))
        newer = world.chunk(*products(world, 1, price="7", ean13="4006381333931"))
        await world.send(newer)
        await world.completed(newer)
        assert world.product("P-0")["price"] == "7.000000"

        await eventually(lambda: world.product("P-0")["price"] == "6.000000")  # there it is
        await world.database.pool.execute(  # as if the minute were over
            "update products set unanswered_until = now() where unanswered_until is not null"
        )
        await eventually(lambda: world.product("P-0")["price"] == "7.000000")
    assert world.product("P-0")["ean13"] == "4006381333931"
