"""What holds for every sequence of changes and every shop: generated, not chosen."""

from dataclasses import replace
from decimal import Decimal
from itertools import count
from random import Random
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import (
    Brand,
    Intent,
    ProductChange,
    ProductFields,
    Supplier,
    TechnicalDatum,
    Variant,
)
from prestashop_writer.merge import VARIANTS, merge, newest_sequence, without
from prestashop_writer.plan import (
    QUANTITY,
    Name,
    Product,
    State,
    after_write,
    has_name,
    names_needed,
    plan_product,
    product_node,
)
from prestashop_writer.suppliers import SUPPLIER_ROW
from prestashop_writer.target import SHOP_TEXTS, feature_pairs, plain_decimal
from prestashop_writer.testing import THREE_LANGUAGES, TWO_LANGUAGES, a_state
from prestashop_writer.variants import LOOKED_FOR, VariantPlan, after, plan_variants

law = settings(deadline=None)  # a busy machine must not make a law fail

words = st.sampled_from(["", " ", "Bracket", "Staffa", "bracket", " Steel  bracket ", "Équerre"])
texts = st.none() | st.dictionaries(st.sampled_from(["*", "en", "it", "fr", "xx"]), words, max_size=3)
decimals = st.none() | st.decimals(-10, 10**9, places=3)
lines = st.builds(TechnicalDatum, group=words, name=words, value=words, unit=words, order=st.integers(0, 3))
variant_names = st.sampled_from(["P-S", "P.M", "P-L.2"])
variants = st.fixed_dictionaries(
    {"reference": variant_names, "options": st.dictionaries(st.sampled_from(["Size", "Hue"]), words)},
    optional={
        "ean13": st.none() | st.just("4006381333931"),
        "price_impact": decimals,
        "weight_impact": decimals,
        "quantity": st.none() | st.integers(0, 9),
        "minimal_quantity": st.none() | st.integers(1, 3),
        "is_default": st.none() | st.booleans(),
        "images": st.just(("a.jpg",)),
    },
).map(lambda stated: Variant(**stated))
fields = st.fixed_dictionaries(
    {},
    optional={
        "name": texts,
        "summary": texts,
        "slug": texts,
        "price": decimals,
        "weight": decimals,
        "quantity": st.none() | st.integers(-5, 50),
        "warehouses": st.none() | st.dictionaries(st.sampled_from("12"), st.integers(0, 9), max_size=2),
        "minimal_quantity": st.none() | st.integers(1, 9),
        "active": st.none() | st.booleans(),
        "available_for_order": st.none() | st.booleans(),
        "visibility": st.sampled_from(["both", "none"]),
        "tax_rules_group": st.none() | st.integers(0, 3),
        "categories": st.none() | st.lists(st.integers(2, 9), max_size=3).map(tuple),
        "default_category": st.none() | st.integers(2, 9),
        "ean13": st.none() | st.just("4006381333931"),
        "brand": st.none() | st.builds(Brand, name=words),
        "technical_data": st.none() | st.lists(lines, max_size=4).map(tuple),
        "images": st.just(()),
        "supplier": st.none() | st.builds(Supplier, name=words, reference=st.none() | words),
        "variants": st.none() | st.lists(variants, max_size=3, unique_by=lambda v: v.reference).map(tuple),
        "variant_quantities": st.none() | st.dictionaries(variant_names, st.integers(0, 9), max_size=2),
    },
).map(lambda stated: ProductFields(**stated))


@st.composite
def histories(draw: st.DrawFn) -> list[ProductChange]:
    """Changes in the order in which they were accepted."""
    return [
        ProductChange(position=0, sequence=sequence, intent=Intent.UPSERT, reference="P", fields=stated)
        for sequence, stated in enumerate(draw(st.lists(fields, max_size=6)), start=1)
    ]


profiles = st.builds(
    replace,
    st.sampled_from([TWO_LANGUAGES, THREE_LANGUAGES]),
    stock_from=st.sampled_from(["warehouses", "quantity"]),
    home_category=st.sampled_from([2, 3]),
)
held_texts = st.dictionaries(st.sampled_from(["en", "it", "fr"]), words, max_size=3)
written_states = st.dictionaries(st.sampled_from(list(SHOP_TEXTS.values())), held_texts, max_size=3)


class Ids(dict[Name, int]):
    """An id for every name, as if the shop had them all."""

    def __init__(self) -> None:
        self._next = count(1)

    def __missing__(self, name: Name) -> int:
        self[name] = next(self._next)
        return self[name]


@law
@given(histories(), st.randoms(use_true_random=False))
def test_any_order_and_any_duplication_of_changes_ends_in_the_same_state(
    history: list[ProductChange], dice: Random
) -> None:
    shuffled = [*history, *history]
    dice.shuffle(shuffled)
    assert a_state(*shuffled, a_nothing()) == a_state(*history, a_nothing())


def a_nothing() -> ProductChange:
    return ProductChange(position=0, sequence=0, intent=Intent.UPSERT, reference="P")


@law
@given(histories(), fields)
def test_a_replayed_old_value_never_overwrites_a_newer_one(
    history: list[ProductChange], stated: ProductFields
) -> None:
    state = a_state(*history, a_nothing())
    old = ProductChange(position=0, sequence=0, intent=Intent.UPSERT, reference="P", fields=stated)
    after = merge(state, old)
    assert {name: after[name] for name in state} == state


@law
@given(histories())
def test_a_refused_change_leaves_nothing_behind_and_the_newest_number_is_known(
    history: list[ProductChange],
) -> None:
    state = a_state(*history, a_nothing())
    newest = newest_sequence(state)
    remaining = without(state, newest)
    assert newest_sequence(remaining) < newest or not state
    assert all(state[name] == stamped for name, stamped in remaining.items())


@law
@given(histories(), profiles)
def test_once_everything_is_written_there_is_nothing_to_do(
    history: list[ProductChange], profile: Any
) -> None:
    product = Product(reference="P", state=State.NEW, desired=a_state(*history, a_nothing()))
    assert written(product, profile) == written(written(product, profile), profile)
    assert plan_product(written(product, profile), profile).is_nothing


@law
@given(histories(), profiles, written_states, st.sets(st.sampled_from(["price", "name", QUANTITY])))
def test_an_adopted_product_needs_one_write_and_no_second(
    history: list[ProductChange], profile: Any, texts: Any, doubtful: set[str]
) -> None:
    adopted = Product(
        reference="P",
        state=State.LIVE,
        desired=a_state(*history, a_nothing()),
        written=texts,
        presta_id=7,
        doubtful=frozenset(doubtful),
    )
    assert plan_product(written(adopted, profile), profile).is_nothing


def blanks(change: ProductChange) -> bool:
    """Whether the change empties a name somewhere."""
    stated = "name" in change.fields.model_fields_set
    return stated and not all(text.strip() for text in (change.fields.name or {"*": ""}).values())


def written(product: Product, profile: Any) -> Product:
    """The product after its plan has been carried out."""
    plan = plan_product(product, profile)
    held = after_write(plan) if plan.is_create or plan.content else product.written
    if plan.quantity is not None:
        held = {**held, QUANTITY: plan.quantity}
    if plan.supplier_differs:
        held = {**held, SUPPLIER_ROW: plan.supplier and {"id": 1, "reference": "", **plan.supplier}}
    there = replace(
        product,
        state=State.LIVE,
        presta_id=7,
        written=held,
        doubtful=product.doubtful.difference(plan.content, [QUANTITY] if plan.quantity is not None else []),
    )
    return with_variants(there, plan) if plan.variants_differ else there


def with_variants(product: Product, plan: Any) -> Product:
    """The product after its variants were read, if need be, and its plan for them was carried out."""
    planned = plan_variants(plan.variants, product.variants or (), lambda options: [hash(str(options))])
    assert isinstance(planned, VariantPlan)
    created = {row["reference"]: at for at, row in enumerate(planned.creates, start=1)}
    rows = after(planned, plan.variants, created, {})
    kept = {name: value for name, value in product.written.items() if name != QUANTITY or not rows}
    looked_for = {LOOKED_FOR: newest_sequence(product.desired)}
    return replace(product, written={**kept, VARIANTS: rows, **looked_for})


@law
@given(histories(), profiles, written_states)
def test_every_language_is_sent_of_every_text_that_is_sent(
    history: list[ProductChange], profile: Any, texts: Any
) -> None:
    for known in ({}, {"presta_id": 7, "state": State.LIVE, "written": texts}):
        product = Product(
            **{"reference": "P", "state": State.NEW, "desired": a_state(*history, a_nothing()), **known}
        )
        plan = plan_product(product, profile)
        node: Any = product_node(plan, Ids(), profile)
        for field in set(SHOP_TEXTS.values()) & node.keys():
            assert node[field].keys() == {language.id for language in profile.languages}
        if has_name(plan) and not any(blanks(change) for change in history):
            assert all(node["name"].values()), "a product with a name has one in every language"


@law
@given(histories(), profiles)
def test_no_request_holds_a_pair_twice_a_missing_category_or_a_name_that_was_not_asked_for(
    history: list[ProductChange], profile: Any
) -> None:
    plan = plan_product(
        Product(reference="P", state=State.NEW, desired=a_state(*history, a_nothing())), profile
    )
    ids = Ids()
    node: Any = product_node(plan, ids, profile)
    assert set(ids) <= set(names_needed([plan]))
    pairs = [tuple(link.values()) for link in node["associations"].get("product_features", [])]
    assert len(set(pairs)) == len(pairs)
    categories = [link["id"] for link in node["associations"]["categories"]]
    assert int(node["id_category_default"]) in categories
    assert len(set(categories)) == len(categories)


@law
@given(st.lists(lines, max_size=6), st.randoms(use_true_random=False))
def test_the_data_sheet_keeps_its_order_whatever_order_it_is_sent_in(
    sheet: list[TechnicalDatum], dice: Random
) -> None:
    numbered = [line.model_copy(update={"order": at}) for at, line in enumerate(sheet)]
    shuffled = dice.sample(numbered, len(numbered))
    pairs = feature_pairs([line.model_dump() for line in shuffled])
    assert pairs == feature_pairs([line.model_dump() for line in numbered])
    assert all(feature.strip() and value.strip() for feature, value in pairs)


@law
@given(st.decimals(-(10**12), 10**12, places=6), st.integers(0, 6))
def test_a_number_has_one_spelling(number: Decimal, zeros: int) -> None:
    spelled = plain_decimal(str(number))
    assert Decimal(spelled) == number
    assert spelled == plain_decimal(f"{number:f}" + "0" * zeros)
    assert "E" not in spelled
    assert not spelled.startswith("-0") or Decimal(spelled)
