from datetime import UTC, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    MAX_CHUNK_BYTES,
    Chunk,
    ChunkSubmitted,
    Intent,
    ProductChange,
    ProductFields,
)
from gateway.changes import KnownProducts, cut_into_chunks
from gateway.chunking import cut, fits_into_a_chunk
from gateway.drafts import Draft, RefusedItem

sizes = st.lists(st.integers(2, 99), max_size=60)


def filled(run: range, of: list[int]) -> int:
    return sum(of[index] + 1 for index in run)


@given(sizes)
def test_every_change_is_in_exactly_one_chunk_and_in_order(of: list[int]) -> None:
    assert [index for run in cut(of, max_items=5, max_bytes=100) for index in run] == list(range(len(of)))


@given(sizes)
def test_no_chunk_exceeds_its_items_or_bytes(of: list[int]) -> None:
    for run in cut(of, max_items=5, max_bytes=100):
        assert 1 <= len(run) <= 5
        assert filled(run, of) <= 100


@given(sizes)
def test_no_chunk_could_have_taken_the_next_change(of: list[int]) -> None:
    for run, following in pairwise(cut(of, max_items=5, max_bytes=100)):
        assert len(run) == 5 or filled(run, of) + of[following.start] + 1 > 100


def test_a_change_that_fits_into_no_chunk_is_never_cut() -> None:
    assert not fits_into_a_chunk(100, max_bytes=100)
    with pytest.raises(ValueError, match="fits into no chunk"):
        cut([100], max_bytes=100)


def draft(position: int, **values: object) -> Draft:
    fields = {"description": {"en": "x" * int(str(values.pop("size", 1)))}}
    return Draft(position, Intent.UPSERT, fields=fields, **values)  # type: ignore[arg-type]  # as written


@given(st.lists(st.integers(1, 60_000), max_size=40))
def test_a_message_is_never_larger_than_the_broker_is_promised(lengths: list[int]) -> None:
    drafts = [draft(i, reference=f"R{i}", size=size) for i, size in enumerate(lengths)]
    known = KnownProducts({}, {f"R{i}": i + 1 for i in range(len(drafts))})
    made = cut_into_chunks(drafts, known, range(1, len(drafts) + 1))
    for partition, run in enumerate(made.chunks):
        chunk = Chunk(
            chunk_id=f"bulk_675c53516d618_{partition}",
            submission_id="bulk_675c53516d618",
            partition=partition,
            tenant="t" * 200,
            shop="s" * 40,
            submitted_at=datetime.now(UTC),
            total_items=len(run),
        )
        message = ChunkSubmitted(chunk=chunk, changes=tuple(made.changes[run.start : run.stop]))
        assert len(message.to_json()) <= MAX_CHUNK_BYTES


def test_an_item_that_is_too_large_for_any_chunk_is_refused_and_the_others_go_on() -> None:
    drafts = [draft(0, reference="A"), draft(1, reference="B", size=MAX_CHUNK_BYTES), draft(2, reference="C")]
    made = cut_into_chunks(drafts, KnownProducts({}, {"A": 1, "B": 2, "C": 3}), [7, 8, 9])
    assert [(c.reference, c.product_id, c.sequence) for c in made.changes] == [("A", 1, 7), ("C", 3, 9)]
    [too_large] = made.refused
    assert isinstance(too_large, RefusedItem)
    assert too_large.reasons[0].code == "item_too_large"


def test_an_id_becomes_its_reference_and_an_unknown_one_none() -> None:
    drafts = [draft(0, product_id=9999), draft(1, product_id=5)]
    made = cut_into_chunks(drafts, KnownProducts({9999: "PROD001"}, {}), [1, 2])
    assert [(c.product_id, c.reference) for c in made.changes] == [(9999, "PROD001"), (5, None)]


def test_an_id_with_the_reference_of_another_product_is_refused() -> None:
    made = cut_into_chunks([draft(0, product_id=7, reference="B")], KnownProducts({7: "A"}, {}), [1])
    assert [refused.reasons[0].code for refused in made.refused] == ["reference_differs"]


IN_SHOP = KnownProducts({7: "A"}, {"A": 7, "B": 8}, shop_ids={"A": 456})


def test_a_shop_s_id_becomes_the_reference_and_our_id() -> None:
    [change] = cut_into_chunks([draft(0, presta_id=456)], IN_SHOP, [1]).changes
    assert (change.reference, change.product_id, change.presta_id) == ("A", 7, 456)


def test_a_shop_s_id_that_is_unknown_here_travels_on() -> None:
    drafts = [draft(0, presta_id=99), draft(1, presta_id=99, reference="B")]
    made = cut_into_chunks(drafts, IN_SHOP, [1, 2])
    assert [(c.reference, c.product_id, c.presta_id) for c in made.changes] == [
        (None, None, 99),
        ("B", 8, 99),
    ]


def test_an_id_of_ours_that_is_unknown_is_not_made_up_for_by_another() -> None:
    [change] = cut_into_chunks([draft(0, product_id=5, presta_id=456)], IN_SHOP, [1]).changes
    assert (change.reference, change.product_id) == (None, 5)


@pytest.mark.parametrize(
    "address",
    [
        {"presta_id": 456, "reference": "B"},
        {"presta_id": 457, "reference": "A"},
        {"presta_id": 457, "product_id": 7},
    ],
)
def test_a_shop_s_id_of_another_product_is_refused(address: dict[str, object]) -> None:
    [refused] = cut_into_chunks([draft(0, **address)], IN_SHOP, [1]).refused
    assert [(r.code, r.field) for r in refused.reasons] == [("presta_id_differs", "presta_id")]


def test_what_agrees_may_be_said_more_than_once() -> None:
    [change] = cut_into_chunks([draft(0, presta_id=456, product_id=7, reference="A")], IN_SHOP, [1]).changes
    assert (change.reference, change.product_id, change.presta_id) == ("A", 7, 456)


def test_a_field_that_was_not_sent_does_not_travel() -> None:
    sent = Draft(0, Intent.UPSERT, "A", fields={"ean13": None})
    [change] = cut_into_chunks([sent], KnownProducts({}, {"A": 1}), [1]).changes
    assert change.fields.model_fields_set == {"ean13"}
    assert ProductChange.model_validate_json(
        change.model_dump_json(exclude_unset=True)
    ).fields == ProductFields(ean13=None)
