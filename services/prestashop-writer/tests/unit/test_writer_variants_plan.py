"""What leads from the variants of a shop to the desired ones, for every list and every shop."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import ItemOutcome, PictureWork, Result
from prestashop_writer.outcomes import warnings_of, with_pictures
from prestashop_writer.plan import option_names, plan_product
from prestashop_writer.testing import TWO_LANGUAGES, a_change, a_kept, a_product, a_state, an_item
from prestashop_writer.variants import (
    Twins,
    VariantPlan,
    after,
    change_node,
    create_node,
    default_of,
    is_held,
    plan_variants,
    target_variants,
)

law = settings(deadline=None)  # a busy machine must not make a law fail

SIZES = ("S", "M", "L", "XL")
references = st.sampled_from(["A", "B.1", "C", "D"])
desired_variants = st.fixed_dictionaries(
    {"reference": references, "options": st.sampled_from([{"Size": size} for size in SIZES])},
    optional={
        "price_impact": st.sampled_from(["0", "1.50"]),
        "ean13": st.none() | st.just("4006381333931"),
        "quantity": st.none() | st.integers(0, 3),
        "minimal_quantity": st.integers(1, 2),
        "is_default": st.none() | st.booleans(),
    },
)
lists = st.lists(desired_variants, max_size=4, unique_by=lambda variant: variant["reference"])


def ids_of(options: Any) -> list[int]:
    return sorted(SIZES.index(size) + 1 for size in options.values())


@st.composite
def shops(draw: st.DrawFn) -> list[dict[str, Any]]:
    """Combinations as they may have been read or written: at most one default, any reference, any values."""
    rows = draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "reference": st.sampled_from(["", "A", "B.1", "X"]),
                    "values": st.lists(st.integers(1, 4), max_size=2, unique=True).map(sorted),
                },
                optional={
                    "price": st.sampled_from(["0", "1.5"]),
                    "ean13": st.just(""),
                    "quantity": st.integers(0, 3),
                    "stock_id": st.integers(1, 9),
                },
            ),
            max_size=5,
        )
    )
    default = draw(st.integers(0, 6))
    return [{**row, "id": at, "default": at == default} for at, row in enumerate(rows, start=1)]


def carried_out(target: Any, held: Any) -> tuple[VariantPlan, list[dict[str, Any]]]:
    plan = plan_variants(target, held, ids_of)
    assert isinstance(plan, VariantPlan)
    created = {row["reference"]: 100 + at for at, row in enumerate(plan.creates)}
    return plan, after(plan, target, created, {})


def id_of(row: Any) -> int:
    return int(row["id"])


def has_twins(held: list[dict[str, Any]], target: Any) -> bool:
    there = [row["reference"] for row in held]
    return any(there.count(row["reference"]) > 1 for row in target.rows)


@law
@given(lists, shops(), st.booleans())
def test_the_plan_leads_to_what_is_desired_and_then_there_is_nothing_to_do(
    wanted: Any, held: Any, repeat_stocks: bool
) -> None:
    target = target_variants(a_state(variants=wanted), repeat_stocks=repeat_stocks)
    assert target is not None
    if has_twins(held, target):
        assert isinstance(plan_variants(target, held, ids_of), Twins)
        return
    _, rows = carried_out(target, held)

    assert is_held(target, rows)
    again, same = carried_out(target, rows)
    assert again.is_nothing
    assert sorted(same, key=id_of) == sorted(rows, key=id_of)


@law
@given(lists, shops())
def test_stocks_that_are_told_again_are_written_again_where_they_are_repeated(wanted: Any, held: Any) -> None:
    target = target_variants(a_state(a_change(1, variants=wanted)), repeat_stocks=True)
    assert target is not None
    if has_twins(held, target):
        return
    _, rows = carried_out(target, held)
    told_again = target_variants(a_state(a_change(2, variants=wanted)), repeat_stocks=True)
    assert told_again is not None

    plan, _ = carried_out(told_again, rows)

    assert plan == VariantPlan(kept=plan.kept, quantities=plan.quantities)
    assert plan.quantities == {row["reference"]: row["quantity"] for row in target.rows if "quantity" in row}


@law
@given(lists, shops())
def test_nothing_is_done_twice_and_what_can_stay_stays(wanted: Any, held: Any) -> None:
    target = target_variants(a_state(variants=wanted))
    assert target is not None
    if has_twins(held, target):
        return
    plan, rows = carried_out(target, held)

    ids = [row["id"] for row in rows]
    assert len(set(ids)) == len(ids) == len(target.rows)
    assert {row["id"] for row in held} == {*plan.deletes, *(row["id"] for row in plan.kept)}
    assert not {*plan.deletes} & {change["id"] for change in plan.changes}
    free = [row["values"] for row in held if row["id"] in plan.deletes]
    assert not [row for row in plan.creates if row["values"] in free]  # it would have been that one


@law
@given(lists, shops())
def test_there_is_one_default_in_the_end_and_none_is_created_beside_another(wanted: Any, held: Any) -> None:
    target = target_variants(a_state(variants=wanted))
    assert target is not None
    if has_twins(held, target):
        return
    plan, rows = carried_out(target, held)

    assert len([row for row in rows if row.get("default")]) == min(len(rows), 1)
    born_so = [row for row in plan.creates if row.get("default")]
    assert len(born_so) <= 1
    assert not (born_so and held)
    said = [variant["reference"] for variant in wanted if variant.get("is_default")]
    if said:
        assert default_of(target, rows) in said


@law
@given(shops(), st.dictionaries(references, st.integers(0, 3), max_size=3))
def test_stocks_alone_create_and_delete_nothing(held: Any, stocks: Any) -> None:
    target = target_variants(a_state(variant_quantities=stocks))
    if target is None or has_twins(held, target):
        return
    plan, rows = carried_out(target, held)

    assert (plan.creates, plan.changes, plan.deletes, plan.default) == ((), (), (), None)
    assert [row["id"] for row in rows] == [row["id"] for row in held]
    assert {row["reference"]: row["quantity"] for row in rows if row["reference"] in stocks} == {
        reference: stock for reference, stock in stocks.items() if reference in {r["reference"] for r in held}
    }


def test_a_newer_list_without_a_quantity_loses_no_older_quantity() -> None:
    state = a_state(
        a_change(1, variants=[{"reference": "A.1", "options": {"Size": "S"}, "quantity": 4}]),
        a_change(2, variant_quantities={"A.1": 5}),
        a_change(3, variants=[{"reference": "A.1", "options": {"Size": "M"}}]),
    )
    target = target_variants(state)
    assert target is not None
    assert target.rows == [{"reference": "A.1", "options": {"Size": "M"}, "quantity": 5}]


def test_the_newest_wish_to_be_the_default_counts() -> None:
    def listed(a: bool | None, b: bool | None) -> list[dict[str, Any]]:
        return [
            {"reference": "A", "options": {"Size": "S"}, "is_default": a},
            {"reference": "B", "options": {"Size": "M"}, "is_default": b},
        ]

    def default(*changes: Any, held: Any = ()) -> str | None:
        target = target_variants(a_state(*changes))
        assert target is not None
        return default_of(target, held)

    held = [{"reference": "A", "default": True}, {"reference": "B"}]
    assert default(a_change(1, variants=listed(True, None)), a_change(2, variants=listed(None, True))) == "B"
    assert default(a_change(1, variants=listed(False, None)), held=held) == "B"
    assert default(a_change(1, variants=listed(None, None)), held=held) == "A"


def test_one_with_other_options_is_sent_with_the_pictures_that_it_shows() -> None:
    target = target_variants(a_state(variants=[{"reference": "A", "options": {"Size": "M"}}]))
    assert target is not None
    held = [{"id": 5, "reference": "A", "values": [1], "images": [9], "default": True}]
    plan, rows = carried_out(target, held)
    assert [change_node(change) for change in plan.changes] == [
        {"id": 5, "associations": {"product_option_values": [{"id": 2}], "images": [{"id": 9}]}}
    ]
    assert rows == [{"id": 5, "reference": "A", "values": [2], "default": True, "options": {"Size": "M"}}]


def test_a_combination_is_sent_with_what_was_said_of_it() -> None:
    row = {"reference": "A", "options": {"Size": "M"}, "values": [2], "price": "1.5", "default": True}
    assert create_node(7, row) == {
        "id_product": 7,
        "reference": "A",
        "minimal_quantity": 1,
        "price": "1.5",
        "default_on": True,
        "associations": {"product_option_values": [{"id": 2}]},
    }


@pytest.mark.parametrize("options", [{"Size": "S"}, {"Size": "M"}])
def test_options_are_named_only_where_they_are_not_held(options: dict[str, str]) -> None:
    row = {"id": 5, "reference": "A", "values": [1], "options": {"Size": "S"}, "quantity": 1, "default": True}
    product = a_product(
        a_change(variants=[{"reference": "A", "options": options, "quantity": 2}]),
        presta_id=7,
        written={"variants": [row]},
    )
    names = {name.name for name in option_names(plan_product(product, TWO_LANGUAGES))}
    assert names == (set() if options == row["options"] else {"Size", "M"})


def test_a_product_with_variants_has_no_stock_of_its_own() -> None:
    product = a_product(
        a_change(7, quantity=5, variant_quantities={"B": 1}, variants=[{"reference": "A", "options": {}}]),
        presta_id=7,
        written={"variants": [{"id": 5, "reference": "A", "values": [], "options": {}, "default": True}]},
    )
    plan = plan_product(product, TWO_LANGUAGES)
    assert plan.quantity is None
    assert [warning.code for warning in warnings_of(plan, an_item(7))] == [
        "quantity_ignored",
        "variant_unknown",
    ]
    assert warnings_of(plan, an_item(6)) == ()


def test_pictures_of_variants_that_are_gone_are_not_asked_for() -> None:
    kept = a_kept(a_product(presta_id=7, written={"variants": [{"id": 5, "reference": "A"}]}))
    item = an_item(1, variant_images={"A": ("a.jpg",), "B": ("b.jpg",)})
    outcome = an_outcome(item)
    work = with_pictures(item, outcome, kept.product)
    assert isinstance(work, PictureWork)
    assert [(one.reference, one.presta_id, one.file_names) for one in work.variants or ()] == [
        ("A", 5, ("a.jpg",))
    ]
    nobody = an_item(1, variant_images={"B": ("b.jpg",)})
    assert with_pictures(nobody, outcome, kept.product) is outcome


def an_outcome(item: Any) -> ItemOutcome:
    return ItemOutcome(
        position=item.position,
        sequence=item.sequence,
        intent=item.intent,
        result=Result.UPDATED,
        reference=item.reference,
    )
