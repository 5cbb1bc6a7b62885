"""Deletions: what of a product counts after one, and what its items are told."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.messages import ImageReference, Intent, ProductChange, Result
from prestashop_writer.admission import objection
from prestashop_writer.merge import merge, without
from prestashop_writer.outcomes import settled_outcomes
from prestashop_writer.plan import KeptProduct, plan_product
from prestashop_writer.testing import TWO_LANGUAGES, a_change, a_product, a_state, an_item

law = settings(deadline=None)  # a busy machine must not make a law fail

said = st.sampled_from([{"price": "1"}, {"price": "2"}, {"name": {"*": "Bracket"}}, {"quantity": 3}, {}])
intents = st.sampled_from([Intent.UPSERT, Intent.UPSERT, Intent.CREATE, Intent.UPDATE, Intent.DELETE])


@st.composite
def histories(draw: st.DrawFn) -> list[ProductChange]:
    """Changes, some of which are deletions, in the order in which they were accepted."""
    drawn = draw(st.lists(st.tuples(intents, said), min_size=1, max_size=7))
    return [a_change(sequence, intent, **fields) for sequence, (intent, fields) in enumerate(drawn, start=1)]


def deletes(change: ProductChange) -> bool:
    return change.intent is Intent.DELETE


# ── what counts after a deletion ──


@law
@given(histories(), st.randoms(use_true_random=False))
def test_in_any_order_only_what_is_newer_than_the_last_deletion_counts(
    history: list[ProductChange], dice: Random
) -> None:
    shuffled = [*history, *history]
    dice.shuffle(shuffled)
    last = max((change.sequence for change in history if deletes(change)), default=0)
    newer = [change for change in history if change.sequence > last]
    assert a_product(*shuffled).living == a_state(*newer, a_change(0))


@law
@given(histories(), said)
def test_an_older_change_never_revives_a_deleted_product(history: list[ProductChange], fields: Any) -> None:
    late = a_change(98, **fields)
    assert a_product(*history, a_change(99, Intent.DELETE), late).living == {}
    assert plan_product(a_product(*history, late, deleted=99), TWO_LANGUAGES).is_nothing


@law
@given(histories().map(lambda history: [change for change in history if not deletes(change)]))
def test_a_deletion_that_is_refused_leaves_the_product_as_it_was(history: list[ProductChange]) -> None:
    state = a_state(*history, a_change(0))
    assert without(merge(state, a_change(99, Intent.DELETE)), 99) == state


@law
@given(histories())
def test_a_deletion_that_was_not_carried_out_comes_before_everything_else(
    history: list[ProductChange],
) -> None:
    for known in ({}, {"presta_id": 7}):
        plan = plan_product(a_product(*history, **known), TWO_LANGUAGES)
        assert plan.is_delete == any(deletes(change) for change in history)
        if plan.is_delete:
            assert not plan.is_create
            assert (dict(plan.content), plan.quantity, plan.is_nothing) == ({}, None, False)


def test_a_newer_change_makes_a_deleted_product_anew_and_knows_nothing_of_the_old_one() -> None:
    old = a_change(1, name={"*": "Old"}, price="5", quantity=2)
    new = a_change(3, name={"*": "New"})
    plan = plan_product(a_product(old, a_change(2, Intent.DELETE), new, deleted=2), TWO_LANGUAGES)
    assert plan.is_create
    assert plan.content["name"] == {"en": "New", "it": "New"}
    assert (plan.content["price"], plan.quantity) == ("0", None)


def test_a_create_behind_a_deletion_is_no_conflict() -> None:
    live = a_product(a_change(3), a_change(5, Intent.DELETE), presta_id=7)
    kept = KeptProduct(live, 3, 3, attempts=0)
    assert objection(kept, a_change(6, Intent.CREATE)) is None
    refusal = objection(kept, a_change(4, Intent.CREATE))
    assert refusal is not None
    assert refusal.code == "product_exists"


# ── what items are told ──


def told(deleted_id: int | None, *waiting: Intent) -> list[tuple[Result, list[str]]]:
    product = a_product(a_change(9, Intent.DELETE), deleted=9)
    kept = KeptProduct(product, None, 0, attempts=0, deleted_id=deleted_id)
    items = [an_item(sequence, intent) for sequence, intent in enumerate(waiting, start=1)]
    outcomes = [outcome for _, outcome in settled_outcomes(kept, items)]
    return [(o.result, [reason.code for reason in (*o.reasons, *o.warnings)]) for o in outcomes]


@pytest.mark.parametrize(
    ("deleted_id", "waiting", "expected"),
    [
        (7, [Intent.DELETE], [(Result.DELETED, [])]),
        (None, [Intent.DELETE], [(Result.REFUSED, ["product_not_found"])]),
        (None, [Intent.UPDATE, Intent.DELETE], [(Result.REFUSED, ["product_not_found"])] * 2),
        (
            None,
            [Intent.UPSERT, Intent.DELETE],
            [(Result.UNCHANGED, ["product_deleted"]), (Result.DELETED, [])],
        ),
        (7, [Intent.DELETE, Intent.UPDATE], [(Result.DELETED, []), (Result.UNCHANGED, ["product_deleted"])]),
    ],
)
def test_a_deletion_ends_what_is_older(deleted_id: int | None, waiting: list[Intent], expected: Any) -> None:
    assert told(deleted_id, *waiting) == expected


def test_the_pictures_of_a_deleted_product_are_forgotten_and_older_ones_never_wanted() -> None:
    kept = KeptProduct(a_product(a_change(9, Intent.DELETE), deleted=9), None, 0, 0, deleted_id=7)
    with_picture = an_item(8, images=(ImageReference(file_name="a.png", sha256="0" * 64),))
    settled = settled_outcomes(kept, [with_picture, an_item(9, Intent.DELETE)])
    assert [item.images for item, _ in settled] == [None, ()]
    assert settled[1][1].presta_id == 7
