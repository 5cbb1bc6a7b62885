"""Change on every PrestaShop: PATCH where it is, else read, merge and PUT — and nothing else changes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prestashop import (
    Refused,
    ShopMethodNotAllowed,
    Unknown,
    Written,
    drafts,
    ids_of,
    links_of,
    text_of,
    texts_of,
)
from prestashop.merging import left_out, merge
from simulator.settings import ALL_METHODS

VERSIONS = ["8.2.1", "1.7.8.11", "1.7.8.11-notices"]
every_version = pytest.mark.parametrize("version", VERSIONS)

ALWAYS_MOVED = {"date_upd"}


def both(text):
    return {1: text, 2: f"{text} it"}


async def a_full_product(shop, reference="SKU-1"):
    (brand,) = ids_of(await shop.create("manufacturers", [drafts.brand(f"Brand of {reference}")]))
    (colour,) = ids_of(
        await shop.create("product_features", [drafts.feature(both(f"Colour of {reference}"))])
    )
    (red,) = ids_of(await shop.create("product_feature_values", [drafts.feature_value(colour, both("Red"))]))
    (product,) = ids_of(
        await shop.create(
            "products",
            [
                drafts.product(
                    reference,
                    both("Bracket"),
                    "10",
                    brand=brand,
                    features={colour: red},
                    ean13="4006381333931",
                    weight="0.125",
                    description=both("<p>Strong &amp; light</p>"),
                    description_short=both("x ]]> y"),
                    wholesale_price="4.25",
                )
            ],
        )
    )
    return product


async def everything_about(shop, product, jpeg):
    """All that the shop shows of a product; with notices on it shows those with a picture only."""
    if not await shop.image_ids(product):
        await shop.upload_image(product, jpeg, "a.jpg", "image/jpeg")
    return await shop.get("products", product)


@every_version
async def test_a_change_of_price_leaves_everything_else_as_it_is(open_shop, version, jpeg):
    shop = await open_shop(version)
    product = await a_full_product(shop)
    before = await everything_about(shop, product, jpeg)
    (outcome,) = await shop.modify("products", [{"id": product, "price": "12.5"}])
    assert isinstance(outcome, Written)
    after = await shop.get("products", product)
    changed = {name for name in before if before[name] != after[name]} - ALWAYS_MOVED
    assert changed == {"price"}
    assert (text_of(after, "price"), text_of(after, "available_date")) == ("12.500000", "0000-00-00")
    assert links_of(after, "product_features")


@every_version
async def test_several_changes_of_all_kinds_are_written_even_when_the_answer_is_a_500(
    open_shop, version, records
):
    shop = await open_shop(version)
    products = [await a_full_product(shop, f"SKU-{number}") for number in range(4)]
    (other,) = ids_of(await shop.create("manufacturers", [drafts.brand("Other")]))
    outcomes = await shop.modify(
        "products",
        [
            {"id": products[0], "name": both("Renamed")},
            {"id": products[1], "associations": {"product_features": []}},
            {"id": products[2], "description": both("<p>Only <b>this</b> &euro; text</p>")},
            {"id": products[3], "id_manufacturer": other, "active": False},
        ],
    )
    assert [type(outcome) for outcome in outcomes] == [Written] * 4
    assert [outcome.id for outcome in outcomes] == products
    names = await shop.list("products", display=("id", "name", "active", "reference"), sort=("id_ASC",))
    assert [texts_of(node, "name") for node in names] == [both("Renamed"), *[both("Bracket")] * 3]
    assert [text_of(node, "active") for node in names] == ["1", "1", "1", "0"]
    puts = [record for record in records if record.method == "PUT" and record.path == "/api/products"]
    assert [record.entities for record in puts] == ([] if version == "8.2.1" else [4])


@every_version
async def test_the_bad_one_among_several_is_refused_and_the_missing_one_named(open_shop, version):
    shop = await open_shop(version)
    products = [await a_full_product(shop, f"SKU-{number}") for number in range(3)]
    outcomes = await shop.modify(
        "products",
        [
            {"id": products[0], "price": "1"},
            {"id": products[1], "price": "1,50"},
            {"id": 999, "price": "3"},
            {"id": products[2], "price": "4"},
        ],
    )
    assert [type(outcome) for outcome in outcomes] == [Written, Refused, Refused, Written]
    assert [outcomes[1].code, outcomes[2].code] == [85, 92]
    shown = await shop.list("products", display=("id", "price"), sort=("id_ASC",))
    assert [text_of(node, "price") for node in shown] == ["1.000000", "10.000000", "4.000000"]


@every_version
async def test_stock_rows_stay_in_their_shop(open_shop, version, records):
    shop = await open_shop(version)
    products = [await a_full_product(shop, f"SKU-{number}") for number in range(3)]
    records.clear()
    outcomes = await shop.set_quantities({(product, 0): product * 10 for product in products})
    assert all(isinstance(outcome, Written) for outcome in outcomes.values())
    methods = [record.method for record in records]
    assert methods == (["GET", "PATCH"] if version == "8.2.1" else ["GET", "PATCH", "GET", "PUT"])
    rows = await shop.stock_rows(products)
    assert [(row.product_id, row.shop_id, row.quantity) for row in rows] == [
        (product, 1, product * 10) for product in products
    ]


async def test_a_shop_that_told_its_capabilities_is_not_asked_for_a_patch_it_lacks(open_shop, records):
    shop = await open_shop("1.7.8.11")
    assert not (await shop.capabilities()).has_patch
    product = await a_full_product(shop)
    records.clear()
    await shop.modify("products", [{"id": product, "price": "1"}])
    assert [record.method for record in records] == ["GET", "PUT"]


async def test_what_is_learned_about_patch_is_learned_once(open_shop, records):
    shop = await open_shop("1.7.8.11")
    product = await a_full_product(shop)
    records.clear()
    for price in ("1", "2"):
        await shop.modify("products", [{"id": product, "price": price}])
    assert [record.method for record in records] == ["PATCH", "GET", "PUT", "GET", "PUT"]


async def test_a_key_that_may_only_read_changes_nothing(open_shop):
    shop = await open_shop(rights={"products": frozenset({"GET"})})
    (outcome,) = await shop.modify("products", [{"id": 1, "price": "1"}])
    assert isinstance(outcome, Unknown | Refused)
    shop = await open_shop(rights={"products": ALL_METHODS - {"PATCH"}, "stock_availables": ALL_METHODS})
    (product,) = ids_of(await shop.create("products", [drafts.product("A", both("A"), "1")]))
    (outcome,) = await shop.modify("products", [{"id": product, "price": "2"}])
    assert isinstance(outcome, Written)
    shop = await open_shop(rights={"products": frozenset({"GET", "POST"})})
    (product,) = ids_of(await shop.create("products", [drafts.product("A", both("A"), "1")]))
    (outcome,) = await shop.modify("products", [{"id": product, "price": "2"}])
    assert (type(outcome.error), outcome.sent) == (ShopMethodNotAllowed, False)


names = st.sampled_from(["price", "name", "quantity", "id_default_image", "reference", "description", "id"])
values = st.text(max_size=5) | st.dictionaries(st.integers(1, 3), st.text(max_size=3), min_size=1)
nodes = st.dictionaries(names, values) | st.dictionaries(
    st.just("associations"), st.dictionaries(st.just("categories"), st.lists(st.just({"id": "2"})))
)


@given(nodes, nodes)
def test_a_merge_holds_what_is_stored_and_what_changes_and_no_more(stored, changes):
    merged = merge("products", stored, changes)
    empty = {name for name, value in stored.items() if value == ""}
    assert merged.keys() == (stored.keys() - left_out("products") - {"associations"} - empty) | changes.keys()
    for name, value in merged.items():
        if name not in changes:
            assert value == stored[name]
        elif isinstance(changes[name], dict) and name != "associations":
            known = stored.get(name) if name not in left_out("products") else None
            assert value == ((known if isinstance(known, dict) else {}) | changes[name])
        else:
            assert value == changes[name]
    assert merge("products", merged, changes) == merged


async def test_products_that_are_too_large_together_are_put_in_several_requests(open_shop, records):
    shop = await open_shop("1.7.8.11", max_body_bytes=25_000)
    long_text = both("<p>" + "steel " * 1000 + "</p>")
    products = [
        ids_of(
            await shop.create("products", [drafts.product(f"L{n}", both("L"), "1", description=long_text)])
        )[0]
        for n in range(3)
    ]
    records.clear()
    outcomes = await shop.modify("products", [{"id": product, "price": "2"} for product in products])
    assert [type(outcome) for outcome in outcomes] == [Written] * 3
    assert [record.entities for record in records if record.method == "PUT"] == [1, 1, 1]
    for product in products:
        assert texts_of(await shop.get("products", product), "description") == long_text
