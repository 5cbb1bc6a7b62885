"""What a dry run tells of pictures is what a real run does."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    ImageReference,
    Intent,
    ItemOutcome,
    PictureWork,
    Reason,
    Result,
    ShopRequests,
    VariantPictures,
)
from image_processor.plan import LedgerEntry, PictureProduct, Variant, plan_pictures
from image_processor.rehearsal import added, rehearse

REFUSED = Reason(code="picture_unreadable", field="images", message="damaged")


def image(name: str) -> ImageReference:
    return ImageReference(file_name=f"{name}.jpg", sha256=name * 8)


def work(
    *names: str,
    result: Result = Result.UPDATED,
    presta_id: int | None = 5,
    position: int = 0,
    keeps_images: bool = False,
    variants: tuple[VariantPictures, ...] | None = None,
) -> PictureWork:
    outcome = ItemOutcome(
        position=position,
        sequence=position + 1,
        intent=Intent.UPSERT,
        result=result,
        reference="R",
        presta_id=presta_id,
    )
    images = tuple(image(name) for name in names)
    return PictureWork(outcome=outcome, images=images, keeps_images=keeps_images, variants=variants)


def shown(*names: str) -> PictureProduct:
    """A product that shows these pictures."""
    ledger = tuple(LedgerEntry(image(name).sha256, image_id=at) for at, name in enumerate(names, 10))
    return PictureProduct("R", 5, tuple(map(image, names)), 0, 10 if names else None, ledger=ledger)


def rehearsed(
    known: PictureProduct | None, *items: PictureWork, has_patch: bool = True
) -> tuple[tuple[ItemOutcome, ...], tuple[ShopRequests, ...]]:
    told = rehearse(known, items, has_patch=has_patch)
    return told.outcomes, told.requests


def asked(requests: tuple[ShopRequests, ...]) -> dict[str, tuple[int, int]]:
    return {f"{one.method} {one.resource}": (one.requests, one.entities) for one in requests}


def test_a_product_that_would_be_created_gets_all_its_pictures() -> None:
    (outcome,), requests = rehearsed(None, work("a", "b", result=Result.CREATED, presta_id=None))
    assert asked(requests) == {"POST images": (2, 2)}
    assert (outcome.images_processed, outcome.presta_id) == (2, None)
    (change,) = outcome.changes
    assert (change.field, change.before) == ("images", None)
    assert change.after == ["a.jpg (aaaaaaaa)", "b.jpg (bbbbbbbb)"]


def test_what_is_shown_already_costs_nothing_and_changes_nothing() -> None:
    (outcome,), requests = rehearsed(shown("a", "b"), work("a", "b", result=Result.UNCHANGED))
    assert (outcome.result, outcome.changes, requests) == (Result.UNCHANGED, (), ())
    assert outcome.images_processed == 2


def test_a_list_that_differs_is_told_with_its_requests() -> None:
    (outcome,), requests = rehearsed(shown("a", "b"), work("c", "b", result=Result.UNCHANGED))
    assert asked(requests) == {
        "GET images": (1, 0),
        "POST images": (1, 1),
        "DELETE images": (1, 1),
        "PATCH products": (1, 1),
    }
    assert outcome.result is Result.UPDATED
    assert outcome.changes[0].before == ["a.jpg (aaaaaaaa)", "b.jpg (bbbbbbbb)"]


def test_without_patch_another_cover_is_a_read_and_a_write() -> None:
    _, requests = rehearsed(shown("a", "b"), work("b", "a"), has_patch=False)
    assert asked(requests) == {"GET products": (1, 0), "PUT products": (1, 1)}


def test_a_product_that_would_be_made_anew_gets_its_pictures_anew() -> None:
    _, requests = rehearsed(shown("a"), work("a", result=Result.CREATED, presta_id=None))
    assert asked(requests) == {"POST images": (1, 1)}


def test_variants_are_told_by_their_reference() -> None:
    product = replace(shown("a", "b"), variants=(Variant("L", 7, ("a.jpg",), (10,)),))
    named = (
        VariantPictures(reference="L", presta_id=7, file_names=("b.jpg",)),
        VariantPictures(reference="S", presta_id=8, file_names=("a.jpg", "z.jpg")),
    )
    (outcome,), requests = rehearsed(
        product, work(keeps_images=True, result=Result.UNCHANGED, variants=named)
    )
    assert asked(requests) == {"PATCH combinations": (1, 2)}
    assert [(one.field, one.before, one.after) for one in outcome.changes] == [
        ("variants.L.images", ["a.jpg (aaaaaaaa)"], ["b.jpg (bbbbbbbb)"]),
        ("variants.S.images", None, ["a.jpg (aaaaaaaa)"]),
    ]
    assert [warning.field for warning in outcome.warnings] == ["variants.S.images"]


def test_of_two_items_of_a_product_the_newest_list_is_brought_once() -> None:
    items = work("a", position=0), work("b", position=1)
    outcomes, requests = rehearsed(None, *items)
    assert asked(requests) == {"GET images": (1, 0), "POST images": (1, 1)}
    assert [len(outcome.changes) for outcome in outcomes] == [0, 1]


def test_the_pictures_of_a_product_that_would_be_deleted_cost_nothing() -> None:
    outcomes, requests = rehearsed(shown("a"), work(result=Result.DELETED))
    assert ([outcome.result for outcome in outcomes], requests) == ([Result.DELETED], ())


lists = st.lists(st.sampled_from("abcdef"), max_size=6)


@given(lists, lists, st.frozensets(st.sampled_from("abcdef")))
def test_what_is_told_is_the_difference_between_what_is_shown_and_what_is_wanted(
    held: list[str], wanted: list[str], refused: frozenset[str]
) -> None:
    before = shown(*dict.fromkeys(held))
    for name in refused - set(held):
        before = before.with_entry(LedgerEntry(image(name).sha256, refused=REFUSED))
    (outcome,), requests = rehearsed(before, work(*wanted, result=Result.UNCHANGED))

    counted = asked(requests)
    assert counted.get("POST images", (0, 0))[0] == len(set(wanted) - set(held))
    assert counted.get("DELETE images", (0, 0))[0] == len(set(held) - set(wanted))
    assert outcome.images_processed == len(set(wanted))
    real = replace(before, desired=tuple(map(image, wanted)))
    retried = replace(real, ledger=tuple(entry for entry in real.ledger if entry.refused is None))
    assert (outcome.result is Result.UPDATED) == (not plan_pictures(retried).is_nothing)
    assert bool(outcome.changes) == (outcome.result is Result.UPDATED)


def test_requests_of_one_kind_are_added_up() -> None:
    one = ShopRequests(method="POST", resource="images", requests=1, entities=1)
    other = ShopRequests(method="PATCH", resource="products", requests=1, entities=25)
    assert added([one, other, one]) == (one.model_copy(update={"requests": 2, "entities": 2}), other)


def test_a_cover_is_proved_where_pictures_change_and_one_is_left() -> None:
    def is_to_prove(*names: str) -> bool:
        return rehearse(shown("a"), [work(*names)], has_patch=True).is_to_prove

    assert is_to_prove("b")
    assert not is_to_prove("a")
    assert not is_to_prove()
