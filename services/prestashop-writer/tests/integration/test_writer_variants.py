"""Variants become combinations of the shop: each once, with its options, its default and its stock."""

from datetime import UTC, datetime
from typing import Any

import pytest

from common.create_protocol import Post
from common.messages import ChunkCompleted, ChunkWritten, ImageReference, Intent, Result
from prestashop_writer import store

EVERY_PRESTASHOP = pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11", "1.7.8.11-notices"], indirect=True)

COMBINATIONS = """
    select c.id, c.id_product, c.reference, c.price, c.ean13, c.minimal_quantity, c.default_on, s.quantity
    from combinations c left join stock_availables s on s.id_product_attribute = c.id
    where c.id_product = ? order by c.id"""
VALUES = """
    select cv.id_combination, o.name as option_name, v.name as value_name from combination_value cv
    join product_option_values v on v.id = cv.id_option_value
    join product_options o on o.id = v.id_attribute_group"""


def variant(reference: str, size: str, **fields: Any) -> dict[str, Any]:
    return {"reference": reference, "options": {"Size": size}, **fields}


SHIRT = (
    variant("S-S", "S", quantity=3, price_impact="0"),
    variant("S-M", "M", quantity=4, price_impact="1.50", ean13="4006381333931"),
    variant("S-L", "L", quantity=0, price_impact="2.50", minimal_quantity=2),
)


def shirt(world: Any, reference: str = "S", intent: Intent = Intent.UPSERT, **fields: Any) -> Any:
    return world.change(
        reference, intent, **{"name": {"en": "Shirt"}, "price": "10", "variants": SHIRT, **fields}
    )


def combinations(world: Any, reference: str = "S") -> dict[str, dict[str, Any]]:
    """The combinations of a product by reference; fails when one is there twice."""
    rows = world.shop.connection.execute(COMBINATIONS, (world.product(reference)["id"],)).fetchall()
    found = {row["reference"]: dict(row) for row in rows}
    assert len(found) == len(rows)
    return found


def options(world: Any) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for row in world.shop.connection.execute(VALUES):
        names = [text.split('"')[3] for text in (row["option_name"], row["value_name"])]
        found.setdefault(row["id_combination"], {})[names[0]] = names[1]
    return found


def stocks(world: Any, reference: str = "S") -> dict[str, int]:
    return {name: row["quantity"] for name, row in combinations(world, reference).items()}


def default(world: Any, reference: str = "S") -> list[str]:
    return [name for name, row in combinations(world, reference).items() if row["default_on"] == 1]


async def edit(world: Any, resource: str, node: dict[str, Any]) -> None:
    """What somebody does in the back office."""
    (outcome,) = await world.client.modify(resource, [node])
    assert type(outcome).__name__ == "Written"


@EVERY_PRESTASHOP
async def test_a_product_gets_its_variants_and_again_unchanged_costs_nothing(running: Any) -> None:
    (outcome,) = await running.bring(shirt(running))
    assert outcome.result is Result.CREATED, outcome

    found = combinations(running)
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0}
    assert [float(row["price"]) for row in found.values()] == [0, 1.5, 2.5]
    assert found["S-M"]["ean13"] == "4006381333931"
    assert found["S-L"]["minimal_quantity"] == 2
    assert default(running) == ["S-S"]
    named = options(running)
    assert {name: named[row["id"]] for name, row in found.items()} == {
        "S-S": {"Size": "S"},
        "S-M": {"Size": "M"},
        "S-L": {"Size": "L"},
    }
    assert running.product("S")["quantity"] == 7  # PrestaShop's own sum

    running.forget_requests()
    (outcome,) = await running.bring(shirt(running))
    assert outcome.result is Result.UNCHANGED
    assert running.requests() == []


@EVERY_PRESTASHOP
async def test_the_stock_of_one_variant_costs_one_write(running: Any) -> None:
    await running.bring(shirt(running))
    running.forget_requests()

    outcome = await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-M": 9})

    assert outcome.result is Result.UPDATED
    assert stocks(running) == {"S-S": 3, "S-M": 9, "S-L": 0}
    assert len(running.writes()) == 1
    if running.shop.settings.version.startswith("8"):
        assert running.requests() == ["PATCH stock_availables 1"]


async def test_a_catalogue_of_variants_goes_in_a_few_requests(running: Any) -> None:
    changes = [
        shirt(
            running,
            f"S{at}",
            variants=tuple({**one, "reference": f"{at}.{one['reference']}"} for one in SHIRT),
        )
        for at in range(20)
    ]
    assert {outcome.result for outcome in await running.bring(*changes)} == {Result.CREATED}

    assert sorted(request.rsplit(" ", 1)[0] for request in running.requests()) == [
        "GET product_option_values",
        "GET product_options",
        "GET products",
        "GET stock_availables",
        "PATCH stock_availables",
        "POST combinations",
        "POST product_option_values",
        "POST product_options",
        "POST products",
    ]

    running.forget_requests()
    feed = [
        running.change(f"S{at}", Intent.UPDATE, variant_quantities={f"{at}.S-L": at + 1}) for at in range(20)
    ]
    await running.bring(*feed)
    assert running.requests() == ["PATCH stock_availables 20"]


@EVERY_PRESTASHOP
async def test_a_list_is_the_whole_list_and_the_default_moves_with_it(running: Any) -> None:
    await running.bring(shirt(running))
    kept = combinations(running)["S-M"]["id"]
    wanted = (variant("S-M", "M", is_default=True), variant("S-XL", "XL", quantity=8))

    (outcome,) = await running.bring(shirt(running, variants=wanted))

    assert outcome.result is Result.UPDATED, outcome
    assert stocks(running) == {"S-M": 4, "S-XL": 8}
    assert combinations(running)["S-M"]["id"] == kept
    assert float(combinations(running)["S-M"]["price"]) == 1.5  # a list without a field unsays none
    assert default(running) == ["S-M"]
    assert running.product("S")["quantity"] == 12

    (outcome,) = await running.bring(shirt(running, variants=(), quantity=5))
    assert combinations(running) == {}
    assert running.product("S")["quantity"] == 5


async def test_a_variant_that_is_called_otherwise_keeps_its_combination(running: Any) -> None:
    await running.bring(shirt(running))
    before = combinations(running)
    renamed = (variant("NEW-S", "S"), *SHIRT[1:])

    await running.bring(shirt(running, variants=renamed))

    assert combinations(running)["NEW-S"]["id"] == before["S-S"]["id"]
    assert len(combinations(running)) == 3


async def test_other_options_of_a_variant_are_written_and_its_pictures_stay(running: Any) -> None:
    await running.bring(shirt(running))
    combination = combinations(running)["S-S"]["id"]
    await edit(running, "combinations", {"id": combination, "associations": {"images": [{"id": 7}]}})

    await running.bring(shirt(running, variants=(variant("S-S", "XS"), *SHIRT[1:])))

    assert options(running)[combination] == {"Size": "XS"}
    node = await running.client.get("combinations", combination)
    assert node["associations"]["images"] == [{"id": "7"}]


async def test_variants_that_the_shop_has_already_are_adopted(running: Any) -> None:
    (product_id,) = await running.made_by_hand({"reference": "S", "name": {1: "Shirt", 2: "Shirt"}})
    size = await made(running, "product_options", option("size"))  # the case of a name does not matter
    small = await made(running, "product_option_values", value(size, "S"))
    medium = await made(running, "product_option_values", value(size, "M"))
    by_reference = await made(running, "combinations", combination(product_id, "S-S", small))
    by_options = await made(running, "combinations", combination(product_id, "", medium, default_on=True))
    surplus = await made(running, "combinations", combination(product_id, "OLD", medium))

    (outcome,) = await running.bring(shirt(running))

    assert outcome.result is Result.UPDATED, outcome
    found = combinations(running)
    assert found["S-S"]["id"] == by_reference
    assert found["S-M"]["id"] == by_options
    assert surplus not in {row["id"] for row in found.values()}
    assert default(running) == ["S-M"]  # nobody said otherwise
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0}
    assert len(await running.client.list_all("product_options", display=("id",))) == 1


async def test_two_combinations_with_one_reference_are_a_conflict(running: Any) -> None:
    (product_id,) = await running.made_by_hand({"reference": "S", "name": {1: "Shirt", 2: "Shirt"}})
    ids = [await made(running, "combinations", combination(product_id, "S-M", 0)) for _ in range(2)]

    (outcome,) = await running.bring(shirt(running))

    assert outcome.result is Result.REFUSED
    assert outcome.reasons[0].code == "variant_conflict"
    assert all(str(one) in outcome.reasons[0].message for one in ids)


async def test_a_stock_that_no_variant_has_is_a_warning_until_the_list_has_it(running: Any) -> None:
    await running.bring(shirt(running))
    outcome = await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-XL": 6, "S-S": 5})
    assert outcome.result is Result.UPDATED
    assert [(w.code, w.field) for w in outcome.warnings] == [("variant_unknown", "variant_quantities.S-XL")]

    (outcome,) = await running.bring(shirt(running, variants=(*SHIRT, variant("S-XL", "XL"))))
    assert outcome.warnings == ()
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0, "S-XL": 6}


async def test_stocks_of_variants_that_we_never_listed_find_the_shops_own(running: Any) -> None:
    (product_id,) = await running.made_by_hand({"reference": "S", "name": {1: "Shirt", 2: "Shirt"}})
    await made(running, "combinations", combination(product_id, "S-M", 0))

    outcome = await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-M": 2})

    assert outcome.result is Result.UPDATED
    assert stocks(running) == {"S-M": 2}

    outcome = await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-M": 2, "S-L": 3})
    assert [warning.code for warning in outcome.warnings] == ["variant_unknown"]
    await made(running, "combinations", combination(product_id, "S-L", 0))
    running.forget_requests()
    assert (await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-M": 2})).warnings == ()
    assert running.requests() == []  # nobody said anything of what was not there
    outcome = await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-L": 3})
    assert (outcome.result, outcome.warnings) == (Result.UPDATED, ())
    assert stocks(running) == {"S-M": 2, "S-L": 3}


async def test_the_stock_of_a_product_with_variants_is_ignored_with_a_warning(running: Any) -> None:
    (outcome,) = await running.bring(shirt(running, quantity=99))
    assert [(w.code, w.field) for w in outcome.warnings] == [("quantity_ignored", "quantity")]
    assert running.product("S")["quantity"] == 7

    (outcome,) = await running.bring(running.change("S", Intent.UPDATE, warehouses={"1": 50}))
    assert [(w.code, w.field) for w in outcome.warnings] == [("quantity_ignored", "warehouses")]
    assert running.product("S")["quantity"] == 7


async def test_a_product_that_was_deleted_and_comes_back_has_its_variants_again(running: Any) -> None:
    await running.bring(shirt(running))
    deletion = running.chunk(running.change("S", Intent.DELETE))
    await running.send(deletion)
    await running.completed(deletion)
    assert running.shop.connection.execute("select count(*) from combinations").fetchone()[0] == 0

    (outcome,) = await running.bring(shirt(running, variants=SHIRT[:2]))

    assert outcome.result is Result.CREATED
    assert stocks(running) == {"S-S": 3, "S-M": 4}


async def test_a_product_that_went_in_the_back_office_is_made_anew_with_its_variants(running: Any) -> None:
    await running.bring(shirt(running))
    await running.client.delete("products", [running.product("S")["id"]])

    (outcome,) = await running.bring(shirt(running, variants=(*SHIRT, variant("S-XL", "XL", quantity=1))))

    assert outcome.result is not Result.REFUSED, outcome
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0, "S-XL": 1}
    orphans = "select count(*) from combinations where id_product not in (select id from products)"
    assert running.shop.connection.execute(orphans).fetchone()[0] == 0


async def test_a_combination_that_went_in_the_back_office_comes_back(running: Any) -> None:
    await running.bring(shirt(running))
    await running.client.delete("combinations", [combinations(running)["S-M"]["id"]])

    outcome = await running.bring_one("S", Intent.UPDATE, variant_quantities={"S-M": 9})

    assert outcome.result is Result.UPDATED, outcome
    assert stocks(running) == {"S-S": 3, "S-M": 9, "S-L": 0}


@EVERY_PRESTASHOP
@pytest.mark.parametrize("fault", [{"drop": "after"}, {"status": 500, "when": "after"}, {"drop": "before"}])
async def test_an_answer_that_is_lost_makes_no_combination_twice(running: Any, fault: Any) -> None:
    running.fail("POST /api/combinations$", times=1, **fault)

    (outcome,) = await running.bring(shirt(running))

    assert outcome.result is Result.CREATED, outcome
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0}
    assert default(running) == ["S-S"]


@pytest.mark.usefixtures("impatient")
async def test_a_create_that_the_shop_commits_late_is_waited_for(running: Any) -> None:
    running.faults.change(
        {"match": "POST /api/combinations$", "fault": "late_commit", "commit_after_seconds": 1.5, "times": 1}
    )
    (outcome,) = await running.bring(shirt(running), seconds=40)

    assert outcome.result is Result.CREATED, outcome
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0}


@pytest.mark.usefixtures("impatient")
async def test_a_variant_that_is_dropped_while_its_create_is_outstanding_does_not_stay(
    running: Any, eventually: Any
) -> None:
    running.faults.change(
        {"match": "POST /api/combinations$", "fault": "late_commit", "commit_after_seconds": 1.5, "times": 1}
    )
    first = running.chunk(shirt(running))
    await running.send(first)
    dealt = running.faults.dealt
    await eventually(lambda: dealt.get("late_commit", 0) > 0)
    (outcome,) = await running.bring(shirt(running, variants=SHIRT[:1]), seconds=40)
    await running.completed(first, 40)

    assert outcome.result is not Result.REFUSED
    assert stocks(running) == {"S-S": 3}


@pytest.mark.parametrize("resource", ["product_options", "product_option_values", "combinations"])
@pytest.mark.parametrize("methods", [set(), {"GET"}])
async def test_a_key_that_may_not_use_variants_refuses_their_products_alone(
    running: Any, resource: str, methods: set[str]
) -> None:
    running.allow_only(resource, methods)
    plain = running.change("P", name={"en": "Plain"}, price="1")

    outcomes = await running.bring(shirt(running), plain)

    assert [outcome.result for outcome in outcomes] == [Result.REFUSED, Result.CREATED]
    assert outcomes[0].reasons[0].field == "variants"
    assert f" use {resource};" in outcomes[0].reasons[0].message


async def test_a_variant_that_the_shop_refuses_refuses_its_product(running: Any) -> None:
    wrong = (variant("W-S", "S", ean13="not a code"),)
    outcomes = await running.bring(shirt(running), shirt(running, "W", variants=wrong))

    assert [outcome.result for outcome in outcomes] == [Result.CREATED, Result.REFUSED]
    assert "ean13" in outcomes[1].reasons[0].message
    assert stocks(running) == {"S-S": 3, "S-M": 4, "S-L": 0}


async def test_pictures_of_variants_go_on_to_the_image_processor(running: Any) -> None:
    shown = (variant("S-S", "S", images=("a.jpg",)), variant("S-M", "M", images=()), variant("S-L", "L"))
    message = running.chunk(shirt(running, variants=shown))
    await running.send(message)
    written = await running.completed(message)

    assert isinstance(written, ChunkWritten)
    (work,) = written.pictures
    found = combinations(running)
    assert work.keeps_images
    assert work.images == ()
    assert {one.reference: (one.presta_id, one.file_names) for one in work.variants or ()} == {
        "S-S": (found["S-S"]["id"], ("a.jpg",)),
        "S-M": (found["S-M"]["id"], ()),
    }

    picture = ImageReference(file_name="a.jpg", sha256="0" * 64)
    message = running.chunk(shirt(running, images=(picture,)))
    await running.send(message)
    (work,) = (await running.completed(message)).pictures
    assert (work.images, work.keeps_images, work.variants) == ((picture,), False, None)

    message = running.chunk(shirt(running))
    await running.send(message)
    assert isinstance(await running.completed(message), ChunkCompleted)


def option(name: str) -> dict[str, Any]:
    texts = {1: name, 2: name}
    return {"name": texts, "public_name": texts, "group_type": "select"}


def value(option_id: int, name: str) -> dict[str, Any]:
    return {"id_attribute_group": option_id, "name": {1: name, 2: name}}


def combination(product_id: int, reference: str, value_id: int, **fields: Any) -> dict[str, Any]:
    links = {"product_option_values": [{"id": value_id}] if value_id else []}
    return {
        "id_product": product_id,
        "reference": reference,
        "minimal_quantity": 1,
        "associations": links,
        **fields,
    }


async def made(world: Any, resource: str, node: dict[str, Any]) -> int:
    """What somebody makes in the back office: the shop's id of it."""
    before = {row["id"] for row in await world.client.list_all(resource, display=("id",))}
    identity = ("minimal_quantity",) if resource == "combinations" else None
    await world.client.create(resource, [node], identity=identity)
    after = {row["id"] for row in await world.client.list_all(resource, display=("id",))}
    (new,) = after - before
    return int(new)


async def test_a_writer_that_is_killed_after_its_request_makes_no_second_combination(
    world: Any, eventually: Any
) -> None:
    chunk = world.chunk(shirt(world))
    world.fail("POST /api/combinations$", delay_seconds=0.8, when="after", times=1)
    count = "select count(*) from combinations"
    async with world.process() as process:
        await world.until_consuming()
        await world.send(chunk)
        await eventually(lambda: world.shop.connection.execute(count).fetchone()[0] == 3)
        process.kill()
    async with world.service():
        (outcome,) = (await world.completed(chunk)).outcomes

    assert outcome.result is Result.CREATED
    assert stocks(world) == {"S-S": 3, "S-M": 4, "S-L": 0}


async def test_the_wait_for_combinations_begins_anew_when_the_shop_comes_back(world: Any) -> None:
    async with world.service():
        await world.bring(shirt(world))
    async with world.database.unit_of_work() as work:
        posts = {"S": store.VariantPosts(Post(3, datetime(2026, 1, 1, tzinfo=UTC)), ["S-S"])}
        await store.record_variant_posts(work.connection, "shop", posts)
        await store.restart_waits(work.connection, "shop")
        product = (await store.load_products(work.connection, "shop", ["S"]))["S"].product

    assert (product.variants_posted, product.variants_post) == ({"S-S"}, Post(3))


@EVERY_PRESTASHOP
async def test_a_shop_that_fails_at_random_gets_every_variant_once(running: Any) -> None:
    running.settings.attempts = 20  # the shop may well fail three times on one product: chance, no refusal
    rates = {"500_before": 0.1, "500_after": 0.1, "drop_after": 0.05, "429": 0.03, "html_200": 0.02}
    running.faults.change({"seed": 11, "rates": rates, "match": "^(P|D)"})
    for at in range(6):
        listed = tuple(
            variant(f"{one}", f"{one}", quantity=at + one, price_impact=str(at), is_default=one == at % 4)
            for one in range(at % 3, 4)
        )
        chunk = running.chunk(*[shirt(running, f"R{n}", variants=listed) for n in range(5)])
        await running.send(chunk)
        outcomes = (await running.completed(chunk, 60)).outcomes
        assert Result.REFUSED not in {outcome.result for outcome in outcomes}, outcomes
        for n in range(5):
            found = combinations(running, f"R{n}")
            assert stocks(running, f"R{n}") == {str(one): at + one for one in range(at % 3, 4)}
            assert {float(row["price"]) for row in found.values()} == {at}
    assert sum(running.faults.dealt.values()) > 5


@pytest.mark.parametrize("world", ["8.2.1", "1.7.8.11"], indirect=True)
async def test_a_dry_run_tells_what_the_real_run_does_to_variants(running: Any) -> None:
    await running.bring(shirt(running, "OLD"))
    wanted = (variant("OLD-M", "M", is_default=True, quantity=2), variant("OLD-XL", "XL", quantity=5))
    supplier = {"name": "Wholesale", "reference": "W-1"}

    def changes() -> list[Any]:
        return [shirt(running, "OLD", variants=wanted, supplier=supplier), shirt(running, "NEW")]

    before = [tuple(row) for row in running.shop.connection.execute("select * from combinations")]
    message = running.chunk(*changes())
    dry = message.chunk.model_copy(update={"dry_run": True})
    await running.send(message.model_copy(update={"chunk": dry}))
    told = await running.completed(message)
    assert [tuple(row) for row in running.shop.connection.execute("select * from combinations")] == before

    running.forget_requests()
    real = await running.bring(*changes())

    assert [outcome.result for outcome in told.outcomes] == [outcome.result for outcome in real]
    assert [outcome.warnings for outcome in told.outcomes] == [outcome.warnings for outcome in real]
    planned = {(one.method, one.resource): (one.requests, one.entities) for one in told.planned_requests}
    sent: dict[tuple[str, str], tuple[int, int]] = {}
    for method, resource, entities in (request.split() for request in running.requests()):
        requests, so_far = sent.get((method, resource), (0, 0))
        written = 0 if method == "GET" else int(entities)
        sent[method, resource] = (requests + 1, so_far + written)
    assert planned == sent
