"""The judgement of a whole chunk: what it becomes, what it waits for, what it says of duplicates."""

from datetime import UTC, datetime, timedelta

from common.messages import (
    Chunk,
    ChunkCompleted,
    ChunkSubmitted,
    ChunkValidated,
    Intent,
    ProductChange,
    ProductFields,
    Result,
    ShopLimits,
)
from validator.knowledge import Knowledge
from validator.verdict import (
    ANY_TIME,
    SnapshotNeeded,
    Verdict,
    claims_of,
    judge_chunk,
    twins,
    without_duplicates,
)

TAKEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
BEFORE, AFTER = TAKEN - timedelta(minutes=1), TAKEN + timedelta(minutes=1)
SHOP = Knowledge("milano", TAKEN, ("en",), frozenset({1, 2}), ShopLimits())


def item(position: int, reference: str, intent: Intent = Intent.UPSERT, category: int = 2) -> ProductChange:
    fields = ProductFields(name={"en": "Bracket"}, categories=(category,))
    return ProductChange(
        position=position, sequence=position + 100, intent=intent, reference=reference, fields=fields
    )


def chunk_of(*items: ProductChange, submitted_at: datetime = BEFORE) -> ChunkSubmitted:
    chunk = Chunk(
        chunk_id="bulk_1_0",
        submission_id="bulk_1",
        partition=0,
        tenant="acme",
        shop="milano",
        submitted_at=submitted_at,
        total_items=len(items),
    )
    return ChunkSubmitted(chunk=chunk, changes=items)


def verdict_on(*items: ProductChange) -> Verdict:
    verdict = judge_chunk(chunk_of(*items), SHOP)
    assert isinstance(verdict, Verdict)
    return without_duplicates(verdict, claims_of([verdict]))


def test_a_chunk_with_something_open_goes_on_and_carries_its_refusals() -> None:
    message = verdict_on(item(0, "A"), item(1, "B", category=9)).message()

    assert isinstance(message, ChunkValidated)
    assert [c.position for c in message.changes] == [0]
    assert [(o.position, o.sequence, o.result) for o in message.outcomes] == [(1, 101, Result.REFUSED)]


def test_a_chunk_with_nothing_open_is_completed_here() -> None:
    message = verdict_on(item(0, "A", category=8), item(1, "B", category=9)).message()

    assert isinstance(message, ChunkCompleted)
    assert [o.position for o in message.outcomes] == [0, 1]


def test_a_chunk_of_an_unknown_shop_waits_for_any_snapshot() -> None:
    assert judge_chunk(chunk_of(item(0, "A")), None) == SnapshotNeeded(ANY_TIME)


def test_an_unknown_category_may_be_newer_than_the_snapshot() -> None:
    young = chunk_of(item(0, "A", category=9), submitted_at=AFTER)

    assert judge_chunk(young, SHOP) == SnapshotNeeded(AFTER)


def test_a_young_chunk_that_the_snapshot_can_judge_does_not_wait() -> None:
    assert isinstance(judge_chunk(chunk_of(item(0, "A"), submitted_at=AFTER), SHOP), Verdict)


def test_the_second_item_that_creates_a_reference_is_told_the_first() -> None:
    verdict = verdict_on(item(0, "A"), item(1, "B"), item(2, "A", Intent.CREATE))

    assert [c.position for c in verdict.open] == [0, 1]
    (outcome,) = verdict.refused
    assert outcome.position == 2
    assert outcome.reasons[0].code == "duplicate_in_submission"
    assert "Item 0" in outcome.reasons[0].message


def test_updates_of_one_product_may_repeat() -> None:
    verdict = verdict_on(item(0, "A"), item(1, "A", Intent.UPDATE), item(2, "A", Intent.UPDATE))

    assert verdict.refused == ()


def test_a_refused_item_claims_nothing() -> None:
    verdict = verdict_on(item(0, "A", category=9), item(1, "A"))

    assert [c.position for c in verdict.open] == [1]


def test_case_twins_are_two_products_and_are_pointed_out() -> None:
    verdict = verdict_on(
        item(0, "abc"), item(1, "ABC"), item(2, "x"), item(3, "caffe\u0301"), item(4, "caff\u00e9")
    )

    assert len(verdict.open) == 5
    assert twins(verdict) == [("abc", "ABC"), ("caffe\u0301", "caff\u00e9")]
