"""Every resource of a catalogue, against a simulated shop of each version that is supported."""

from decimal import Decimal

import pytest

from prestashop import (
    Refused,
    TaxRuleGroup,
    Written,
    drafts,
    id_of,
    ids_of,
    links_of,
    text_of,
    texts_of,
)

VERSIONS = ["8.2.1", "1.7.8.11", "1.7.8.11-notices"]
every_version = pytest.mark.parametrize("version", VERSIONS)


def both(text):
    return {1: text, 2: f"{text} it"}


async def create(shop, resource, *nodes, **options):
    return ids_of(await shop.create(resource, nodes, **options))


async def a_product(shop, reference="SKU-1", **fields):
    (product,) = await create(shop, "products", drafts.product(reference, both("Bracket"), "12.50", **fields))
    return product


@every_version
async def test_products_have_a_brand_features_and_categories(open_shop, version):
    shop = await open_shop(version)
    (brand,) = await create(shop, "manufacturers", drafts.brand("Acme"))
    (colour,) = await create(shop, "product_features", drafts.feature(both("Colour")))
    red, green = await create(
        shop,
        "product_feature_values",
        drafts.feature_value(colour, both("Red")),
        drafts.feature_value(colour, both("Green")),
    )
    (tools,) = await create(shop, "categories", drafts.category(both("Tools"), {1: "tools", 2: "tools"}))
    ids = await create(
        shop,
        "products",
        drafts.product("A", both("One"), Decimal("10"), brand=brand, features={colour: red}),
        drafts.product("B", both("Two"), "11.5", categories=[2, tools], features={colour: green}),
    )
    found = await shop.find(
        "products", "reference", ["A", "B"], display=("id_manufacturer", "active", "price")
    )
    assert [id_of(nodes[0]) for nodes in found.values()] == ids
    assert text_of(found["A"][0], "id_manufacturer") == str(brand)
    assert text_of(found["B"][0], "price") == "11.500000"
    if version != "1.7.8.11-notices":  # which shows no product without a picture in full
        (stored,) = await shop.list("products", filters={"reference": "B"})
        assert [id_of(link) for link in links_of(stored, "categories")] == [2, tools]
        assert links_of(stored, "product_features") == [{"id": str(colour), "id_feature_value": str(green)}]


@every_version
async def test_combinations_are_made_of_option_values_and_have_stock_of_their_own(open_shop, version):
    shop = await open_shop(version)
    product = await a_product(shop)
    (size,) = await create(shop, "product_options", drafts.option(both("Size")))
    small, large = await create(
        shop,
        "product_option_values",
        drafts.option_value(size, both("Small")),
        drafts.option_value(size, both("Large")),
    )
    combinations = await create(
        shop,
        "combinations",
        drafts.combination(product, "SKU-1-S", [small], default_on=True),
        drafts.combination(product, "SKU-1-L", [large], price=Decimal("5.00")),
    )
    shown = await shop.of_products("combinations", [product], display=("reference", "price"))
    assert [(id_of(node), text_of(node, "reference")) for node in shown] == list(
        zip(combinations, ["SKU-1-S", "SKU-1-L"], strict=True)
    )
    whole = await shop.get("combinations", combinations[1])
    assert [id_of(link) for link in links_of(whole, "product_option_values")] == [large]

    first, second = combinations
    outcomes = await shop.set_quantities({(product, first): 3, (product, second): 4, (99, 0): 1})
    assert [type(outcome) for outcome in outcomes.values()] == [Written, Written, Refused]
    rows = {row.combination_id: row.quantity for row in await shop.stock_rows([product])}
    assert rows == {0: 7, first: 3, second: 4}

    (outcome,) = await shop.modify("combinations", [{"id": first, "minimal_quantity": 2}])
    assert isinstance(outcome, Written)
    kept = await shop.get("combinations", first)
    assert (text_of(kept, "minimal_quantity"), text_of(kept, "reference")) == ("2", "SKU-1-S")
    assert [id_of(link) for link in links_of(kept, "product_option_values")] == [small]


@every_version
async def test_specific_prices_are_made_changed_and_told_apart_by_the_shop_s_own_key(open_shop, version):
    shop = await open_shop(version)
    product = await a_product(shop)
    tenth_off = drafts.specific_price(product, reduction="0.1", reduction_type="percentage", id_group=1)
    january = drafts.specific_price(product, reduction="2", starts="2026-01-01", ends="2026-01-31")
    outcomes = await shop.create("specific_prices", [tenth_off, january, tenth_off])
    assert [type(outcome) for outcome in outcomes] == [Written, Written, Refused]
    shown = await shop.of_products("specific_prices", [product], display=("reduction", "from", "price"))
    assert [(text_of(node, "reduction"), text_of(node, "price")) for node in shown] == [
        ("0.100000", "-1.000000"),
        ("2.000000", "-1.000000"),
    ]
    (changed,) = await shop.modify("specific_prices", [{"id": outcomes[1].id, "reduction": "3"}])
    assert isinstance(changed, Written)
    stored = await shop.get("specific_prices", outcomes[1].id)
    assert text_of(stored, "reduction") == "3.000000"
    assert text_of(stored, "from").startswith("2026-01-01")
    await shop.delete("specific_prices", [outcome.id for outcome in outcomes[:2]])
    assert await shop.of_products("specific_prices", [product]) == []


async def test_a_specific_price_whose_answer_is_lost_is_found_again_by_its_key(open_shop):
    shop = await open_shop()
    product = await a_product(shop)
    price = drafts.specific_price(product, reduction="2", starts="2026-01-01", from_quantity=5)
    await create(shop, "specific_prices", drafts.specific_price(product, reduction="1"))
    (first,) = await create(shop, "specific_prices", price)
    # The shop lets nobody have two of one key: it crashes, and the look-up finds the first.
    assert await create(shop, "specific_prices", price) == [first]


@every_version
async def test_suppliers_know_products_by_their_own_references(open_shop, version):
    shop = await open_shop(version)
    product = await a_product(shop)
    (supplier,) = await create(shop, "suppliers", drafts.supplier("Sup"))
    (link,) = await create(
        shop, "product_suppliers", drafts.product_supplier(product, supplier, "S-77", id_currency=1)
    )
    (shown,) = await shop.of_products("product_suppliers", [product], display=("product_supplier_reference",))
    assert (id_of(shown), text_of(shown, "product_supplier_reference")) == (link, "S-77")


@every_version
async def test_names_of_brands_features_and_options_are_found_and_changed(open_shop, version):
    shop = await open_shop(version)
    (brand,) = await create(shop, "manufacturers", drafts.brand("Acme", description=both("Since 1900")))
    (feature,) = await create(shop, "product_features", drafts.feature(both("Colour")))
    (value,) = await create(shop, "product_feature_values", drafts.feature_value(feature, both("Red")))
    for resource, entity, change in [
        ("manufacturers", brand, {"name": "Acme Ltd"}),
        ("product_features", feature, {"name": both("Paint")}),
        ("product_feature_values", value, {"value": both("Crimson")}),
        ("categories", 2, {"description": both("<p>All</p>")}),
    ]:
        (outcome,) = await shop.modify(resource, [{"id": entity, **change}])
        assert outcome.id == entity
    assert texts_of(await shop.get("manufacturers", brand), "description") == both("Since 1900")
    assert texts_of(await shop.get("product_feature_values", value), "value") == both("Crimson")
    assert texts_of(await shop.get("categories", 2), "name")[1] == "Home"


@every_version
async def test_languages_categories_and_tax_rules_are_read(open_shop, version):
    shop = await open_shop(version)
    assert [language.iso_code for language in await shop.languages()] == ["en", "it"]
    assert 2 in [category.id for category in await shop.categories()]
    groups = await shop.tax_rule_groups()
    assert groups
    assert isinstance(groups[0], TaxRuleGroup)
    assert groups[0].active


@every_version
async def test_pictures_come_are_replaced_lead_and_go(open_shop, version, jpeg):
    shop = await open_shop(version)
    product = await a_product(shop)
    first = await shop.upload_image(product, jpeg, "a.jpg", "image/jpeg")
    second = await shop.upload_image(product, jpeg, "b.jpg", "image/jpeg")
    assert await shop.image_ids(product) == [first, second]
    await shop.replace_image(product, second, jpeg, "c.jpg", "image/jpeg")
    assert (await shop.image(product, second)).startswith(b"\xff\xd8")
    assert isinstance(await shop.set_cover(product, second), Written)
    stored = await shop.get("products", product)
    assert (text_of(stored, "id_default_image"), text_of(stored, "price")) == (str(second), "12.500000")
    await shop.delete_image(product, first)
    assert await shop.image_ids(product) == [second]
