"""Single decisions of the writer, each as a sentence."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from common.create_protocol import Absent, Adopt, Answer, Post, Wait, after_answer, judge
from common.messages import Intent, Result
from prestashop import Refused, ShopAnswerLost, ShopBlocked, ShopCrashed, ShopTimeout, Unknown, Written
from prestashop_writer.admission import objection
from prestashop_writer.merge import without
from prestashop_writer.names import matching, missing
from prestashop_writer.outcomes import settled_outcomes
from prestashop_writer.pass_context import answer_of, speaks_against_the_shop
from prestashop_writer.plan import BRAND, FEATURE, FEATURE_VALUE, QUANTITY, Name, plan_product, product_node
from prestashop_writer.target import target_content, target_quantity
from prestashop_writer.testing import (
    THREE_LANGUAGES,
    TWO_LANGUAGES,
    a_change,
    a_kept,
    a_product,
    a_state,
    an_item,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
MINUTES = timedelta(minutes=3)


def names(held: dict[str, str] | None = None, *changes: Any, profile: Any = TWO_LANGUAGES) -> dict[str, str]:
    content = target_content(a_state(*changes), profile, {"name": held or {}})
    return dict(content["name"])


# ── texts ──


def test_a_text_without_a_language_is_that_of_every_language_without_its_own() -> None:
    assert names({}, a_change(name={"*": "Bracket", "it": "Staffa"})) == {"en": "Bracket", "it": "Staffa"}


def test_of_a_plain_text_and_the_default_languages_own_the_newer_counts() -> None:
    own, plain = a_change(1, name={"en": "Own"}), a_change(2, name={"*": "Plain"})
    assert names({}, own, plain)["en"] == "Plain"
    assert names({}, plain, a_change(3, name={"en": "Newer"}))["en"] == "Newer"
    assert names({}, a_change(1, name={"it": "Suo"}), plain)["it"] == "Suo"


def test_a_name_in_one_language_alone_names_the_product_in_all() -> None:
    assert names({}, a_change(name={"it": "Staffa"})) == {"en": "Staffa", "it": "Staffa"}


def test_a_language_that_was_never_given_keeps_its_text() -> None:
    held = {"en": "Old", "it": "Vecchio"}
    assert names(held, a_change(name={"en": "New"})) == {"en": "New", "it": "Vecchio"}


def test_a_text_that_was_only_filled_in_follows_the_one_it_was_copied_from() -> None:
    held = {"en": "Old", "it": "Old", "fr": "Vieux"}
    assert names(held, a_change(name={"en": "New"}), profile=THREE_LANGUAGES) == {
        "en": "New",
        "it": "New",
        "fr": "Vieux",
    }


def test_null_clears_a_text_in_every_language_and_a_newer_text_stands() -> None:
    given, cleared = a_change(1, summary={"en": "Short", "it": "Breve"}), a_change(2, summary=None)
    texts = target_content(a_state(given, cleared), TWO_LANGUAGES, {})["description_short"]
    assert texts == {"en": "", "it": ""}
    newer = a_change(3, summary={"it": "Nuovo"})
    texts = target_content(a_state(given, cleared, newer), TWO_LANGUAGES, {})["description_short"]
    assert texts == {"en": "", "it": "Nuovo"}


def test_a_text_in_a_language_that_the_shop_lacks_changes_nothing() -> None:
    assert "name" not in target_content(a_state(name={"xx": "?"}), TWO_LANGUAGES, {"name": {"en": "A"}})


def test_a_language_that_the_shop_has_got_since_is_filled_with_the_next_change() -> None:
    held = {"name": {"en": "Bracket", "it": "Staffa"}}
    product = a_product(a_change(name={"en": "Bracket", "it": "Staffa"}), presta_id=7, written=held)
    assert plan_product(product, TWO_LANGUAGES).is_nothing
    plan = plan_product(product, THREE_LANGUAGES)
    assert plan.content == {"name": {"en": "Bracket", "it": "Staffa", "fr": "Bracket"}}


# ── what is sent ──


def test_an_unchanged_product_costs_no_request() -> None:
    held = {"price": "12.5", "features": [["Colour", "Red"]], QUANTITY: 3}
    sheet = ({"group": "", "name": "Colour", "value": "Red"},)
    product = a_product(a_change(price="12.50", quantity=3, technical_data=sheet), presta_id=7, written=held)
    assert plan_product(product, TWO_LANGUAGES).is_nothing


def test_only_what_differs_is_sent() -> None:
    product = a_product(
        a_change(price="13", weight="2"), presta_id=7, written={"price": "12.5", "weight": "2"}
    )
    assert product_node(plan_product(product, TWO_LANGUAGES), {}, TWO_LANGUAGES) == {"id": 7, "price": "13"}


def test_a_field_whose_request_has_no_known_end_is_sent_again_though_it_seems_to_be_held() -> None:
    product = a_product(
        a_change(price="5", quantity=1),
        presta_id=7,
        written={"price": "5", QUANTITY: 1},
        doubtful=frozenset({"price", QUANTITY}),
    )
    plan = plan_product(product, TWO_LANGUAGES)
    assert (plan.content, plan.quantity) == ({"price": "5"}, 1)


def test_a_replayed_old_price_never_overwrites_a_newer_one() -> None:
    new, old = a_change(2, price="2"), a_change(1, price="1")
    assert a_state(new, old) == a_state(old, new) == a_state(new)


def test_a_new_product_is_visible_and_lies_in_the_home_category() -> None:
    plan = plan_product(a_product(a_change(name={"en": "A"})), replace(TWO_LANGUAGES, home_category=5))
    assert plan.content["active"] == plan.content["available_for_order"] == plan.content["state"] == "1"
    assert (plan.content["id_category_default"], plan.content["categories"]) == ("5", [5])


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"categories": ()}, ("2", [2])),
        ({"categories": (9, 4)}, ("9", [4, 9])),
        ({"categories": (4,), "default_category": 9}, ("9", [4, 9])),
        ({"categories": None}, ("2", [2])),
    ],
)
def test_the_main_category_is_always_one_of_the_list(fields: Any, expected: Any) -> None:
    content = target_content(a_state(**fields), TWO_LANGUAGES, {})
    assert (content["id_category_default"], content["categories"]) == expected


def test_a_main_category_alone_says_nothing_about_the_others() -> None:
    assert target_content(a_state(default_category=9), TWO_LANGUAGES, {}) == {"id_category_default": "9"}


@pytest.mark.parametrize(
    ("policy", "fields", "expected"),
    [
        ("warehouses", {"quantity": 9, "warehouses": {"1": 2, "2": 3}}, 5),
        ("quantity", {"quantity": 9, "warehouses": {"1": 2, "2": 3}}, 9),
        ("quantity", {"warehouses": {"1": 2, "2": 3}}, 5),
        ("warehouses", {"quantity": 9}, 9),
        ("warehouses", {"price": "1"}, None),
    ],
)
def test_the_stock_is_the_sum_of_the_warehouses_or_the_quantity_as_the_shop_chose(
    policy: str, fields: Any, expected: int | None
) -> None:
    profile = replace(TWO_LANGUAGES, stock_from=policy)
    assert target_quantity(a_state(**fields), profile) == expected


def test_warehouses_change_one_by_one() -> None:
    state = a_state(a_change(1, warehouses={"1": 2, "2": 3}), a_change(2, warehouses={"2": 10}))
    assert target_quantity(state, TWO_LANGUAGES) == 12


def test_two_values_that_are_one_in_the_shop_are_linked_once() -> None:
    sheet = tuple({"group": "", "name": "Colour", "value": value} for value in ("Red", "red", "Blue"))
    plan = plan_product(a_product(a_change(name={"en": "A"}, technical_data=sheet)), TWO_LANGUAGES)
    ids = {Name(FEATURE, "Colour"): 1} | {
        Name(FEATURE_VALUE, value, "Colour"): number
        for value, number in (("Red", 5), ("red", 5), ("Blue", 6))
    }
    node: Any = product_node(plan, ids, TWO_LANGUAGES)
    assert node["associations"]["product_features"] == [
        {"id": 1, "id_feature_value": 5},
        {"id": 1, "id_feature_value": 6},
    ]


# ── names ──


def test_a_name_is_matched_letter_by_letter_then_ignoring_case_and_the_oldest_counts() -> None:
    nodes: list[Any] = [
        {"id": "9", "name": "Acme"},
        {"id": "4", "name": "ACME"},
        {"id": "5", "name": "acme"},
        {"id": "7", "name": "Acme"},
    ]
    wanted = [Name(BRAND, "Acme"), Name(BRAND, "aCME"), Name(BRAND, "Other")]
    assert matching(wanted, nodes, {}) == {wanted[0]: 7, wanted[1]: 4}


def test_a_value_is_matched_within_its_feature_in_any_language() -> None:
    nodes: list[Any] = [
        {"id": "1", "id_feature": "10", "value": {1: "Red", 2: "Rosso"}},
        {"id": "2", "id_feature": "11", "value": {1: "Red", 2: "Rosso"}},
    ]
    ids = {Name(FEATURE, "Colour"): 11, Name(FEATURE, "Size"): 12}
    wanted = [Name(FEATURE_VALUE, "rosso", "Colour"), Name(FEATURE_VALUE, "Red", "Size")]
    found = matching(wanted, nodes, ids)
    assert found == {wanted[0]: 2}
    assert missing(wanted, found, FEATURE_VALUE) == [wanted[1]]


# ── who may change what ──


def test_a_create_of_a_live_product_is_refused_unless_it_is_the_create_itself_delivered_again() -> None:
    live = a_kept(a_product(a_change(3), presta_id=7), created=3)
    again = objection(live, a_change(4, Intent.CREATE))
    assert again is not None
    assert again.code == "product_exists"
    assert objection(live, a_change(3, Intent.CREATE)) is None
    assert objection(None, a_change(4, Intent.CREATE)) is None
    assert objection(live, a_change(4, Intent.UPDATE)) is None


# ── what items are told ──


@pytest.mark.parametrize(
    ("created", "changed", "expected"),
    [
        (None, 0, [Result.UNCHANGED, Result.UNCHANGED]),
        (None, 1, [Result.UPDATED, Result.UNCHANGED]),
        (2, 2, [Result.CREATED, Result.UPDATED]),
        (1, 2, [Result.CREATED, Result.UPDATED]),
        (1, 1, [Result.CREATED, Result.UNCHANGED]),
    ],
)
def test_the_first_item_of_a_create_created_it_and_those_that_no_write_held_changed_nothing(
    created: int | None, changed: int, expected: list[Result]
) -> None:
    kept = a_kept(a_product(a_change(2), presta_id=7), created=created, changed=changed)
    items = [an_item(1, technical_data=2), an_item(2)]
    outcomes = [outcome for _, outcome in settled_outcomes(kept, items)]
    assert [outcome.result for outcome in outcomes] == expected
    assert [outcome.presta_id for outcome in outcomes] == [7, 7]
    assert outcomes[0].technical_data_processed == 2


def test_what_one_change_set_goes_without_touching_the_rest() -> None:
    state = a_state(a_change(1, price="1", quantity=4), a_change(2, price="2"))
    assert without(state, 2) == a_state(a_change(1, quantity=4))


# ── creating once ──


def look(post: Post | None, *, found: bool = False, epoch: int = 2, now: datetime = NOON) -> Any:
    return judge(post, found=found, epoch=epoch, now=now, patience=MINUTES)


def test_what_is_found_is_adopted_and_known_to_be_ours_if_a_create_was_sent() -> None:
    assert look(None, found=True) == Adopt(ours=False)
    assert look(Post(1), found=True) == Adopt(ours=True)


def test_what_is_not_found_may_be_created_when_nothing_is_outstanding() -> None:
    assert look(None) == Absent()
    assert look(Post(epoch=None)) == Absent()


def test_the_wait_for_a_lost_create_begins_under_a_later_lease() -> None:
    first = look(Post(1))
    assert first == Wait(Post(1, NOON), NOON + timedelta(seconds=1))
    assert look(first.post, epoch=3, now=NOON + MINUTES) == Absent()
    assert isinstance(look(first.post, epoch=3, now=NOON + MINUTES * 0.99), Wait)
    assert isinstance(look(Post(2, NOON - MINUTES), epoch=2), Wait), "its own lease may still be sending"


def test_a_long_wait_costs_few_look_ups() -> None:
    post, now, looks = Post(1), NOON, 0
    while isinstance(verdict := look(post, now=now), Wait):
        post, now, looks = verdict.post, verdict.look_at, looks + 1
    assert (now, looks) == (NOON + MINUTES, 9)


def test_what_an_answer_leaves_outstanding() -> None:
    crashed, lost = Unknown(ShopCrashed(), sent=True), Unknown(ShopAnswerLost(), sent=True)
    blocked = Unknown(ShopBlocked(403), sent=False)
    answers = [answer_of(outcome) for outcome in (Written(1), Refused(1, ""), blocked, crashed, lost)]
    assert answers == [
        Answer.WRITTEN,
        Answer.NOT_WRITTEN,
        Answer.NOT_WRITTEN,
        Answer.STOPPED,
        Answer.NONE,
    ]
    left = [after_answer(Post(4), answer) for answer in answers]
    assert left == [None, None, None, Post(epoch=None), Post(4)]


def test_a_crash_or_a_firewall_over_one_product_does_not_speak_against_the_shop() -> None:
    against = [
        speaks_against_the_shop(Unknown(error, sent=error.sent))
        for error in (ShopCrashed(), ShopBlocked(403), ShopTimeout(), ShopAnswerLost())
    ]
    assert against == [False, False, True, True]
