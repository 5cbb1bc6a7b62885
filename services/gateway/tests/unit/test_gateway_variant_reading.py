"""Variants, their stocks, suppliers and discounts, as both dialects read them."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.messages import Discount, ProductFields, Supplier, Variant
from gateway.dialects import bulk, sync
from gateway.drafts import Draft, RefusedItem
from gateway.reading import Reading
from gateway.variant_reading import variant_quantities, variants

# A busy machine must not make a law fail.
law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

Read = Callable[[dict[str, Any]], Draft | RefusedItem]


def by_sync(fields: dict[str, Any]) -> Draft | RefusedItem:
    return sync.read_product({"operation": "update", "reference": "A", **fields})


def by_bulk(fields: dict[str, Any]) -> Draft | RefusedItem:
    return bulk.read_item({"reference": "A", **fields}, 0)


both = pytest.mark.parametrize("read", [by_sync, by_bulk])


def read_fields(read: Read, fields: dict[str, Any]) -> ProductFields:
    draft = read(fields)
    assert isinstance(draft, Draft), draft
    return ProductFields(**draft.fields)


def violations(read: Read, fields: dict[str, Any]) -> dict[str, str]:
    refused = read(fields)
    assert isinstance(refused, RefusedItem), refused
    return {reason.field: reason.code for reason in refused.reasons}


LARGE = {
    "reference": "SKU-L",
    "options": {"Size": "L", "Color": "Red"},
    "ean13": "4006381333931",
    "price_impact": Decimal("2.50"),
    "weight_impact": Decimal("-0.1"),
    "quantity": 7,
    "minimal_quantity": 2,
    "is_default": True,
    "images": ["front.jpg", "back.jpg", "front.jpg"],
}


@both
def test_a_variant_is_read_with_all_its_fields(read: Read) -> None:
    [variant] = read_fields(read, {"variants": [LARGE]}).variants or ()
    assert variant == Variant(
        reference="SKU-L",
        options={"Size": "L", "Color": "Red"},
        ean13="4006381333931",
        price_impact=Decimal("2.50"),
        weight_impact=Decimal("-0.1"),
        quantity=7,
        minimal_quantity=2,
        is_default=True,
        images=("front.jpg", "back.jpg"),
    )


@both
def test_options_may_be_a_list_in_the_order_of_the_shop(read: Read) -> None:
    options = [{"name": "Size", "value": "L"}, {"name": "Color", "value": "Red"}]
    [variant] = read_fields(read, {"variants": [{"reference": "L", "options": options}]}).variants or ()
    assert list(variant.options.items()) == [("Size", "L"), ("Color", "Red")]


@both
def test_a_variant_says_only_what_was_sent_and_null_clears(read: Read) -> None:
    entry = {"reference": "L", "options": {"Size": "L"}, "ean13": None, "price_impact": None, "images": None}
    [variant] = read_fields(read, {"variants": [entry]}).variants or ()
    assert variant.model_fields_set == entry.keys()
    assert (variant.ean13, variant.price_impact, variant.images) == (None, Decimal(0), ())


@both
def test_an_empty_list_of_variants_clears_them_and_null_does_too(read: Read) -> None:
    assert read_fields(read, {"variants": []}).variants == ()
    assert read_fields(read, {"variants": None}).variants == ()
    assert "variants" not in read_fields(read, {}).model_fields_set


@both
@pytest.mark.parametrize(
    "sent", [{"S": 1, "L": 0}, [{"reference": r, "quantity": int(r == "S")} for r in "SL"]]
)
def test_stocks_of_variants_are_an_object_or_a_list(read: Read, sent: Any) -> None:
    assert read_fields(read, {"variant_quantities": sent}).variant_quantities == {"S": 1, "L": 0}


def test_numbers_of_variants_may_be_strings_in_the_bulk_dialect() -> None:
    strings = {"quantity": "7", "price_impact": "2.50", "minimal_quantity": "2", "is_default": "1"}
    fields = {"variants": [LARGE | strings], "variant_quantities": {"SKU-L": "3"}}
    [variant] = read_fields(by_bulk, fields).variants or ()
    assert (variant.quantity, variant.price_impact, variant.is_default) == (7, Decimal("2.50"), True)
    assert read_fields(by_bulk, fields).variant_quantities == {"SKU-L": 3}
    assert violations(by_sync, fields) == {
        f"variants[0].{name}": "type_wrong" for name in strings
    } | {"variant_quantities.SKU-L": "type_wrong"}  # fmt: skip


@both
@pytest.mark.parametrize(
    ("sent", "expected"),
    [
        ("Acme", Supplier(name="Acme")),
        ({"name": "Acme", "reference": "AC-1"}, Supplier(name="Acme", reference="AC-1")),
        ({"name": "Acme", "reference": None}, Supplier(name="Acme", reference=None)),
        ("", None),
        (None, None),
    ],
)
def test_a_supplier_is_a_name_or_an_object(read: Read, sent: Any, expected: Supplier | None) -> None:
    fields = read_fields(read, {"supplier": sent})
    assert fields.supplier == expected
    assert "supplier" in fields.model_fields_set


SIZE = {"name": "Size", "value": "L"}
STOCK = {"reference": "L", "quantity": 1}


def _variant(**changed: Any) -> dict[str, Any]:
    return {"variants": [{"reference": "S", "options": {"Size": "S"}}, LARGE | changed]}


@both
@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"variants": "L"}, "variants", "type_wrong"),
        ({"variants": ["L"]}, "variants[0]", "type_wrong"),
        (_variant(reference=""), "variants[1].reference", "field_missing"),
        (_variant(reference=None), "variants[1].reference", "field_missing"),
        (_variant(options=None), "variants[1].options", "field_missing"),
        (_variant(options="L"), "variants[1].options", "type_wrong"),
        (_variant(options={"Size": 42}), "variants[1].options.Size", "type_wrong"),
        (_variant(options={"Size": ""}), "variants[1].options.Size", "field_missing"),
        (_variant(options=["L"]), "variants[1].options[0]", "type_wrong"),
        (_variant(options=[{"name": "Size"}]), "variants[1].options[0].value", "field_missing"),
        (_variant(options=[SIZE] * 2), "variants[1].options[1].name", "option_twice"),
        (_variant(colour="red"), "variants[1].colour", "field_unknown"),
        (_variant(price_impact="much"), "variants[1].price_impact", "type_wrong"),
        (_variant(quantity=Decimal("1.5")), "variants[1].quantity", "type_wrong"),
        (_variant(is_default="yes"), "variants[1].is_default", "type_wrong"),
        (_variant(images="front.jpg"), "variants[1].images", "type_wrong"),
        (_variant(images=[{"fileName": "front.jpg"}]), "variants[1].images[0]", "type_wrong"),
        ({"variant_quantities": 5}, "variant_quantities", "type_wrong"),
        ({"variant_quantities": {"L": "many"}}, "variant_quantities.L", "type_wrong"),
        ({"variant_quantities": {"L": None}}, "variant_quantities.L", "field_missing"),
        ({"variant_quantities": [{"quantity": 1}]}, "variant_quantities[0].reference", "field_missing"),
        ({"variant_quantities": [{"reference": "L"}]}, "variant_quantities[0].quantity", "field_missing"),
        ({"variant_quantities": [STOCK] * 2}, "variant_quantities[1]", "variant_twice"),
        ({"supplier": 5}, "supplier", "type_wrong"),
        ({"supplier": {}}, "supplier.name", "field_missing"),
        ({"supplier": {"name": "A", "reference": 5}}, "supplier.reference", "type_wrong"),
        ({"supplier": {"name": "A", "id": 5}}, "supplier.id", "field_unknown"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_told_with_its_path(
    read: Read, fields: dict[str, Any], field: str, code: str
) -> None:
    assert violations(read, fields) == {field: code}


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*LARGE, "name", "value"]) | st.text(max_size=3), inner, max_size=4)
    ),
    max_leaves=12,
)


@law
@given(json_values, st.booleans())
def test_anything_is_read_or_leaves_a_violation(value: Any, numeric_strings: bool) -> None:
    for read in (variants, variant_quantities):
        reading = Reading(numeric_strings=numeric_strings)
        if read(reading, value, "here") is None and value is not None:
            assert reading.violations
        assert all(reason.field.startswith("here") for reason in reading.violations)


# ── every field can be said in both dialects ──


EVERY_FIELD: dict[str, Any] = {
    "name": {"en": "Machine", "it": "Macchina"},
    "summary": "s",
    "description": "d",
    "slug": "machine",
    "meta_title": {"it": "m"},
    "meta_description": "m",
    "price": 5,
    "quantity": 1,
    "quantities": [{"warehouse_code": "north", "quantity": 3}, {"warehouse_id": 2, "quantity": 4}],
    "minimal_quantity": 1,
    "active": True,
    "available_for_order": True,
    "visibility": "both",
    "condition": "new",
    "tax_rules_group": 1,
    "categories": [2, 5],
    "default_category": 5,
    "ean13": "",
    "weight": 1,
    "width": 1,
    "height": 1,
    "depth": 1,
    "brand": {"name": "B", "description": "d"},
    "technical_data": [],
    "discounts": [{"quantity": 5, "discount": 5}, {"amount": Decimal("2.5")}],
    "supplier": "Acme",
    "variants": [LARGE],
    "variant_quantities": {"SKU-L": 7},
}


@both
def test_every_field_of_a_product_can_be_said(read: Read) -> None:
    fields = read_fields(read, EVERY_FIELD)
    assert fields.model_fields_set == ProductFields.model_fields.keys() - {"images"}
    assert fields.warehouses == {"north": 3, "2": 4}
    assert (fields.default_category, fields.categories) == (5, (2, 5))
    assert fields.discounts == (
        Discount(from_quantity=5, percentage=Decimal(5)),
        Discount(amount=Decimal("2.5")),
    )


@both
def test_two_names_of_one_field_may_not_say_different_things(read: Read) -> None:
    sent = {"productWarehouses": [{"warehouse_id": 2, "quantity": 4}], "quantities": []}
    assert violations(read, sent) == {"quantities": "fields_contradict"}


def test_a_main_category_said_twice_must_be_one() -> None:
    sent = {"category_id": 5, "default_category": 6}
    assert violations(by_bulk, sent) == {"default_category": "fields_contradict"}
    assert read_fields(by_bulk, sent | {"default_category": 5}).categories == (5,)


# ── which product ──


@both
@pytest.mark.parametrize("name", ["id", "product_id"])
def test_a_product_may_be_named_by_our_id(read: Read, name: str) -> None:
    draft = read({name: 7, "price": 1})
    assert isinstance(draft, Draft)
    assert (draft.intent, draft.reference, draft.product_id) == ("update", "A", 7)


def test_an_id_alone_is_enough_in_both_dialects() -> None:
    for name, expected in (("id", (7, None)), ("product_id", (7, None)), ("presta_id", (None, 7))):
        for draft in (sync.read_product({"operation": "update", name: 7}), bulk.read_item({name: 7}, 0)):
            assert isinstance(draft, Draft)
            assert (draft.intent, draft.reference) == ("update", None)
            assert (draft.product_id, draft.presta_id) == expected


@both
@pytest.mark.parametrize(
    ("ids", "field", "code"),
    [
        ({"id": 7, "product_id": 8}, "product_id", "fields_contradict"),
        ({"product_id": 0}, "product_id", "number_out_of_range"),
        ({"presta_id": -1}, "presta_id", "number_out_of_range"),
        ({"presta_id": 2**63}, "presta_id", "number_out_of_range"),
        ({"presta_id": "x"}, "presta_id", "type_wrong"),
        ({"product_id": {"name": "x"}}, "product_id", "type_wrong"),
        ({"presta_id": {"name": "x"}}, "presta_id", "type_wrong"),
    ],
)
def test_an_id_that_is_none_is_told(read: Read, ids: dict[str, Any], field: str, code: str) -> None:
    assert violations(read, ids) == {field: code}


def test_what_is_to_be_created_has_no_id_yet() -> None:
    product = {"operation": "create", "reference": "A", "name": "n", "price": 1, "quantity": 1}
    refused = sync.read_product(product | {"presta_id": 5})
    assert isinstance(refused, RefusedItem)
    assert [(r.field, r.code) for r in refused.reasons] == [("presta_id", "fields_contradict")]
    missing = sync.read_product({"operation": "create", "product_id": 5})
    assert isinstance(missing, RefusedItem)
    assert {r.field for r in missing.reasons} == {"product_id", "reference", "name", "price", "quantity"}
