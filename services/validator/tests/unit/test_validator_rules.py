"""Every rule by example: what is refused, under which code and field, and what just passes."""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.messages import (
    Brand,
    Discount,
    ImageReference,
    Intent,
    ProductChange,
    ProductFields,
    Reason,
    ShopLanguage,
    ShopSnapshot,
    TechnicalDatum,
)
from validator.knowledge import Knowledge
from validator.rules import judge

SNAPSHOT = ShopSnapshot(
    tenant="acme",
    shop="milano",
    taken_at=datetime(2026, 1, 1, tzinfo=UTC),
    version="8.2.1",
    languages=(ShopLanguage(id=1, iso_code="en", is_default=True), ShopLanguage(id=2, iso_code="it")),
    categories=(1, 2, 5, 12),
    tax_rules_groups=(1, 3),
)
SHOP = Knowledge.of(SNAPSHOT)


def a_change(
    *, intent: Intent = Intent.UPSERT, reference: str | None = "PROD001", **fields: Any
) -> ProductChange:
    return ProductChange(
        position=0, sequence=1, intent=intent, reference=reference, fields=ProductFields(**fields)
    )


def found(change: ProductChange, shop: Knowledge = SHOP) -> set[tuple[str, str]]:
    return {(reason.code, reason.field) for reason in judge(change, shop)}


def only(change: ProductChange) -> Reason:
    (reason,) = judge(change, SHOP)
    return reason


def datum(group: str = "Body", name: str = "Weight", value: str = "3", unit: str = "kg") -> TechnicalDatum:
    return TechnicalDatum(group=group, name=name, value=value, unit=unit)


FINE: dict[str, dict[str, Any]] = {
    "the example of the sync API": {
        "name": {"*": "Professional Coffee Machine"},
        "description": {"*": "High-end espresso machine"},
        "price": Decimal("1299.99"),
        "quantity": 50,
        "active": True,
        "categories": (5, 12),
        "brand": Brand(name="CoffeePro"),
    },
    "the root category, as the bulk API's example sends it": {"categories": (1,), "default_category": 1},
    "a name of 128 characters": {"name": {"en": "x" * 128}},
    "an accent, an ampersand, quotes, a brace-free template": {"name": {"it": 'Caffè & Bar "q" it\'s 7*7'}},
    "no EAN": {"ean13": ""},
    "a right EAN": {"ean13": "4006381333931"},
    "the highest price": {"price": Decimal("9999999999.999999")},
    "a price of nothing": {"price": Decimal(0)},
    "HTML in a description": {"description": {"en": "<p style='color:red'>5 > 3 &amp; 2 < 3 ]]></p>"}},
    "a summary of 800 characters and its tags": {
        "summary": {"en": f"<p>{'x' * 400}\r\n<b>{'y' * 400}</b></p>"}
    },
    "words that only look like handlers": {"description": {"en": "<a href='?option=1&online=2'>one=2</a>"}},
    "an empty list clears": {"technical_data": (), "images": (), "discounts": (), "categories": ()},
    "null clears what may be empty": {
        "description": None,
        "summary": None,
        "ean13": None,
        "brand": None,
        "weight": None,
        "categories": None,
    },
    "a value of 255 characters": {"technical_data": (datum(value="x" * 252, unit="kg"),)},
    "data without a group": {"technical_data": (datum(group="", value="5 %"),)},
    "a hundred technical data": {"technical_data": (datum(),) * 100},
    "ten images of every kind": {
        "images": tuple(
            ImageReference(file_name=name, sha256="0" * 64)
            for name in ("a.jpg", "b.JPEG", "c.png", "d.gif", "e.webp") * 2
        )
    },
    "two discounts from different quantities": {
        "discounts": (
            Discount(
                from_quantity=5, percentage=Decimal(5), starts=date(2024, 12, 6), ends=date(2024, 12, 10)
            ),
            Discount(from_quantity=10, amount=Decimal("2.5"), starts=date(2024, 12, 6)),
        )
    },
    "one day's discount": {
        "discounts": (Discount(percentage=Decimal(100), starts=date(2024, 1, 1), ends=date(2024, 1, 1)),)
    },
    "a refurbished product without tax that only a search finds": {
        "condition": "refurbished",
        "visibility": "search",
        "available_for_order": False,
        "tax_rules_group": 0,
    },
    "warehouses": {"warehouses": {"2": 15, "main": 0}, "quantity": 15},
}


def test_any_tax_group_is_taken_of_a_shop_that_does_not_tell_its_own() -> None:
    silent = Knowledge.of(SNAPSHOT.model_copy(update={"tax_rules_groups": None}))
    assert judge(a_change(tax_rules_group=2), silent) == ()


@pytest.mark.parametrize("fields", FINE.values(), ids=FINE.keys())
def test_what_the_shop_takes_passes(fields: dict[str, Any]) -> None:
    assert judge(a_change(**fields), SHOP) == ()


REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "a name of 129 characters": ({"name": {"it": "x" * 129}}, "name_too_long", "name.it"),
    "an empty name": ({"name": {"*": " "}}, "field_empty", "name"),
    "a cleared name": ({"name": None}, "field_empty", "name"),
    "a cleared price": ({"price": None}, "field_empty", "price"),
    "a cleared quantity": ({"quantity": None}, "field_empty", "quantity"),
    "cleared warehouses": ({"warehouses": None}, "field_empty", "warehouses"),
    "a condition that nobody knows": ({"condition": "broken"}, "choice_unknown", "condition"),
    "a cleared condition": ({"condition": None}, "field_empty", "condition"),
    "a visibility that nobody knows": ({"visibility": ""}, "choice_unknown", "visibility"),
    "a tax group that the shop lacks": ({"tax_rules_group": 2}, "tax_rules_group_unknown", "tax_rules_group"),
    "a negative tax group": ({"tax_rules_group": -1}, "number_out_of_range", "tax_rules_group"),
    "a cleared status": ({"active": None}, "field_empty", "active"),
    "a tag in a name": ({"name": {"en": "<b>Coffee</b>"}}, "character_forbidden", "name.en"),
    "a template in a name": ({"name": {"en": "{{7*7}}"}}, "character_forbidden", "name.en"),
    "a NUL in a name": ({"name": {"en": "a\x00b"}}, "character_forbidden", "name.en"),
    "a control character in a description": (
        {"description": {"*": "a\x0bb"}},
        "character_forbidden",
        "description",
    ),
    "a language that the shop lacks": ({"name": {"es": "Producto x"}}, "language_unknown", "name.es"),
    "a long description": ({"description": {"*": "x" * 10_001}}, "description_too_long", "description"),
    "a script": ({"description": {"*": "<p>< script>x</script>"}}, "description_unsafe", "description"),
    "a handler": ({"description": {"*": '<p onClick = "x()">'}}, "description_unsafe", "description"),
    "a frame": ({"description": {"en": "<iframe src=x>"}}, "description_unsafe", "description.en"),
    "a form": ({"summary": {"en": "<form></form>"}}, "description_unsafe", "summary.en"),
    "a script address": ({"summary": {"en": "<a href='JavaScript:x'>"}}, "description_unsafe", "summary.en"),
    "a summary of 801 characters": ({"summary": {"en": "<p>" + "x" * 801}}, "summary_too_long", "summary.en"),
    "a slug with a space": ({"slug": {"en": "produto x"}}, "slug_forbidden", "slug.en"),
    "a slug with an accent": ({"slug": {"en": "caffè"}}, "slug_forbidden", "slug.en"),
    "an empty slug": ({"slug": {"en": ""}}, "field_empty", "slug.en"),
    "a long slug": ({"slug": {"en": "x" * 129}}, "slug_too_long", "slug.en"),
    "a long meta title": ({"meta_title": {"en": "x" * 256}}, "meta_title_too_long", "meta_title.en"),
    "an equals sign in a meta title": ({"meta_title": {"en": "a=b"}}, "character_forbidden", "meta_title.en"),
    "a long meta description": (
        {"meta_description": {"en": "x" * 513}},
        "meta_description_too_long",
        "meta_description.en",
    ),
    "a negative price": ({"price": Decimal("-0.01")}, "price_negative", "price"),
    "a price of eleven digits": ({"price": Decimal(10**10)}, "number_out_of_range", "price"),
    "a price of 1e400": ({"price": Decimal("1e400")}, "number_out_of_range", "price"),
    "a negative quantity": ({"quantity": -1}, "quantity_negative", "quantity"),
    "a quantity of 2^31": ({"quantity": 2**31}, "number_out_of_range", "quantity"),
    "a quantity of 5,000 digits": ({"quantity": 10**5000}, "number_out_of_range", "quantity"),
    "a negative stock somewhere": ({"warehouses": {"2": -1}}, "quantity_negative", "warehouses.2"),
    "a negative minimal quantity": ({"minimal_quantity": -1}, "number_out_of_range", "minimal_quantity"),
    "a negative weight": ({"weight": Decimal("-0.1")}, "number_out_of_range", "weight"),
    "an unknown category": ({"categories": (5, 999)}, "category_unknown", "categories[1]"),
    "an unknown default category": ({"default_category": 999}, "category_unknown", "default_category"),
    "an EAN of 12 digits": ({"ean13": "400638133393"}, "ean13_form", "ean13"),
    "an EAN of 14 digits": ({"ean13": "40063813339310"}, "ean13_form", "ean13"),
    "an EAN in Arabic-Indic digits": ({"ean13": "٤٠٠٦٣٨١٣٣٣٩٣١"}, "ean13_form", "ean13"),
    "an EAN with a wrong check digit": ({"ean13": "4006381333932"}, "ean13_check_digit", "ean13"),
    "a brand without a name": ({"brand": Brand(name="")}, "field_empty", "brand.name"),
    "a brand of 65 characters": ({"brand": Brand(name="x" * 65)}, "brand_name_too_long", "brand.name"),
    "a hash in a brand": ({"brand": Brand(name="#1")}, "character_forbidden", "brand.name"),
    "a script about a brand": (
        {"brand": Brand(name="x", description="<object>")},
        "description_unsafe",
        "brand.description",
    ),
    "101 technical data": ({"technical_data": (datum(),) * 101}, "too_many_technical_data", "technical_data"),
    "group and name of 129 characters": (
        {"technical_data": (datum(group="x" * 100, name="y" * 27),)},
        "feature_name_too_long",
        "technical_data[0].name",
    ),
    "value and unit of 256 characters": (
        {"technical_data": (datum(), datum(value="x" * 253, unit="kg"))},
        "feature_value_too_long",
        "technical_data[1].value",
    ),
    "below five per cent": (
        {"technical_data": (datum(), datum(), datum(), datum(value="<5 %"))},
        "feature_value_forbidden",
        "technical_data[3].value",
    ),
    "an equals sign in a group": (
        {"technical_data": (datum(group="a=b"),)},
        "character_forbidden",
        "technical_data[0].group",
    ),
    "no value": ({"technical_data": (datum(value=" "),)}, "field_empty", "technical_data[0].value"),
    "eleven images": (
        {"images": (ImageReference(file_name="a.png", sha256="0" * 64),) * 11},
        "too_many_images",
        "images",
    ),
    "a program that calls itself a picture": (
        {"images": (ImageReference(file_name="../../x.jpg.php", sha256="0" * 64),)},
        "image_extension",
        "images[0].file_name",
    ),
    "a discount of nothing": ({"discounts": (Discount(),)}, "discount_value", "discounts[0]"),
    "a discount of 101 %": (
        {"discounts": (Discount(percentage=Decimal(101)),)},
        "discount_value",
        "discounts[0]",
    ),
    "a percentage and an amount": (
        {"discounts": (Discount(percentage=Decimal(5), amount=Decimal(5)),)},
        "discount_value",
        "discounts[0]",
    ),
    "a discount from no piece": (
        {"discounts": (Discount(from_quantity=0, percentage=Decimal(5)),)},
        "discount_quantity",
        "discounts[0].from_quantity",
    ),
    "a discount that ends before it starts": (
        {"discounts": (Discount(amount=Decimal(5), starts=date(2024, 2, 2), ends=date(2024, 2, 1)),)},
        "discount_dates",
        "discounts[0].ends",
    ),
    "two discounts for the same": (
        {"discounts": (Discount(amount=Decimal(5)), Discount(amount=Decimal(6)))},
        "discount_repeated",
        "discounts[1]",
    ),
}


@pytest.mark.parametrize(("fields", "code", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_shop_refuses_is_refused_before(fields: dict[str, Any], code: str, field: str) -> None:
    assert found(a_change(**fields)) == {(code, field)}


@pytest.mark.parametrize(
    ("reference", "code"),
    [
        (None, "reference_missing"),
        ("", "reference_missing"),
        ("x" * 65, "reference_too_long"),
        ("a<b", "reference_forbidden"),
        (" A1", "reference_forbidden"),
        ("A\u200b1", "reference_forbidden"),
        ("A\u202e1", "reference_forbidden"),
        ("A\n1", "reference_forbidden"),
        ("A\x001", "reference_forbidden"),
    ],
)
def test_a_reference_must_be_one_that_can_be_found_again(reference: str | None, code: str) -> None:
    assert found(a_change(reference=reference)) == {(code, "reference")}


@pytest.mark.parametrize(
    "reference", ["x" * 64, "50%", "[A|B]", "a,b", "../x", "☕", "caffè", "A 1", "#1", "0"]
)
def test_characters_that_mean_something_only_to_a_filter_are_fine(reference: str) -> None:
    assert found(a_change(reference=reference)) == set()


@pytest.mark.parametrize("intent", [Intent.UPDATE, Intent.DELETE])
def test_an_unknown_id_of_ours_is_a_product_that_is_not_there(intent: Intent) -> None:
    by_our_id = ProductChange(position=0, sequence=1, intent=intent, product_id=9999)
    by_both = by_our_id.model_copy(update={"presta_id": 456})

    assert found(by_our_id) == found(by_both) == {("product_not_found", "product_id")}


@pytest.mark.parametrize("intent", [Intent.UPDATE, Intent.DELETE])
def test_the_writer_knows_what_the_shop_s_own_id_means(intent: Intent) -> None:
    assert found(ProductChange(position=0, sequence=1, intent=intent, presta_id=9999)) == set()


@pytest.mark.parametrize("intent", [Intent.CREATE, Intent.UPSERT])
def test_a_product_is_not_made_by_an_id(intent: Intent) -> None:
    fields = ProductFields(name={"en": "x"})
    for ids in ({"presta_id": 9999}, {"product_id": 9999}, {}):
        change = ProductChange(position=0, sequence=1, intent=intent, fields=fields, **ids)
        assert found(change) == {("reference_missing", "reference")}


def test_a_new_product_needs_a_name_and_nothing_more() -> None:
    assert found(a_change(intent=Intent.CREATE)) == {("name_missing", "name")}
    assert found(a_change(intent=Intent.CREATE, name={})) == {("name_missing", "name")}
    assert found(a_change(intent=Intent.CREATE, name={"it": "Staffa"})) == set()
    assert found(a_change(intent=Intent.UPDATE)) == set()


def test_of_a_product_that_goes_only_the_identity_matters() -> None:
    assert found(a_change(intent=Intent.DELETE, name={"xx": "<" * 500}, price=Decimal(-1))) == set()
    assert found(a_change(intent=Intent.DELETE, reference=None)) == {("reference_missing", "reference")}


def test_every_violation_is_listed() -> None:
    change = a_change(
        intent=Intent.CREATE,
        reference="a;b",
        name={"*": "#", "es": "x" * 200},
        price=Decimal(-1),
        categories=(7, 8),
        ean13="1",
    )

    assert found(change) == {
        ("reference_forbidden", "reference"),
        ("character_forbidden", "name"),
        ("language_unknown", "name.es"),
        ("name_too_long", "name.es"),
        ("price_negative", "price"),
        ("category_unknown", "categories[0]"),
        ("category_unknown", "categories[1]"),
        ("ean13_form", "ean13"),
    }


def test_a_long_name_is_told_both_limits() -> None:
    message = only(a_change(name={"en": "x" * 200})).message

    assert "200" in message
    assert "128" in message
    assert "255" in message


def test_an_unknown_language_is_told_those_that_there_are() -> None:
    assert "en, it" in only(a_change(name={"es": "x"})).message


def test_a_wrong_check_digit_is_told_the_right_one() -> None:
    assert "would be 1" in only(a_change(ean13="4006381333932")).message


def test_check_digits_count_only_where_they_are_wanted() -> None:
    lenient = Knowledge.of(SNAPSHOT, check_digits=False)

    assert found(a_change(ean13="4006381333932"), lenient) == set()
    assert found(a_change(ean13="12"), lenient) == {("ean13_form", "ean13")}


def test_the_limits_are_those_of_the_shop_at_hand() -> None:
    limits = SNAPSHOT.limits.model_copy(update={"name_length": 300, "reference_length": 32})
    old_shop = Knowledge.of(SNAPSHOT.model_copy(update={"limits": limits}))

    assert found(a_change(name={"en": "x" * 255}), old_shop) == set()
    assert found(a_change(name={"en": "x" * 256}), old_shop) == {("name_too_long", "name.en")}
    assert found(a_change(reference="x" * 33), old_shop) == {("reference_too_long", "reference")}


def test_an_item_with_thousands_of_mistakes_gets_a_bounded_answer() -> None:
    reasons = judge(a_change(categories=tuple(range(1000, 6000))), SHOP)

    assert len(reasons) == 101
    assert reasons[-1].code == "more_violations"
    assert "4900" in reasons[-1].message


def test_a_hostile_value_is_not_repeated_at_length() -> None:
    message = only(a_change(ean13="\x1b[2J" + "9" * 10_000)).message

    assert len(message) < 250
    assert message.isprintable()
