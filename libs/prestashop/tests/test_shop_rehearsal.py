"""A rehearsal counts the requests of a real run, and sends none that writes."""

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prestashop import (
    FIRST_REHEARSED_ID,
    ShopMethodNotAllowed,
    ShopUnavailable,
    Unknown,
    Written,
    drafts,
    ids_of,
    links_of,
    text_of,
    texts_of,
)
from prestashop.filters import look_ups, query
from prestashop.rehearsed import RehearsedEntities, read_question
from simulator.settings import ALL_METHODS

every_version = pytest.mark.parametrize("version", ["8.2.1", "1.7.8.11"])


def both(text):
    return {1: text, 2: f"{text} it"}


def bracket(number, **fields):
    return drafts.product(f"SKU-{number}", both(f"Bracket {number}"), "10", **fields)


def kind_of(record):
    return record.method, record.path.removeprefix("/api/").partition("/")[0]


def counted(records):
    requests = Counter(kind_of(record) for record in records)
    entities = Counter()
    for record in records:
        entities[kind_of(record)] += record.entities
    return {kind: (number, entities[kind]) for kind, number in requests.items()}


def planned(rehearsal):
    return {(plan.method, plan.resource): (plan.requests, plan.entities) for plan in rehearsal.planned}


async def a_day_of_work(shop, old):
    """Names, new products with variants and discounts, changes of theirs and of ``old`` ones, a deletion."""
    (brand,) = ids_of(await shop.create("manufacturers", [drafts.brand("Acme")]))
    (colour,) = ids_of(await shop.create("product_features", [drafts.feature(both("Colour"))]))
    reds = ids_of(
        await shop.create(
            "product_feature_values", [drafts.feature_value(colour, both(text)) for text in ("Red", "Blue")]
        )
    )
    values = await shop.list_all("product_feature_values", display=("id",), filters={"id_feature": [colour]})
    assert [text_of(value, "id") for value in values] == [str(red) for red in reds]
    assert (await shop.find("products", "reference", ["SKU-150"]))["SKU-150"] == []
    made = ids_of(
        await shop.create(
            "products",
            [bracket(number, brand=brand, features={colour: reds[0]}) for number in range(150, 300)],
        )
    )
    assert len(await shop.stock_rows(made)) == 150
    await shop.set_quantities({(product, 0): 5 for product in [*made, *old]})
    (size,) = ids_of(await shop.create("product_options", [drafts.option(both("Size"))]))
    (large,) = ids_of(await shop.create("product_option_values", [drafts.option_value(size, both("Large"))]))
    pairs = [(made[0], "A"), (old[0], "B")]
    ids_of(
        await shop.create(
            "combinations", [drafts.combination(product, f"{name}-L", [large]) for product, name in pairs]
        )
    )
    combinations = await shop.of_products("combinations", [made[0], old[0]], display=("reference",))
    assert [text_of(node, "reference") for node in combinations] == ["A-L", "B-L"]
    rows = {(row.product_id, row.combination_id > 0) for row in await shop.stock_rows([made[0], old[0]])}
    assert rows == {(product, own) for product in (made[0], old[0]) for own in (False, True)}
    ids_of(
        await shop.create(
            "specific_prices",
            [drafts.specific_price(product, reduction="1") for product in [made[0], *old]],
            identity=("id_product", "from_quantity"),
        )
    )
    ids_of(
        await shop.modify("products", [{"id": product, "price": "12.5"} for product in [*old, *made[:10]]])
    )
    await shop.delete("products", [old[1]])
    assert (await shop.find("products", "reference", ["SKU-1"]))["SKU-1"] == []


@every_version
async def test_a_rehearsal_sends_no_write_and_plans_the_requests_of_the_real_run(open_shop, version, records):
    shop = await open_shop(version, max_values_per_look_up=10)
    old = ids_of(await shop.create("products", [bracket(number) for number in range(120)]))
    rehearsal = await shop.rehearsal()

    records.clear()
    await a_day_of_work(rehearsal, old)
    assert {record.method for record in records} == {"GET"}

    records.clear()
    await a_day_of_work(shop, old)
    assert counted(records) == planned(rehearsal)


async def test_a_new_product_has_a_stock_row_and_can_be_read(open_shop):
    rehearsal = await (await open_shop()).rehearsal()
    (outcome,) = await rehearsal.create("products", [bracket(1)])
    assert isinstance(outcome, Written)
    assert outcome.id >= FIRST_REHEARSED_ID
    (link,) = links_of(outcome.node, "stock_availables")
    (row,) = await rehearsal.stock_rows([outcome.id])
    assert (row.id, row.product_id, row.quantity) == (int(text_of(link, "id")), outcome.id, 0)
    assert texts_of(await rehearsal.get("products", outcome.id), "name") == both("Bracket 1")
    assert [text_of(node, "id") for node in await rehearsal.list("products")] == [str(outcome.id)]


async def test_what_was_changed_or_deleted_is_read_so(open_shop):
    shop = await open_shop()
    changed, deleted = ids_of(await shop.create("products", [bracket(1), bracket(2)]))
    rehearsal = await shop.rehearsal()
    await rehearsal.modify("products", [{"id": changed, "price": "12.5"}])
    await rehearsal.delete("products", [deleted])
    assert text_of(await rehearsal.get("products", changed), "price") == "12.5"
    assert text_of((await rehearsal.list("products", display=("id", "price")))[0], "price") == "12.5"
    assert await rehearsal.get("products", deleted) is None
    assert [row.product_id for row in await rehearsal.stock_rows([changed, deleted])] == [changed]
    assert text_of(await shop.get("products", changed), "price") == "10.000000"


async def test_pages_end_with_the_new_entities(open_shop):
    shop = await open_shop(page_size=3)
    await shop.create("manufacturers", [drafts.brand(f"Old {number}") for number in range(6)])
    rehearsal = await shop.rehearsal()
    made = ids_of(
        await rehearsal.create("manufacturers", [drafts.brand(f"New {number}") for number in range(7)])
    )
    for _ in range(2):
        names = [text_of(node, "name") for node in await rehearsal.list_all("manufacturers")]
        assert names == [f"Old {number}" for number in range(6)] + [f"New {number}" for number in range(7)]
    assert made == sorted(made)


async def test_a_write_without_the_right_to_it_fails_as_in_the_shop(open_shop):
    rights = {"products": ALL_METHODS - {"DELETE"}}
    rehearsal = await (await open_shop(rights=rights)).rehearsal()
    (product,) = ids_of(await rehearsal.create("products", [bracket(1)]))
    (outcome,) = await rehearsal.delete("products", [product])
    assert isinstance(outcome, Unknown)
    assert isinstance(outcome.error, ShopMethodNotAllowed)


async def test_a_read_that_fails_fails(scripted, shop, recorded, reply):
    scripted.will(recorded("01_api_root", 0), reply(503))
    rehearsal = await shop.rehearsal()
    with pytest.raises(ShopUnavailable):
        await rehearsal.get("products", 1)


async def test_a_picture_is_never_sent(scripted, shop, recorded, jpeg):
    scripted.will(recorded("01_api_root", 0))
    rehearsal = await shop.rehearsal()
    with pytest.raises(ValueError, match="pictures are not rehearsed"):
        await rehearsal.upload_image(1, jpeg, "a.jpg", "image/jpeg")
    with pytest.raises(ValueError, match="pictures are not rehearsed"):
        await rehearsal.delete_image(1, 1)
    assert scripted.asked == ["GET /api/"]


texts = st.text(alphabet=st.sampled_from("aBß|,[]<% 0é"), min_size=1, max_size=6)


@given(values=st.lists(texts, min_size=1, max_size=5, unique=True), name=texts)
@example(values=["<"], name="<")
@example(values=["[,"], name="[,")
def test_a_look_up_never_misses_a_new_entity(values, name):
    """The shop may list more than was asked for, and never less."""
    entities = RehearsedEntities()
    entities.create("manufacturers", [{"name": name}])
    found = [
        entities.matching("manufacturers", read_question(query(raw_filters={"name": look_up.filter_text})))
        for look_up in look_ups(values, most_values=40, most_bytes=4000)
    ]
    if name in values:
        assert any(found)


def test_a_question_is_read_as_it_was_written():
    question = read_question(query(filters={"id_product": [7, 8]}, sort=("id_ASC",), limit=(500, 100)))
    assert (question.filters, question.offset, question.size) == ({"id_product": "[7|8]"}, 500, 100)
    assert read_question(query(display="full", limit=3)).size == 3
    assert not question.matches({"id_product": "9"})
    assert read_question("filter[name]=rosso").matches({"name": {1: "Red", 2: "Rosso"}})
