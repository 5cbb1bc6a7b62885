"""Who owns a field: what a create and a change may send, for every state and every choice of owners."""

from dataclasses import replace
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from prestashop_writer.owners import NEEDED_TO_CREATE, OWNED_WITH, ours_to_write
from prestashop_writer.plan import QUANTITY, plan_product
from prestashop_writer.testing import TWO_LANGUAGES, a_change, a_product, a_state

law = settings(deadline=None)  # a busy machine must not make a law fail

FIELDS = {
    "name": {"en": "Bracket", "it": "Staffa"},
    "description": {"*": "Steel."},
    "price": "5",
    "quantity": 3,
    "warehouses": {"1": 2},
    "categories": (2, 5),
    "default_category": 5,
    "brand": {"name": "Acme"},
    "active": False,
    "supplier": {"name": "Wholesale"},
    "variants": ({"reference": "P-L", "options": {"Size": "L"}, "quantity": 2},),
}
stated = st.sets(st.sampled_from(sorted(FIELDS))).map(lambda names: {name: FIELDS[name] for name in names})
owners = st.dictionaries(
    st.sampled_from(sorted(set(FIELDS) - set(OWNED_WITH))), st.sampled_from(["erp", "shop", "first-write"])
)


def owner_of(name: str, chosen: dict[str, str]) -> str:
    field = name.partition(".")[0]
    return chosen.get(OWNED_WITH.get(field, field), "erp")


@law
@given(stated, owners)
def test_a_change_sends_what_is_the_erps_and_nothing_else(fields: Any, chosen: dict[str, str]) -> None:
    state = a_state(**fields)
    sent = ours_to_write(state, chosen, creating=False)
    assert sent == {name: held for name, held in state.items() if owner_of(name, chosen) == "erp"}


@law
@given(stated, owners)
def test_a_create_leaves_out_what_is_the_shops_except_what_the_shop_needs(
    fields: Any, chosen: dict[str, str]
) -> None:
    state = a_state(**fields)
    left_out = state.keys() - ours_to_write(state, chosen, creating=True).keys()
    assert left_out == {
        name
        for name in state
        if owner_of(name, chosen) == "shop" and name.partition(".")[0] not in NEEDED_TO_CREATE
    }


@law
@given(stated, owners)
def test_a_product_whose_every_field_is_the_shops_or_was_written_once_needs_nothing(
    fields: Any, chosen: dict[str, str]
) -> None:
    nobodys = {name: "shop" for name in FIELDS if name not in OWNED_WITH}
    profile = replace(TWO_LANGUAGES, owners=nobodys | {k: v for k, v in chosen.items() if v != "erp"})
    assert plan_product(a_product(a_change(**fields), presta_id=7), profile).is_nothing


def test_the_description_is_the_shops_and_the_name_that_of_the_first_write() -> None:
    profile = replace(
        TWO_LANGUAGES,
        owners={"description": "shop", "name": "first-write", "quantity": "shop", "price": "erp"},
    )
    first = plan_product(a_product(a_change(**FIELDS)), profile)
    assert first.content["name"] == {"en": "Bracket", "it": "Staffa"}
    assert "description" not in first.content
    assert first.quantity is None

    later = a_change(2, name={"*": "Other"}, description={"*": "Other"}, price="6", quantity=9)
    held = {"price": "5", QUANTITY: 0}
    plan = plan_product(a_product(later, presta_id=7, written=held), profile)
    assert (dict(plan.content), plan.quantity) == ({"price": "6"}, None)
