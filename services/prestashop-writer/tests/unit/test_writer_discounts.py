"""Discounts: a desired list reached as a difference."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import Discount, ProductFields
from prestashop import drafts
from prestashop_writer.discounts import (
    held_row,
    plan_discounts,
    target_discounts,
    without_ids,
)
from prestashop_writer.merge import Stamped, stated_fields

days = st.one_of(st.none(), st.dates(date(2024, 1, 1), date(2024, 1, 4)))
discounts = st.lists(
    st.builds(
        Discount,
        from_quantity=st.integers(1, 3),
        percentage=st.sampled_from([Decimal(5), Decimal("12.5")]),
        starts=days,
        ends=days,
    ),
    max_size=6,
)


def target_of(*wanted: Discount) -> list[Any]:
    stated = dict(stated_fields(ProductFields(discounts=wanted)))
    return target_discounts({name: Stamped(value, 1) for name, value in stated.items()}) or []


def shop_after(plan: Any, held: list[Any]) -> list[Any]:
    changed = {row["id"]: row for row in plan.changes}
    kept = [changed.get(row["id"], row) for row in held if row["id"] not in plan.deletes]
    return kept + [{**row, "id": 1000 + number} for number, row in enumerate(plan.creates)]


@given(discounts, discounts)
def test_the_plan_leads_from_any_list_to_the_desired_one(
    before: list[Discount], wanted: list[Discount]
) -> None:
    held = [{**row, "id": number} for number, row in enumerate(target_of(*before), start=1)]
    target = target_of(*wanted)

    after = shop_after(plan_discounts(target, held), held)

    assert without_ids(after) == target
    assert plan_discounts(target, after).is_nothing


def test_a_reduction_that_changes_is_written_into_the_price_that_is_there() -> None:
    held = [{**target_of(Discount(from_quantity=5, percentage=Decimal(5)))[0], "id": 7}]

    plan = plan_discounts(target_of(Discount(from_quantity=5, percentage=Decimal(10))), held)

    assert (plan.creates, plan.deletes) == ((), ())
    assert [(row["id"], row["reduction"]) for row in plan.changes] == [(7, "0.1")]


def test_nothing_said_about_discounts_leaves_them_alone() -> None:
    assert target_discounts({"price": Stamped("5", 1)}) is None
    assert target_discounts({"discounts": Stamped(None, 1)}) == []


def test_seed_004s_discount_is_five_per_cent_on_whole_days() -> None:
    discount = Discount(
        from_quantity=5, percentage=Decimal(5), starts=date(2024, 12, 6), ends=date(2024, 12, 10)
    )
    assert target_of(discount) == [
        {
            "from_quantity": "5",
            "from": "2024-12-06 00:00:00",
            "to": "2024-12-10 23:59:59",
            "reduction": "0.05",
            "reduction_type": "percentage",
        }
    ]


OURS = {"id": "3", "from_quantity": "1", "from": drafts.NO_DATE, "to": drafts.NO_DATE}


@pytest.mark.parametrize(
    "terms",
    [
        {"reduction": "2.5", "reduction_type": "amount", "reduction_tax": "1", "price": "-1.000000"},
        {"reduction": "2.5", "reduction_type": "amount", "reduction_tax": "0", "price": "9.900000"},
    ],
    ids=["an amount with tax", "a price of its own"],
)
def test_what_somebody_made_otherwise_than_we_do_is_replaced(terms: dict[str, Any]) -> None:
    held = held_row(OURS | terms)
    assert held is not None
    target = target_of(Discount(from_quantity=1, amount=Decimal("2.5")))

    plan = plan_discounts(target, [held])

    assert without_ids([held]) != target
    assert [row["id"] for row in plan.changes] == [3]
    assert without_ids(shop_after(plan, [held])) == target


def test_what_is_as_we_make_it_is_as_desired() -> None:
    ours = {"reduction": "2.500000", "reduction_type": "amount", "reduction_tax": "0", "price": "-1.000000"}
    held = held_row(OURS | ours)
    assert held is not None
    assert without_ids([held]) == target_of(Discount(from_quantity=1, amount=Decimal("2.5")))


def test_tax_makes_no_difference_to_a_percentage() -> None:
    share = {"reduction": "0.05", "reduction_type": "percentage", "reduction_tax": "1", "price": "-1.000000"}
    held = held_row(OURS | share)
    assert held is not None
    assert without_ids([held]) == target_of(Discount(from_quantity=1, percentage=Decimal(5)))


def test_a_price_for_one_group_of_customers_is_not_ours() -> None:
    node: dict[str, Any] = {"id": "3", "id_group": "4", "from_quantity": "1", "reduction": "0.1"}
    assert held_row(node) is None
