"""The plan of a product's pictures: whatever happens on the way, it leads to the desired list."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from common.create_protocol import Adopt, Post, Wait, judge
from common.messages import ImageReference, Reason
from image_processor.plan import (
    LedgerEntry,
    PictureProduct,
    Variant,
    distinct,
    plan_pictures,
    unshown,
    uploaded_meanwhile,
)

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
LATE = timedelta(seconds=120)
REFUSED = Reason(code="picture_unreadable", field="images", message="damaged")
NAMES = "abcdef"

lists = st.lists(st.sampled_from(NAMES), max_size=8)


def images(names: Sequence[str]) -> tuple[ImageReference, ...]:
    return tuple(
        ImageReference(file_name=f"{number}-{name}.jpg", sha256=name) for number, name in enumerate(names)
    )


@dataclass
class ShopProduct:
    """A product as the shop has it: (id, what it shows). None shows a person's picture."""

    pictures: list[tuple[int, str | None]] = field(default_factory=list)
    cover: int | None = None
    last_id: int = 0
    uploads: int = 0
    requests: int = 0
    shown_by: dict[int, tuple[int, ...]] = field(default_factory=dict)  # by combination

    def add(self, shows: str | None) -> int:
        self.last_id += 1
        self.pictures.append((self.last_id, shows))
        self.cover = self.cover or self.last_id
        return self.last_id

    def upload(self, name: str) -> int:
        self.uploads += 1
        self.requests += 1
        return self.add(name)

    def delete(self, image_id: int | None) -> None:
        self.requests += 1
        self.pictures = [picture for picture in self.pictures if picture[0] != image_id]
        self.shown_by = {
            combination: tuple(one for one in ids if one != image_id)
            for combination, ids in self.shown_by.items()
        }
        if self.cover == image_id:
            self.cover = next((one for one, _ in self.pictures), None)

    @property
    def ids(self) -> list[int]:
        return [image_id for image_id, _ in self.pictures]

    def shows(self, image_id: int | None) -> str | None:
        return dict(self.pictures).get(image_id or 0)


def carry_out(product: PictureProduct, shop: ShopProduct, unreadable: frozenset[str]) -> PictureProduct:
    """A pass in which nothing goes wrong."""
    for image in plan_pictures(product).uploads:
        if image.sha256 in unreadable:
            product = product.with_entry(LedgerEntry(image.sha256, refused=REFUSED))
        else:
            product = product.with_entry(LedgerEntry(image.sha256, image_id=shop.upload(image.sha256)))
    for entry in plan_pictures(product).deletes:
        shop.delete(entry.image_id)
        product = product.without(entry.sha256)
    cover_id = plan_pictures(product).cover_id
    if cover_id is not None:
        shop.requests += 1
        shop.cover = cover_id
        product = replace(product, cover_id=cover_id)
    links = plan_pictures(product).links
    shop.requests += bool(links)
    for link in links:
        shop.shown_by[link.variant.combination_id] = link.image_ids
    linked = {link.variant: replace(link.variant, image_ids=link.image_ids) for link in links}
    return replace(product, variants=tuple(linked.get(v, v) for v in product.variants))


@given(st.lists(lists, min_size=1, max_size=5), st.frozensets(st.sampled_from(NAMES)), st.booleans())
def test_carrying_out_the_plan_leads_to_each_desired_list(
    wanted: list[list[str]], unreadable: frozenset[str], person_was_first: bool
) -> None:
    shop = ShopProduct()
    if person_was_first:
        shop.add(None)
    product = PictureProduct("R", 1, (), 0)
    for names in wanted:
        product = carry_out(replace(product, desired=images(names)), shop, unreadable)
        shown = {name for name in names if name not in unreadable}
        ours = [name for _, name in shop.pictures if name is not None]
        assert sorted(ours) == sorted(shown)  # all that can be shown, each once, and no other
        assert [name for _, name in shop.pictures if name is None] == [None] * person_was_first
        first = next((name for name in names if name in shown), None)
        assert first is None or shop.shows(shop.cover) == first
        assert plan_pictures(product).is_nothing
        requests = shop.requests
        product = carry_out(product, shop, unreadable)  # the same list again
        assert shop.requests == requests


file_names = st.sampled_from([f"{name}.jpg" for name in NAMES])
named_lists = st.dictionaries(file_names, st.sampled_from(NAMES), max_size=4)
"""Pictures by file name: the same name may come with other bytes, the same bytes under two names."""


@given(
    st.lists(st.tuples(named_lists, st.lists(file_names, unique=True, max_size=3)), min_size=1, max_size=5),
    st.frozensets(st.sampled_from(NAMES)),
)
def test_a_variant_shows_the_pictures_that_it_names_whatever_becomes_of_the_list(
    changes: list[tuple[dict[str, str], list[str]]], unreadable: frozenset[str]
) -> None:
    shop = ShopProduct()
    product = PictureProduct("R", 1, (), 0, variants=(Variant("S", 7, ()),))
    for listed, names in changes:
        desired = tuple(ImageReference(file_name=name, sha256=sha) for name, sha in listed.items())
        (variant,) = product.variants
        product = replace(product, desired=desired, variants=(replace(variant, file_names=tuple(names)),))
        product = carry_out(product, shop, unreadable)

        can_be_shown = {name for name, sha in listed.items() if sha not in unreadable}
        wanted = {listed[name] for name in names if name in can_be_shown}
        assert {shop.shows(one) for one in shop.shown_by[7]} == wanted
        assert set(unshown(product, product.variants[0])) == set(names) - can_be_shown
        requests = shop.requests
        product = carry_out(product, shop, unreadable)
        assert shop.requests == requests


@given(lists)
def test_a_list_keeps_its_order_and_each_picture_stands_where_it_stood_first(names: list[str]) -> None:
    kept = [image.sha256 for image in distinct(images(names))]
    assert kept == sorted(set(names), key=names.index)


@dataclass
class Ending:
    """How an upload ends: written or not, and how many seconds after it was sent; the answer may be lost."""

    written: bool
    after_seconds: int
    answered: bool


UNHURRIED = (200,) * 14  # seconds between passes: two for each ending, and two more

endings = st.builds(Ending, written=st.booleans(), after_seconds=st.integers(0, 119), answered=st.booleans())


@given(
    lists,
    st.lists(endings, max_size=6),
    st.lists(st.integers(1, 200), min_size=40, max_size=40),
    st.sets(st.integers(0, 39)),
)
def test_an_unanswered_upload_is_never_repeated_before_it_is_conclusive(
    names: list[str], script: list[Ending], pauses: list[int], persons: set[int]
) -> None:
    """Passes at any times, with answers lost, writes that come late and a person who adds pictures.

    In the end there is time enough for whatever was sent to be conclusive.
    """
    shop, now = ShopProduct(), NOON
    late: list[tuple[datetime, str]] = []
    product = PictureProduct("R", 1, images(names), 1)
    endings_left = list(script)
    for number, pause in enumerate([*pauses, *UNHURRIED]):
        now += timedelta(seconds=pause)
        for moment, name in [one for one in late if one[0] <= now]:
            late.remove((moment, name))
            shop.upload(name)
        if number in persons:
            shop.add(None)
        product = one_pass(product, shop, number, now, late=late, script=endings_left)
    assert sorted(name for _, name in shop.pictures if name) == sorted(set(names))
    assert [name for _, name in shop.pictures].count(None) == len(persons)
    assert {entry.image_id for entry in product.ledger} <= {one for one, name in shop.pictures if name}


def one_pass(
    product: PictureProduct,
    shop: ShopProduct,
    epoch: int,
    now: datetime,
    *,
    late: list[tuple[datetime, str]],
    script: list[Ending],
) -> PictureProduct:
    for entry in plan_pictures(product).unanswered:
        candidates = uploaded_meanwhile(entry, shop.ids, product.ledger)
        ours = next((one for one in candidates if shop.shows(one) == entry.sha256), None)
        verdict = judge(entry.post, found=ours is not None, epoch=epoch, now=now, patience=LATE)
        if isinstance(verdict, Wait):
            waiting = replace(entry, post=verdict.post)
            return product.without(entry.sha256).with_entry(waiting)
        product = product.without(entry.sha256)
        if isinstance(verdict, Adopt):
            product = product.with_entry(LedgerEntry(entry.sha256, image_id=ours))
    for image in plan_pictures(product).uploads:
        ending = script.pop() if script else Ending(written=True, after_seconds=0, answered=True)
        if ending.answered:
            image_id = shop.upload(image.sha256)
            product = product.with_entry(LedgerEntry(image.sha256, image_id=image_id))
            continue
        if ending.written:
            late.append((now + timedelta(seconds=ending.after_seconds), image.sha256))
        unanswered = LedgerEntry(image.sha256, post=Post(epoch), ids_before=tuple(shop.ids))
        return product.with_entry(unanswered)
    return product


def test_only_pictures_that_nobody_accounts_for_may_be_an_unanswered_upload() -> None:
    ledger = [LedgerEntry("a", image_id=4), LedgerEntry("b", ids_before=(1, 4))]
    assert uploaded_meanwhile(ledger[1], [9, 1, 4, 7], ledger) == [7, 9]


def test_nothing_is_planned_for_the_cover_before_all_pictures_are_up() -> None:
    product = PictureProduct("R", 1, images("ab"), 1, ledger=(LedgerEntry("a", image_id=4),))
    assert plan_pictures(product).cover_id is None
    assert plan_pictures(product.with_entry(LedgerEntry("b", image_id=5))).cover_id == 4
