"""Every rule of variants, their stocks and suppliers by example, and what holds for all of them."""

from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from common.messages import (
    ImageReference,
    Intent,
    ProductChange,
    ProductFields,
    ShopLimits,
    Supplier,
    Variant,
)
from validator.knowledge import Knowledge
from validator.reasons import WORDINGS
from validator.rules import judge

SHOP = Knowledge("milano", datetime(2026, 1, 1, tzinfo=UTC), ("en",), frozenset({2}), ShopLimits())
# A busy machine must not make a law fail.
law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

FRONT = ImageReference(file_name="front.jpg", sha256="0" * 64)


def found(shop: Knowledge = SHOP, **fields: Any) -> set[tuple[str, str]]:
    change = ProductChange(
        position=0, sequence=1, intent=Intent.UPDATE, reference="A", fields=ProductFields(**fields)
    )
    return {(reason.code, reason.field) for reason in judge(change, shop)}


def size(value: str, **fields: Any) -> Variant:
    return Variant(**{"reference": f"A-{value}", "options": {"Size": value}} | fields)


S, L = size("S"), size("L")

FINE: dict[str, dict[str, Any]] = {
    "no variants": {"variants": ()},
    "two sizes": {"variants": (S, L)},
    "everything stated": {
        "variants": (
            size(
                "L",
                ean13="4006381333931",
                price_impact=Decimal("-2.50"),
                weight_impact=Decimal("-0.1"),
                quantity=0,
                minimal_quantity=1,
                is_default=True,
                images=("front.jpg",),
            ),
        ),
        "images": (FRONT,),
    },
    "no EAN": {"variants": (size("S", ean13=""), size("L", ean13=None))},
    "pictures of a product whose list stays as it is": {"variants": (size("S", images=("front.jpg",)),)},
    "a reference, an option and a value as long as the shop keeps": {
        "variants": (Variant(reference="x" * 64, options={"n" * 64: "v" * 128}),)
    },
    "options in another order": {
        "variants": (
            Variant(reference="1", options={"Size": "S", "Color": "Red"}),
            Variant(reference="2", options={"Color": "Blue", "Size": "S"}),
        )
    },
    "two hundred": {"variants": tuple(size(str(n)) for n in range(200))},
    "the highest impacts": {
        "variants": (
            size("S", price_impact=Decimal("9999999999.999999")),
            size("L", price_impact=Decimal("-9999999999.999999")),
        )
    },
    "stocks alone": {"variant_quantities": {"A-S": 0, "A-L": 5}},
    "a stock that both places tell alike": {
        "variants": (size("S", quantity=5), L),
        "variant_quantities": {"A-S": 5, "A-L": 2},
    },
    "a supplier": {"supplier": Supplier(name="Acme & Sons", reference="AC/1 b")},
    "a supplier without a reference": {"supplier": Supplier(name="x" * 64, reference=None)},
    "no supplier": {"supplier": None},
}


@pytest.mark.parametrize("fields", FINE.values(), ids=FINE.keys())
def test_what_the_shop_takes_passes(fields: dict[str, Any]) -> None:
    assert found(**fields) == set()


def one(**fields: Any) -> dict[str, Any]:
    return {"variants": (size("S", **fields),)}


def two(**fields: Any) -> dict[str, Any]:
    return {"variants": (S, size("L", **fields))}


def stocks_of(**quantities: int) -> dict[str, Any]:
    return {"variant_quantities": quantities}


def supplied_by(name: str, reference: str | None = None) -> dict[str, Any]:
    return {"supplier": Supplier(name=name, reference=reference)}


FIRST, SECOND = "variants[0]", "variants[1]"
BEYOND = Decimal(10**10)
NO_DIGIT = "4006381333932"
OPTION = f"{FIRST}.options.Size"

REFUSED: dict[str, tuple[dict[str, Any], str, str]] = {
    "201 variants": (
        {"variants": tuple(size(str(n)) for n in range(201))}, "too_many_variants", "variants"
    ),
    "no reference": (one(reference=""), "variant_reference_missing", f"{FIRST}.reference"),
    "a long reference": (one(reference="x" * 65), "reference_too_long", f"{FIRST}.reference"),
    "a space at its end": (one(reference="A "), "reference_forbidden", f"{FIRST}.reference"),
    "one reference twice": (two(reference="A-S"), "variant_repeated", f"{SECOND}.reference"),
    "case twins": (two(reference="a-s"), "variant_repeated", f"{SECOND}.reference"),
    "no options": (one(options={}), "variant_without_options", f"{FIRST}.options"),
    "other options": (two(options={"Color": "Red"}), "variant_options_differ", f"{SECOND}.options"),
    "an option more": (
        two(options={"Size": "L", "Color": "Red"}), "variant_options_differ", f"{SECOND}.options"
    ),
    "the same options": (two(options={"Size": "S"}), "variant_options_repeated", f"{SECOND}.options"),
    "the same in other letters": (
        two(options={"Size": "s"}), "variant_options_repeated", f"{SECOND}.options"
    ),
    "an option without a name": (one(options={" ": "S"}), "field_empty", f"{FIRST}.options. "),
    "an option without a value": (one(options={"Size": " "}), "field_empty", OPTION),
    "a long option": (
        one(options={"n" * 65: "S"}), "option_name_too_long", f"{FIRST}.options.{'n' * 39}…"
    ),
    "a long value": (one(options={"Size": "x" * 129}), "option_value_too_long", OPTION),
    "a tag in a value": (one(options={"Size": "<S>"}), "character_forbidden", OPTION),
    "one option in two spellings": (
        one(options={"Size": "S", "SIZE": "M"}), "option_repeated", f"{FIRST}.options.SIZE"
    ),
    "two defaults": (
        {"variants": (size("S", is_default=True), size("L", is_default=True))},
        "variant_default_repeated",
        f"{SECOND}.is_default",
    ),
    "an EAN of 12 digits": (one(ean13="400638133393"), "ean13_form", f"{FIRST}.ean13"),
    "a wrong check digit": (one(ean13=NO_DIGIT), "ean13_check_digit", f"{FIRST}.ean13"),
    "at least none": (one(minimal_quantity=0), "number_out_of_range", f"{FIRST}.minimal_quantity"),
    "a cleared minimum": (one(minimal_quantity=None), "field_empty", f"{FIRST}.minimal_quantity"),
    "a cleared stock": (one(quantity=None), "field_empty", f"{FIRST}.quantity"),
    "a negative stock": (one(quantity=-1), "quantity_negative", f"{FIRST}.quantity"),
    "a large impact": (one(price_impact=-BEYOND), "number_out_of_range", f"{FIRST}.price_impact"),
    "a huge weight": (
        one(weight_impact=Decimal("1e400")), "number_out_of_range", f"{FIRST}.weight_impact"
    ),
    "a picture that the product has not": (
        one(images=("front.jpg", "Front.jpg")) | {"images": (FRONT,)},
        "variant_image_unknown",
        f"{FIRST}.images[1]",
    ),
    "eleven pictures": (
        one(images=tuple(f"{n}.jpg" for n in range(11))), "too_many_images", f"{FIRST}.images"
    ),
    "201 stocks": (
        stocks_of(**{str(n): 1 for n in range(201)}), "too_many_variants", "variant_quantities"
    ),
    "less than nothing": (stocks_of(S=-1), "quantity_negative", "variant_quantities.S"),
    "a stock of 2^31": (stocks_of(S=2**31), "number_out_of_range", "variant_quantities.S"),
    "a stock of nobody": (stocks_of(**{"": 1}), "variant_reference_missing", "variant_quantities."),
    "cleared stocks": ({"variant_quantities": None}, "field_empty", "variant_quantities"),
    "stocks of twins": (stocks_of(S=1, s=1), "variant_quantity_repeated", "variant_quantities.s"),
    "a stock of none in the list": (one() | stocks_of(L=1), "variant_unknown", "variant_quantities.L"),
    "two stocks of one variant": (
        one(reference="S", quantity=1) | stocks_of(S=2),
        "variant_quantity_differs",
        "variant_quantities.S",
    ),
    "a supplier without a name": (supplied_by(" "), "field_empty", "supplier.name"),
    "a long supplier": (supplied_by("x" * 65), "supplier_name_too_long", "supplier.name"),
    "a hash in a supplier": (supplied_by("#1"), "character_forbidden", "supplier.name"),
    "a long reference of a supplier": (
        supplied_by("A", "x" * 65), "reference_too_long", "supplier.reference"
    ),
    "a semicolon there": (supplied_by("A", "a;b"), "reference_forbidden", "supplier.reference"),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "code", "field"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_shop_refuses_is_refused_before(fields: dict[str, Any], code: str, field: str) -> None:
    assert found(**fields) == {(code, field)}


def test_check_digits_of_variants_count_only_where_they_are_wanted() -> None:
    assert found(replace(SHOP, check_digits=False), **one(ean13=NO_DIGIT)) == set()


# ── what holds for every list ──

words = st.text(max_size=6) | st.sampled_from(["", " ", "Size", "size", "S", "s", "a\x00b", "<", "x" * 200])
decimals = st.none() | st.decimals(allow_nan=False, allow_infinity=False)
integers = st.none() | st.integers() | st.sampled_from([10**5000, -(10**5000)])
anything = st.builds(
    Variant,
    reference=words,
    options=st.dictionaries(words, words, max_size=3),
    ean13=st.none() | words,
    price_impact=decimals,
    weight_impact=decimals,
    quantity=integers,
    minimal_quantity=integers,
    is_default=st.none() | st.booleans(),
    images=st.none() | st.lists(words, max_size=12).map(tuple),
)
lists = st.lists(anything, max_size=4).map(tuple)
stocks = st.dictionaries(words, st.integers() | st.just(10**5000), max_size=4)


@law
@given(lists, stocks)
def test_any_list_is_judged_with_sentences_that_can_be_shown(
    variants: tuple[Variant, ...], quantities: dict[str, int]
) -> None:
    fields = ProductFields(variants=variants, variant_quantities=quantities, images=(FRONT,))
    change = ProductChange(position=0, sequence=1, intent=Intent.UPDATE, reference="A", fields=fields)
    for reason in judge(change, SHOP):
        assert reason.code in WORDINGS
        assert reason.message.isprintable()


few_words = st.sampled_from(["a", "A", "b", "B"])
few = st.builds(
    Variant,
    reference=few_words,
    options=st.dictionaries(st.sampled_from(["a", "b"]), few_words, min_size=1, max_size=2),
    is_default=st.sampled_from([None, False, True]),
).map(lambda v: v if v.is_default is not None else Variant(reference=v.reference, options=v.options))
short_lists = st.lists(few, max_size=3)


@law
@given(short_lists)
def test_what_passes_can_be_told_apart_by_a_shop_that_ignores_case(variants: list[Variant]) -> None:
    choices = [
        frozenset((name.lower(), value.lower()) for name, value in variant.options.items())
        for variant in variants
    ]
    can_be_told_apart = (
        len({variant.reference.lower() for variant in variants}) == len(variants)
        and len(set(choices)) == len(variants)
        and len({frozenset(variant.options) for variant in variants}) <= 1
        and sum(bool(variant.is_default) for variant in variants) <= 1
    )
    assert (not found(variants=tuple(variants))) == can_be_told_apart


@law
@given(short_lists.flatmap(lambda some: st.tuples(st.just(some), st.permutations(some))))
def test_whether_a_list_passes_does_not_depend_on_its_order(
    orders: tuple[list[Variant], list[Variant]],
) -> None:
    first, second = (found(variants=tuple(variants)) for variants in orders)
    assert {code for code, _ in first} == {code for code, _ in second}


@law
@given(short_lists)
def test_a_list_that_passes_also_passes_without_its_last_variant(variants: list[Variant]) -> None:
    if variants and not found(variants=tuple(variants)):
        assert found(variants=tuple(variants[:-1])) == set()
