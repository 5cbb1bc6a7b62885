"""What a dry run tells in the sender's words."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.messages import FieldChange, Intent, ItemOutcome, Result
from prestashop_writer.field_changes import field_changes, of_items
from prestashop_writer.merge import Stamped

HELD = {
    "name": {"en": "Bracket", "it": "Staffa"},
    "link_rewrite": {"en": "bracket", "it": ""},
    "price": "12.5",
    "weight": "0",
    "active": "1",
    "minimal_quantity": "1",
    "id_tax_rules_group": "2",
    "quantity": 4,
    "categories": [2, 3],
    "id_category_default": "2",
    "brand": "Acme",
    "features": [["Colour", "Red"]],
    "state": "1",
    "discounts": [
        {
            "id": 7,
            "from_quantity": "5",
            "from": "2030-01-01 00:00:00",
            "to": "0000-00-00 00:00:00",
            "reduction": "0.125",
            "reduction_type": "percentage",
        }
    ],
    "supplier": "Weaver",
    "supplier_row": {"id": 4, "supplier": "Weaver", "reference": "W-1"},
    "variants": [{"id": 9, "reference": "P.1", "options": {"Size": "M"}, "price": "1.5", "default": True}],
}


def told(before: dict[str, Any], after: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    return {change.field: (change.before, change.after) for change in field_changes(before, after)}


def test_what_stays_is_not_told() -> None:
    assert told(HELD, HELD) == {}


def test_a_new_product_is_told_in_the_words_of_the_sender() -> None:
    assert told({}, HELD) == {
        "name.en": (None, "Bracket"),
        "name.it": (None, "Staffa"),
        "slug.en": (None, "bracket"),
        "price": (None, 12.5),
        "weight": (None, 0),
        "active": (None, True),
        "minimal_quantity": (None, 1),
        "tax_rules_group": (None, 2),
        "quantity": (None, 4),
        "categories": (None, [2, 3]),
        "default_category": (None, 2),
        "brand": (None, "Acme"),
        "technical_data": (None, [{"name": "Colour", "value": "Red"}]),
        "discounts": (None, [{"from_quantity": 5, "percentage": 12.5, "starts": "2030-01-01"}]),
        "supplier": (None, {"name": "Weaver", "reference": "W-1"}),
        "variants.P.1.options": (None, {"Size": "M"}),
        "variants.P.1.price_impact": (None, 1.5),
        "variants.P.1.is_default": (None, True),
    }


def test_one_language_one_number_and_what_is_cleared_are_told_alone() -> None:
    after = HELD | {
        "name": {"en": "Bracket", "it": "Mensola"},
        "price": "13",
        "brand": "",
        "features": [],
        "discounts": [],
        "active": "0",
        "supplier_row": {},
    }
    assert told(HELD, after) == {
        "name.it": ("Staffa", "Mensola"),
        "price": (12.5, 13),
        "active": (True, False),
        "brand": ("Acme", None),
        "technical_data": ([{"name": "Colour", "value": "Red"}], None),
        "discounts": ([{"from_quantity": 5, "percentage": 12.5, "starts": "2030-01-01"}], None),
        "supplier": ({"name": "Weaver", "reference": "W-1"}, None),
    }


def an_outcome(position: int, result: Result) -> ItemOutcome:
    return ItemOutcome(position=position, sequence=position + 10, intent=Intent.UPSERT, result=result)


fields = st.sampled_from(["name.it", "price", "quantity", "categories", "default_category", "active"])
results = st.sampled_from([Result.CREATED, Result.UPDATED, Result.UNCHANGED, Result.REFUSED])


@given(
    names=st.lists(fields, unique=True),
    ends=st.lists(results, max_size=4),
    set_by=st.dictionaries(fields, st.integers(9, 14)),
)
def test_every_change_is_told_once_and_never_with_a_refused_item(
    names: list[str], ends: list[Result], set_by: dict[str, int]
) -> None:
    changes = [FieldChange(field=name, after=1) for name in names]
    outcomes = [an_outcome(position, result) for position, result in enumerate(ends)]
    desired = {name: Stamped(1, sequence) for name, sequence in set_by.items()}
    told = of_items(changes, outcomes, desired)
    refused = {outcome.position for outcome in outcomes if outcome.result is Result.REFUSED}
    assert not told.keys() & refused
    expected = sorted(names) if len(refused) < len(outcomes) else []
    assert sorted(change.field for own in told.values() for change in own) == expected
    for position, own in told.items():
        for change in own:
            sequence = set_by.get(change.field)
            if sequence is not None and sequence - 10 in {o.position for o in outcomes} - refused:
                assert position >= sequence - 10 or change.field in ("categories", "default_category")


def test_a_default_category_belongs_to_who_set_the_categories() -> None:
    outcomes = [an_outcome(0, Result.UPDATED), an_outcome(1, Result.UPDATED)]
    change = FieldChange(field="default_category", before=2, after=3)
    assert of_items([change], outcomes, {"categories": Stamped([3], 11)}) == {1: (change,)}
