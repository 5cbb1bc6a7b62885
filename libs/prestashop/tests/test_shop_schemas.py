"""What a shop says about its fields, as recorded from PrestaShop 8.2.1 and as simulated."""

import doctest

import pytest

from prestashop import FieldRule, ShopAnswerUnreadable, ShopRefusal, drafts
from prestashop.filters import available_fields
from prestashop.merging import left_out
from prestashop.names import entity_of, entry_of
from prestashop.schemas import read_schema
from prestashop.xml import complaints_in

RESOURCES = [
    "products",
    "manufacturers",
    "categories",
    "product_features",
    "product_feature_values",
    "product_options",
    "product_option_values",
    "combinations",
    "stock_availables",
    "specific_prices",
    "suppliers",
    "tags",
    "product_suppliers",
]


@pytest.fixture
def schemas(recorded):
    return {name: read_schema(name, recorded("02_03_schemas", at).body) for at, name in enumerate(RESOURCES)}


def test_rules_of_fields_are_typed(schemas):
    fields = schemas["products"].fields
    assert fields["price"] == FieldRule("price", required=True, format="isPrice")
    assert fields["name"] == FieldRule("name", max_size=128, format="isCatalogName", has_languages=True)
    assert fields["quantity"] == FieldRule("quantity", read_only=True, filterable=False)
    assert schemas["product_features"].required == {"name"}
    assert schemas["stock_availables"].required >= {"id_product", "quantity", "out_of_stock"}


def test_every_field_that_a_shop_refuses_to_take_back_is_left_out_of_a_merge(schemas):
    for name, schema in schemas.items():
        assert schema.read_only <= left_out(name)
        assert left_out(name) <= schema.fields.keys()


def test_entities_and_the_entries_of_associations_have_the_names_that_the_shop_gives_them(schemas):
    for name, schema in schemas.items():
        assert schema.resource == name
        for association in schema.associations.values():
            assert entry_of(association.name) == association.entry
            assert entity_of(association.resource.partition("/")[0]) == association.entry
    bundle = schemas["products"].associations["product_bundle"]
    assert (bundle.entry, list(bundle.fields)) == ("product", ["id", "id_product_attribute", "quantity"])


def test_a_draft_holds_what_the_shop_requires(schemas):
    text = {1: "text"}
    made = {
        "products": drafts.product("A", text, "1"),
        "manufacturers": drafts.brand("A"),
        "suppliers": drafts.supplier("A"),
        "categories": drafts.category(text, {1: "text"}),
        "product_features": drafts.feature(text),
        "product_feature_values": drafts.feature_value(1, text),
        "product_options": drafts.option(text),
        "product_option_values": drafts.option_value(1, text),
        "combinations": drafts.combination(1, "A", [1]),
        "specific_prices": drafts.specific_price(1),
        "product_suppliers": drafts.product_supplier(1, 1),
    }
    for resource, node in made.items():
        assert schemas[resource].required <= node.keys() <= schemas[resource].fields.keys() | {"associations"}
        assert node.get("associations", {}).keys() <= schemas[resource].associations.keys()


def test_the_examples_of_the_drafts_are_true():
    assert doctest.testmod(drafts).failed == 0


def test_what_is_no_schema_is_said_to_be_none(recorded):
    with pytest.raises(ShopAnswerUnreadable, match="no schema of products"):
        read_schema("products", recorded("01_api_root", 0).body)


def test_a_shop_that_lacks_a_field_names_those_that_it_has(recorded):
    chief = complaints_in(recorded("38_filter_errors", 0).body)[0]
    names = available_fields(chief.message)
    assert (names[0], names[-1], len(names)) == ("id", "available_later", 72)


async def test_a_shop_is_asked_for_its_rules(open_shop):
    shop = await open_shop()
    assert (await shop.schema("specific_prices")).fields["reduction"].format == "isPrice"
    with pytest.raises(ShopRefusal):
        await shop.schema("bananas")
