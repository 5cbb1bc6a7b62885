"""A dry run changes nothing, and tells what the real run then does."""

from collections import Counter
from typing import Any

import pytest

from common.messages import (
    ChunkCompleted,
    ChunkValidated,
    ChunkWritten,
    ImageReference,
    Intent,
    ItemOutcome,
    Result,
)
from prestashop_writer import rehearsal

MOVED_BY_ITSELF = ("inbox", "leases", "outbox")
PICTURE = ImageReference(file_name="a.jpg", sha256="0" * 64)

both_prestashops = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)


def dry(message: ChunkValidated) -> ChunkValidated:
    """The same changes, to be rehearsed."""
    own = {"chunk_id": f"dry_{message.chunk.chunk_id}", "dry_run": True}
    return message.model_copy(update={"chunk": message.chunk.model_copy(update=own)})


def data(*pairs: tuple[str, str]) -> tuple[dict[str, str], ...]:
    return tuple({"group": "", "name": name, "value": value} for name, value in pairs)


def catalogue(world: Any) -> list[Any]:
    return [
        world.change(
            f"P-{number:02}",
            name={"en": f"Bracket {number}", "it": f"Staffa {number}"},
            price="12.50",
            quantity=number + 1,
            categories=(2,),
            brand={"name": f"Brand {number % 3}", "description": "Old words"},
            technical_data=data(("Colour", f"Red {number % 4}"), ("Size", "1")),
            discounts=({"from_quantity": 5, "percentage": "5"},),
        )
        for number in range(80)
    ]


CHANGES: tuple[dict[str, Any], ...] = (
    {"price": "13.75", "quantity": 50},
    {"name": {"it": ""}, "active": False, "minimal_quantity": 2},
    {"name": {"it": "Mensola"}},
    {"categories": (2, 3), "default_category": 3, "weight": "0.5"},
    {"technical_data": data(("Colour", "{new}"), ("{new}", "2")), "quantity": 0},
    {"brand": {"name": "{new}", "description": "New words"}, "price": "1"},
    {"discounts": ({"from_quantity": 10, "amount": "2", "ends": "2030-12-31"},), "quantity": 7},
    {"price": "12.5", "categories": (2,)},
    {"brand": None, "discounts": None, "technical_data": None},
)


def changed(world: Any, numbers: range, new: str) -> list[Any]:
    """Changes of all kinds; names that the shop does not have are called `new`."""
    changes = []
    for number in numbers:
        fields = dict(CHANGES[number % len(CHANGES)])
        if "{new}" in str(fields):
            fields = _renamed(fields, new)
        changes.append(world.change(f"P-{number:02}", Intent.UPDATE, **fields))
    return changes


def _renamed(value: Any, new: str) -> Any:
    match value:
        case dict():
            return {key: _renamed(part, new) for key, part in value.items()}
        case tuple():
            return tuple(_renamed(part, new) for part in value)
    return new if value == "{new}" else value


def new_products(world: Any, count: int, new: str) -> list[Any]:
    return [
        world.change(
            f"NEW-{number:02}",
            name={"*": f"Novelty {number}"},
            price="9.99",
            quantity=number,
            brand={"name": f"{new} too"},
            technical_data=data(("Colour", f"{new} {number}")),
            discounts=({"from_quantity": 3, "percentage": "12.5"},),
        )
        for number in range(count)
    ]


def tables_of_shop(world: Any) -> dict[str, list[Any]]:
    connection = world.shop.connection
    names = [row[0] for row in connection.execute("select name from sqlite_master where type = 'table'")]
    return {
        name: [tuple(row) for row in connection.execute(f'select * from "{name}"')]
        for name in names
        if name not in ("requests", "sqlite_sequence")
    }


async def tables_of_writer(world: Any) -> dict[str, list[str]]:
    pool = world.database.pool
    rows = await pool.fetch("select tablename as name from pg_tables where schemaname = current_schema()")
    return {
        row["name"]: sorted(str(found) for found in await pool.fetch(f'select * from "{row["name"]}"'))
        for row in rows
        if row["name"] not in MOVED_BY_ITSELF
    }


async def rehearsed(world: Any, message: ChunkValidated) -> ChunkCompleted | ChunkWritten:
    """Send the changes of a chunk as a dry run; nothing is written anywhere, and nothing else is told."""
    chunk = dry(message)
    shop, writer = tables_of_shop(world), await tables_of_writer(world)
    world.forget_requests()
    told = len(world.told)
    await world.send(chunk)
    finished = await world.completed(chunk)
    assert world.writes() == []
    assert tables_of_shop(world) == shop
    assert await tables_of_writer(world) == writer
    assert [m for m in world.told[told:] if isinstance(m, ChunkCompleted | ChunkWritten)] == [finished]
    assert finished.chunk == chunk.chunk
    return finished


def outcomes_of(finished: ChunkCompleted | ChunkWritten) -> list[ItemOutcome]:
    """Of all items, those with pictures too."""
    works = finished.pictures if isinstance(finished, ChunkWritten) else ()
    return sorted([*finished.outcomes, *(work.outcome for work in works)], key=lambda o: o.position)


def costs(world: Any) -> dict[tuple[str, str], tuple[int, int]]:
    """Requests since `forget_requests`, and entities in those that write, by method and resource."""
    requests: Counter[tuple[str, str]] = Counter()
    entities: Counter[tuple[str, str]] = Counter()
    for request in world.requests():
        method, resource, number = request.split()
        requests[method, resource] += 1
        entities[method, resource] += int(number) if method != "GET" else 0
    return {kind: (count, entities[kind]) for kind, count in requests.items()}


def planned(finished: ChunkCompleted | ChunkWritten) -> dict[tuple[str, str], tuple[int, int]]:
    return {(one.method, one.resource): (one.requests, one.entities) for one in finished.planned_requests}


def shown(world: Any) -> dict[str, dict[str, Any]]:
    """What the shop shows of its products, under our names and without what is empty."""
    connection = world.shop.connection
    found = {}
    for product in world.shown():
        row = connection.execute(
            "select minimal_quantity, id_category_default, link_rewrite from products where id = ?",
            (product["id"],),
        ).fetchone()
        rows = connection.execute(
            'select from_quantity, reduction, reduction_type, "to" from specific_prices where id_product = ?',
            (product["id"],),
        )
        fields = {
            "name.en": product["names"].get("1"),
            "name.it": product["names"].get("2"),
            "price": float(product["price"]),
            "quantity": product["quantity"],
            "active": product["active"],
            "minimal_quantity": int(row[0]),
            "categories": product["categories"],
            "default_category": int(row[1]),
            "weight": float(product["weight"]) or None,
            "brand": product["brand"],
            "technical_data": sorted((one["name"]["1"], one["value"]["1"]) for one in product["features"]),
            "discounts": [(int(row[0]), float(row[1]), row[2], row[3][:10]) for row in rows],
        }
        found[product["reference"]] = {
            name: value for name, value in fields.items() if value not in (None, "", [])
        }
    return found


FORMS = {
    "technical_data": lambda value: sorted((one["name"], one["value"]) for one in value),
    "discounts": lambda value: [
        (
            one["from_quantity"],
            one["percentage"] / 100 if "percentage" in one else one["amount"],
            "percentage" if "percentage" in one else "amount",
            one.get("ends", "0000-00-00"),
        )
        for one in value
    ],
}


def told_changes(finished: ChunkCompleted) -> dict[str, dict[str, tuple[Any, Any]]]:
    """By reference and field, in the form in which the shop shows it."""
    return {
        outcome.reference: {
            change.field: tuple(
                None if value is None else FORMS.get(change.field, lambda value: value)(value)
                for value in (change.before, change.after)
            )
            for change in outcome.changes
            if change.field != "brand.description"
        }
        for outcome in finished.outcomes
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> dict[str, dict[str, tuple[Any, Any]]]:
    return {
        reference: {
            name: (before.get(reference, {}).get(name), after[reference].get(name))
            for name in before.get(reference, {}).keys() | after[reference].keys()
            if before.get(reference, {}).get(name) != after[reference].get(name)
        }
        for reference in after
    }


@both_prestashops
async def test_a_dry_run_changes_nothing_and_foresees_requests_and_changes(running: Any) -> None:
    for start in (0, 40):
        await running.bring(*catalogue(running)[start : start + 40])
    chunks = [
        running.chunk(*changed(running, range(50), "One")),
        running.chunk(*changed(running, range(50, 80), "Two"), *new_products(running, 20, "Two")),
    ]
    plans = [await rehearsed(running, chunk) for chunk in chunks]

    for chunk, plan in zip(chunks, plans, strict=True):
        before = shown(running)
        running.forget_requests()
        await running.send(chunk)
        real = await running.completed(chunk)
        assert costs(running) == planned(plan)
        told, happened = told_changes(plan), differences(before, shown(running))
        for reference, changes in told.items():
            # A new product has fields that the shop shows as empty or by default.
            assert {name: changes[name] for name in happened[reference]} == happened[reference]
            assert reference not in before or changes == happened[reference]
        assert [(o.position, o.result, o.reasons, o.warnings) for o in plan.outcomes] == [
            (o.position, o.result, o.reasons, o.warnings) for o in real.outcomes
        ]
        for plan_of_one, outcome in zip(plan.outcomes, real.outcomes, strict=True):
            assert plan_of_one.presta_id == (None if outcome.result is Result.CREATED else outcome.presta_id)
    assert sum(o.result is Result.CREATED for plan in plans for o in plan.outcomes) == 20
    assert {o.result for plan in plans for o in plan.outcomes} == {
        Result.CREATED,
        Result.UPDATED,
        Result.UNCHANGED,
    }


def changes_of(outcome: Any) -> dict[str, tuple[Any, Any]]:
    return {change.field: (change.before, change.after) for change in outcome.changes}


async def outcome_of(world: Any, change: Any) -> Any:
    (outcome,) = (await rehearsed(world, world.chunk(change))).outcomes
    return outcome


async def test_every_end_that_an_item_can_have_is_foreseen(running: Any) -> None:
    await running.bring(*catalogue(running)[:3])
    await running.made_by_hand(
        {"reference": "TWICE", "name": {1: "A", 2: "A"}}, {"reference": "TWICE", "name": {1: "B", 2: "B"}}
    )
    chunk = running.chunk(
        running.change("P-00", Intent.CREATE, name={"*": "Again"}),
        running.change("P-01", Intent.DELETE),
        running.change("MISSING", Intent.UPDATE, price="1"),
        running.change("NAMELESS", price="1"),
        running.change("TWICE", price="1"),
        running.change(None, Intent.UPDATE, presta_id=running.product("P-02")["id"], quantity=3),
        running.change(None, Intent.UPDATE, presta_id=999, quantity=3),
        running.change("P-02", technical_data=data(("Colour", "Red 2"))),
    )
    plan = await rehearsed(running, chunk)
    ends = [(o.result.value, [reason.code for reason in o.reasons]) for o in outcomes_of(plan)]
    assert ends == [
        ("refused", ["product_exists"]),
        ("deleted", []),
        ("refused", ["product_not_found"]),
        ("refused", ["product_not_found"]),
        ("refused", ["product_conflict"]),
        ("updated", []),  # along with the last one
        ("refused", ["product_not_found"]),
        ("updated", []),
    ]
    assert [changes_of(outcome) for outcome in plan.outcomes if outcome.changes] == [
        {
            "technical_data": (
                [{"name": "Colour", "value": "Red 2"}, {"name": "Size", "value": "1"}],
                [{"name": "Colour", "value": "Red 2"}],
            )
        }
    ]
    running.forget_requests()
    await running.send(chunk)
    real = outcomes_of(await running.completed(chunk))
    assert [(o.result.value, [reason.code for reason in o.reasons]) for o in real] == ends
    assert costs(running) == planned(plan)


async def test_changes_are_told_of_a_product_that_somebody_made_by_hand(running: Any) -> None:
    (product_id,) = await running.made_by_hand(
        {"reference": "OLD", "name": {1: "Old", 2: "Vecchio"}, "price": "10", "active": True}
    )
    change = running.change(
        "OLD", name={"en": "Old"}, price="12", quantity=4, active=True, brand={"name": "Acme"}
    )
    outcome = await outcome_of(running, change)
    assert (outcome.result, outcome.presta_id) == (Result.UPDATED, product_id)
    assert changes_of(outcome) == {"price": (10, 12), "quantity": (0, 4), "brand": (None, "Acme")}

    by_its_id = running.change(None, Intent.UPDATE, presta_id=product_id, price="12")
    outcome = await outcome_of(running, by_its_id)
    assert (outcome.result, outcome.reference) == (Result.UPDATED, "OLD")
    assert changes_of(outcome) == {"price": (10, 12)}


async def test_each_item_of_one_product_is_told_its_own_changes(running: Any) -> None:
    finished = await rehearsed(
        running,
        running.chunk(
            running.change("TWO", name={"*": "Two"}, price="5"),
            running.change("TWO", Intent.UPDATE, quantity=9),
        ),
    )
    first, second = finished.outcomes
    assert (first.result, second.result) == (Result.CREATED, Result.UPDATED)
    assert changes_of(second) == {"quantity": (None, 9)}
    told = changes_of(first)
    assert (told["name.en"], told["price"], told["visibility"]) == ((None, "Two"), (None, 5), (None, "both"))


async def test_words_about_a_brand_are_told(running: Any) -> None:
    await running.bring(*catalogue(running)[:1])
    change = running.change("P-00", brand={"name": "Brand 0", "description": "New words"})
    outcome = await outcome_of(running, change)
    assert outcome.result is Result.UPDATED
    assert changes_of(outcome) == {"brand.description": ("Old words", "New words")}

    (by_hand,) = await running.made_by_hand({"reference": "OLD", "name": {1: "Old", 2: "Vecchio"}})
    said_again = {"name": "Brand 0", "description": "Old words"}
    by_its_id = running.change(None, Intent.UPDATE, presta_id=by_hand, brand=said_again)
    assert changes_of(await outcome_of(running, by_its_id)) == {"brand": (None, "Brand 0")}


async def test_a_deleted_product_that_comes_back_is_told_as_new(running: Any) -> None:
    await running.bring(running.change("P", name={"*": "Bracket"}, price="5", weight="2"))
    chunk = running.chunk(
        running.change("P", Intent.DELETE), running.change("P", Intent.CREATE, name={"*": "Bracket"})
    )
    plan = await rehearsed(running, chunk)
    deleted, created = outcomes_of(plan)
    assert [(o.result, o.presta_id) for o in (deleted, created)] == [
        (Result.DELETED, running.product("P")["id"]),
        (Result.CREATED, None),
    ]
    told = changes_of(created)
    assert told["name.it"] == (None, "Bracket")
    assert "weight" not in told
    running.forget_requests()
    await running.bring(*chunk.changes)
    assert costs(running) == planned(plan)


async def test_a_variant_and_a_supplier_are_foreseen(running: Any) -> None:
    await running.bring(running.change("SHIRT", name={"*": "Shirt"}, price="5", quantity=3))
    variants = (
        {"reference": "SHIRT-M", "options": {"Size": "M"}, "quantity": 4, "price_impact": "1.50"},
        {"reference": "SHIRT-L", "options": {"Size": "L"}, "ean13": "4006381333931"},
    )
    chunk = running.chunk(
        running.change("SHIRT", variants=variants, supplier={"name": "Weaver", "reference": "W-1"}),
        running.change(
            "CAP", name={"*": "Cap"}, variants=({"reference": "CAP-M", "options": {"Size": "M"}},)
        ),
    )
    plan = await rehearsed(running, chunk)
    running.forget_requests()
    await running.bring(*chunk.changes)
    assert costs(running) == planned(plan)
    shirt = changes_of(plan.outcomes[0])
    assert shirt["supplier"] == (None, {"name": "Weaver", "reference": "W-1"})
    assert shirt["variants.SHIRT-M.options"] == (None, {"Size": "M"})
    assert shirt["variants.SHIRT-M.quantity"] == (None, 4)
    assert shirt["variants.SHIRT-M.price_impact"] == (None, 1.5)
    assert shirt["variants.SHIRT-L.ean13"] == (None, "4006381333931")
    assert "quantity" not in shirt

    fewer = running.chunk(running.change("SHIRT", variants=variants[:1]))
    plan = await rehearsed(running, fewer)
    assert changes_of(plan.outcomes[0])["variants.SHIRT-L.options"] == ({"Size": "L"}, None)
    running.forget_requests()
    await running.bring(*fewer.changes)
    assert costs(running) == planned(plan)


async def test_pictures_travel_on_with_the_requests_so_far(running: Any) -> None:
    await running.bring(*catalogue(running)[:1])
    chunk = running.chunk(
        running.change("P-00", price="9", images=(PICTURE,)),
        running.change("NEW", name={"*": "New"}, images=(PICTURE,)),
        running.change("MISSING", Intent.UPDATE, images=(PICTURE,)),
    )
    plan = await rehearsed(running, chunk)
    assert isinstance(plan, ChunkWritten)
    old, new = plan.pictures
    assert (changes_of(old.outcome), old.outcome.presta_id) == ({"price": (12.5, 9)}, 1)
    assert (new.outcome.result, new.outcome.presta_id, new.images) == (Result.CREATED, None, (PICTURE,))
    assert [outcome.result for outcome in plan.outcomes] == [Result.REFUSED]
    running.forget_requests()
    await running.bring(*chunk.changes)
    assert costs(running) == planned(plan)


async def test_what_an_older_request_will_come_to_is_not_guessed(world: Any, eventually: Any) -> None:
    shops_file = world.settings.shops_file
    shops_file.write_text(
        shops_file.read_text().replace("late_commit_seconds = 0.4", "late_commit_seconds = 60")
    )
    async with world.service():
        await eventually(lambda: bool(world.snapshots()))
        world.fail("POST /api/products$", drop="before", times=1)
        lost = world.chunk(world.change("LOST", name={"*": "Lost"}))
        await world.send(lost)
        await eventually(lambda: not world.faults.rules)
        chunk = dry(world.chunk(world.change("LOST", price="7"), world.change("OTHER", name={"*": "Other"})))
        await world.send(chunk)
        unforeseen, foreseen = (await world.completed(chunk)).outcomes
        assert [warning.code for warning in unforeseen.warnings] == ["plan_incomplete"]
        assert (foreseen.result, foreseen.warnings) == (Result.CREATED, ())
        assert not world.finished(lost)


async def test_a_dry_run_waits_for_a_shop_that_is_away(running: Any, eventually: Any) -> None:
    running.faults.change({"unavailable": True})
    chunk = dry(running.chunk(running.change("P", name={"*": "Bracket"})))
    await running.send(chunk)
    await eventually(lambda: "unreachable" in running.reachability())
    assert not running.finished(chunk)
    running.faults.change({"clear": True})
    finished = await running.completed(chunk)
    assert [outcome.result for outcome in finished.outcomes] == [Result.CREATED]


async def test_a_bug_in_a_dry_run_refuses_it_and_holds_up_nobody(
    running: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(rehearsal, "planned", fail)
    chunk = dry(running.chunk(running.change("P", name={"*": "Bracket"}), running.change("Q", price="1")))
    await running.send(chunk)
    assert (await running.bring_one("R", name={"*": "Real"})).result is Result.CREATED
    finished = await running.completed(chunk)
    assert [(o.position, [reason.code for reason in o.reasons]) for o in finished.outcomes] == [
        (0, ["rehearsal_failed"]),
        (1, ["rehearsal_failed"]),
    ]


async def test_dry_runs_are_rehearsed_in_the_order_of_their_coming(running: Any) -> None:
    chunks = [dry(running.chunk(running.change("P", name={"*": f"Bracket {n}"}))) for n in range(3)]
    for chunk in chunks:
        await running.send(chunk)
    for chunk in chunks:
        await running.completed(chunk)
    told = [m.chunk.chunk_id for m in running.told if isinstance(m, ChunkCompleted) and m.chunk.dry_run]
    assert told == [chunk.chunk.chunk_id for chunk in chunks]


async def test_the_reading_back_of_writes_is_counted_and_proves_nothing(world: Any, eventually: Any) -> None:
    with world.settings.shops_file.open("a") as shops_file:
        shops_file.write("verify_writes = true\n")
    async with world.service():
        await eventually(lambda: bool(world.snapshots()))
        await world.bring(*catalogue(world)[:3])
        world.shop.connection.execute("update products set price = '1.000000'")
        chunk = world.chunk(world.change("P-00", active=False), *new_products(world, 2, "New"))
        plan = await rehearsed(world, chunk)
        assert {(o.verified, o.warnings) for o in plan.outcomes} == {(None, ())}
        world.forget_requests()
        assert {o.verified for o in await world.bring(*chunk.changes)} == {True, False}
        assert costs(world) == planned(plan)


@pytest.mark.parametrize("world", ["1.7.8.11-notices"], indirect=True)
async def test_with_php_notices_on_the_ends_are_foreseen_and_the_reading_back_is_not(running: Any) -> None:
    await running.bring(*catalogue(running)[:20])
    await running.made_by_hand({"reference": "OLD", "name": {1: "Old", 2: "Vecchio"}})
    by_hand = running.change("OLD", price="3")
    chunk = running.chunk(*changed(running, range(20), "One"), *new_products(running, 5, "One"), by_hand)
    plan = await rehearsed(running, chunk)
    running.forget_requests()
    real = await running.bring(*chunk.changes)
    assert [outcome.result for outcome in plan.outcomes] == [outcome.result for outcome in real]
    assert all(outcome.changes for outcome in plan.outcomes if outcome.result is not Result.UNCHANGED)
    cost, foreseen = costs(running), planned(plan)
    assert {kind: cost[kind] for kind in cost if kind[0] != "GET"} == {
        kind: foreseen[kind] for kind in foreseen if kind[0] != "GET"
    }
    assert cost["GET", "products"] > foreseen["GET", "products"]
