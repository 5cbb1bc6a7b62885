"""What holds for every change, chunk and shop: generated, not chosen."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from common.messages import (
    Brand,
    Chunk,
    ChunkSubmitted,
    ChunkValidated,
    Discount,
    ImageReference,
    Intent,
    ProductChange,
    ProductFields,
    ShopLimits,
    Supplier,
    TechnicalDatum,
    Variant,
    decode,
)
from validator.knowledge import Knowledge
from validator.number_rules import check_digit
from validator.reasons import WORDINGS, show
from validator.rules import judge
from validator.verdict import Verdict, claims_of, judge_chunk, without_duplicates

TAKEN = datetime(2026, 1, 1, tzinfo=UTC)

# A busy machine must not make a law fail.
law = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

words = st.text(max_size=12) | st.sampled_from(["", " ", "Coffee", "<5 %", "a\x00b", "<script>", "x" * 300])
texts = st.none() | st.dictionaries(st.sampled_from(["*", "en", "it", "es"]) | words, words, max_size=3)
decimals = st.none() | st.decimals(allow_nan=False, allow_infinity=False) | st.just(Decimal("1e999"))
integers = st.none() | st.integers() | st.just(10**5000)
categories = st.integers(0, 20)

fields = st.builds(
    ProductFields,
    name=texts,
    summary=texts,
    description=texts,
    slug=texts,
    meta_title=texts,
    meta_description=texts,
    price=decimals,
    quantity=integers,
    warehouses=st.none() | st.dictionaries(words, st.integers(), max_size=2),
    minimal_quantity=integers,
    active=st.none() | st.booleans(),
    available_for_order=st.none() | st.booleans(),
    visibility=st.none() | words,
    condition=st.none() | words,
    tax_rules_group=integers,
    categories=st.none() | st.lists(categories, max_size=3).map(tuple),
    default_category=st.none() | categories,
    ean13=st.none() | words | st.from_regex(r"[0-9]{13}", fullmatch=True),
    weight=decimals,
    brand=st.none() | st.builds(Brand, name=words, description=st.none() | words),
    technical_data=st.none()
    | st.lists(st.builds(TechnicalDatum, group=words, name=words, value=words, unit=words), max_size=3).map(
        tuple
    ),
    images=st.none()
    | st.lists(st.builds(ImageReference, file_name=words, sha256=words), max_size=3).map(tuple),
    discounts=st.none()
    | st.lists(
        st.builds(
            Discount,
            from_quantity=st.integers(-1, 3),
            percentage=decimals,
            amount=decimals,
            starts=st.none() | st.dates(),
            ends=st.none() | st.dates(),
        ),
        max_size=3,
    ).map(tuple),
    supplier=st.none() | st.builds(Supplier, name=words, reference=st.none() | words),
    variants=st.none()
    | st.lists(
        st.builds(
            Variant,
            reference=words,
            options=st.dictionaries(words, words, max_size=2),
            price_impact=decimals,
            quantity=integers,
            images=st.none() | st.lists(words, max_size=2).map(tuple),
        ),
        max_size=2,
    ).map(tuple),
    variant_quantities=st.none() | st.dictionaries(words, st.integers(), max_size=2),
)


def only_set(full: ProductFields, names: set[str]) -> ProductFields:
    return ProductFields.model_construct(_fields_set=names, **{name: getattr(full, name) for name in names})


partial_fields = st.builds(
    only_set, fields, st.sets(st.sampled_from(sorted(ProductFields.model_fields)), max_size=5)
)


def changes(references: st.SearchStrategy[str | None]) -> st.SearchStrategy[ProductChange]:
    return st.builds(
        ProductChange,
        position=st.integers(0, 10_000),
        sequence=st.integers(1),
        intent=st.sampled_from(Intent),
        reference=references,
        product_id=integers,
        presta_id=integers,
        fields=partial_fields,
    )


any_change = changes(st.none() | words)
shops = st.builds(
    Knowledge,
    shop=st.just("milano"),
    taken_at=st.just(TAKEN),
    languages=st.sampled_from([("en",), ("en", "it")]),
    categories=st.frozensets(categories, max_size=15),
    limits=st.builds(ShopLimits, name_length=st.integers(1, 300), summary_length=st.integers(1, 900)),
    check_digits=st.booleans(),
)


def a_chunk(
    items: list[ProductChange], *, submitted_at: datetime = TAKEN - timedelta(hours=1)
) -> ChunkSubmitted:
    numbered = tuple(item.model_copy(update={"position": place}) for place, item in enumerate(items))
    chunk = Chunk(
        chunk_id="bulk_1_0",
        submission_id="bulk_1",
        partition=0,
        tenant="acme",
        shop="milano",
        submitted_at=submitted_at,
        total_items=len(numbered),
    )
    return ChunkSubmitted(chunk=chunk, changes=numbered)


def judged(submitted: ChunkSubmitted, shop: Knowledge) -> Verdict:
    verdict = judge_chunk(submitted, shop)
    assert isinstance(verdict, Verdict)
    return verdict


@law
@given(any_change, shops)
def test_judging_never_fails_and_every_reason_is_a_known_one(change: ProductChange, shop: Knowledge) -> None:
    for reason in judge(change, shop):
        assert reason.code in WORDINGS
        assert reason.message.isprintable()


@law
@given(st.lists(any_change, max_size=6), shops)
def test_every_item_goes_on_or_is_refused_with_a_reason_and_none_is_lost(
    items: list[ProductChange], shop: Knowledge
) -> None:
    submitted = a_chunk(items)

    verdict = judged(submitted, shop)

    assert all(judge(change, shop) == () for change in verdict.open)
    assert all(outcome.reasons for outcome in verdict.refused)
    positions = [c.position for c in verdict.open] + [o.position for o in verdict.refused]
    assert sorted(positions) == [c.position for c in submitted.changes]


@law
@given(st.lists(any_change, max_size=5).flatmap(lambda i: st.tuples(st.just(i), st.permutations(i))), shops)
def test_what_is_said_of_an_item_does_not_depend_on_its_neighbours(
    orders: tuple[list[ProductChange], list[ProductChange]], shop: Knowledge
) -> None:
    first, second = (judged(a_chunk(items), shop) for items in orders)

    def said(verdict: Verdict) -> list[tuple[int, str]]:
        return sorted((o.sequence, str(o.reasons)) for o in verdict.refused)

    assert said(first) == said(second)


@law
@given(any_change, shops, categories)
def test_a_category_more_in_the_shop_never_brings_a_refusal_more(
    change: ProductChange, shop: Knowledge, category: int
) -> None:
    richer = replace(shop, categories=shop.categories | {category})

    assert set(judge(change, richer)) <= set(judge(change, shop))


def can_arrive(submitted: ChunkSubmitted) -> bool:
    """Whether it can be read from the broker: not with an integer of more than 4,300 digits."""
    try:
        decode(submitted.message_type, submitted.to_json())
    except ValidationError:
        return False
    return True


@law
@given(st.lists(any_change, max_size=4), shops)
def test_what_goes_on_is_exactly_what_was_sent(items: list[ProductChange], shop: Knowledge) -> None:
    submitted = a_chunk(items)
    verdict = judged(submitted, shop)
    message = ChunkValidated(chunk=verdict.chunk, changes=verdict.open, outcomes=verdict.refused)

    sent = {change.position: change for change in submitted.changes}
    for change in verdict.open:
        assert change is sent[change.position]
    if can_arrive(submitted):
        read = decode(message.message_type, message.to_json())
        assert isinstance(read, ChunkValidated)
        assert [c.fields.model_fields_set for c in read.changes] == [
            c.fields.model_fields_set for c in verdict.open
        ]


few_references = st.builds(
    ProductChange,
    position=st.just(0),
    sequence=st.integers(1),
    intent=st.sampled_from(Intent),
    reference=st.sampled_from(["A", "B", "a"]),
    fields=st.just(ProductFields(name={"en": "x"})),
)
generous = Knowledge("milano", TAKEN, ("en", "it"), frozenset(range(21)), ShopLimits())


@law
@given(st.lists(few_references, max_size=8), st.randoms(use_true_random=False))
def test_a_submission_creates_a_reference_once_in_whatever_order_its_chunks_arrive(
    items: list[ProductChange], random: Random
) -> None:
    submitted = a_chunk(items)
    chunks = [submitted.model_copy(update={"changes": (change,)}) for change in submitted.changes]
    random.shuffle(chunks)
    holders: dict[tuple[str, str], int] = {}
    settled: list[Verdict] = []

    for chunk in [*chunks, *chunks]:  # every chunk comes twice
        verdict = judged(chunk, generous)
        for claim, position in claims_of([verdict]).items():
            holders.setdefault(claim, position)  # what the database does: the first to come holds it
        settled.append(without_duplicates(verdict, holders))

    first_time, second_time = settled[: len(chunks)], settled[len(chunks) :]
    assert first_time == second_time
    creating = [c.reference for v in first_time for c in v.open if c.intent in {Intent.CREATE, Intent.UPSERT}]
    wanted = {c.reference for c in submitted.changes if c.intent in {Intent.CREATE, Intent.UPSERT}}
    assert sorted(map(str, creating)) == sorted(map(str, wanted))


@law
@given(st.from_regex(r"[0-9]{12}", fullmatch=True))
def test_the_check_digit_makes_the_weighted_sum_a_multiple_of_ten(digits: str) -> None:
    whole = digits + str(check_digit(digits))

    assert sum(int(d) * (1, 3)[i % 2] for i, d in enumerate(whole)) % 10 == 0


@law
@given(st.text())
def test_a_shown_value_is_short_and_printable(text: str) -> None:
    assert len(show(text)) <= 40
    assert show(text).isprintable()
