"""What a dry run would do to the pictures of products: their plans, carried out on paper. Pure.

Every picture that is sent counts as one that can be shown, and a product as one that has no pictures but
those of the ledger: whether that is so, only a real run can tell.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from common.messages import FieldChange, ImageReference, ItemOutcome, PictureWork, Result, ShopRequests
from image_processor.outcomes import outcome_of
from image_processor.plan import LedgerEntry, PictureProduct, Variant, VariantLink, distinct, plan_pictures

FIRST_ID_ON_PAPER = 2_000_000_000  # above every id of a real shop
SHA256_PREFIX = 8  # enough to tell the pictures of a product apart


@dataclass(frozen=True)
class Rehearsed:
    """What the items of a product would be told, and the requests that they would cost together.

    `is_to_prove`: its cover would be read afterwards, where the shop's owner wants proof.
    """

    outcomes: tuple[ItemOutcome, ...]
    requests: tuple[ShopRequests, ...] = ()
    is_to_prove: bool = False


READ_BACK = ShopRequests(method="GET", resource="products", requests=1, entities=0)
"""The covers of a pass, which are proved together."""


def rehearse(known: PictureProduct | None, work: Sequence[PictureWork], *, has_patch: bool) -> Rehearsed:
    """Carry out on paper what the items of one product want.

    `known` is the product as it stands; None where it never had pictures of ours. What would change is told
    to the newest item.
    """
    gone = [entry.outcome for entry in work if entry.outcome.result is Result.DELETED]
    remaining = [entry for entry in work if entry.outcome.result is not Result.DELETED]
    if not remaining:
        return Rehearsed(tuple(gone))  # the pictures go with the product
    in_order = sorted(remaining, key=lambda entry: entry.outcome.sequence)
    before = _before(None if gone else known, in_order)
    paper = _Paper(has_patch, _wanted(before, in_order))
    paper.carry_out()
    outcomes = [outcome_of(paper.product, entry.images, entry.outcome) for entry in in_order]
    if paper.product.changed:
        changes = (*outcomes[-1].changes, *_changes(before, paper))
        outcomes[-1] = outcomes[-1].model_copy(update={"changes": changes})
    is_to_prove = paper.product.changed and paper.product.cover_id is not None
    return Rehearsed((*gone, *outcomes), paper.shop_requests(), is_to_prove)


def added(requests: Iterable[ShopRequests]) -> tuple[ShopRequests, ...]:
    """Requests of one kind as one entry, in order of first use."""
    numbers: Counter[tuple[str, str]] = Counter()
    entities: Counter[tuple[str, str]] = Counter()
    for entry in requests:
        numbers[entry.method, entry.resource] += entry.requests
        entities[entry.method, entry.resource] += entry.entities
    return tuple(
        ShopRequests(method=method, resource=resource, requests=number, entities=entities[method, resource])
        for (method, resource), number in numbers.items()
    )


def _before(known: PictureProduct | None, in_order: Sequence[PictureWork]) -> PictureProduct:
    """The product before the run; one that would be created has its list, if it had one, and no picture."""
    newest = in_order[-1].outcome
    is_new = any(entry.outcome.result is Result.CREATED for entry in in_order)
    if known is not None and known.presta_id == newest.presta_id:
        return replace(known, is_new=is_new, changed=False)
    desired = known.desired if known is not None else ()
    return PictureProduct(str(newest.reference), newest.presta_id or 0, desired, 0, is_new=is_new)


def _wanted(before: PictureProduct, in_order: Sequence[PictureWork]) -> PictureProduct:
    """The product as it is wanted; what could not be shown so far is tried again."""
    lists = [entry.images for entry in in_order if not entry.keeps_images]
    variants = {variant.reference: variant for variant in before.variants}
    for entry in in_order:
        for named in entry.variants or ():
            held = variants.get(named.reference)
            same = held is not None and held.combination_id == named.presta_id
            image_ids = held.image_ids if held is not None and same else None
            variants[named.reference] = Variant(named.reference, named.presta_id, named.file_names, image_ids)
    return replace(
        before,
        desired=lists[-1] if lists else before.desired,
        ledger=tuple(entry for entry in before.ledger if entry.refused is None),
        variants=tuple(
            variant if variant.refused is None else replace(variant, image_ids=None, refused=None)
            for variant in variants.values()
        ),
    )


@dataclass
class _Paper:
    """A plan carried out: the product after it, and what was asked of the shop."""

    has_patch: bool
    product: PictureProduct
    requests: list[ShopRequests] = field(default_factory=list)
    links: tuple[VariantLink, ...] = ()
    last_id: int = FIRST_ID_ON_PAPER

    def carry_out(self) -> None:
        """The steps of `product_pictures`, in their order."""
        plan = plan_pictures(self.product)
        had = [entry for entry in self.product.ledger if not entry.is_unanswered]
        if plan.unanswered or (plan.uploads and not (self.product.is_new and not had)):
            self._ask("GET", "images", 0)
        for sha256 in [entry.sha256 for entry in plan.unanswered] + [one.sha256 for one in plan.uploads]:
            self._show(sha256)
        first_of_all = None if had or not plan.uploads else self._id_of(plan.uploads[0])
        for _ in plan.uploads:
            self._ask("POST", "images", 1)
        for entry in plan_pictures(self.product).deletes:
            self._ask("DELETE", "images", 1)
            self.product = self.product.without(entry.sha256)
        cover_id = plan_pictures(self.product).cover_id
        if cover_id is not None:
            if cover_id != first_of_all:
                self._change("products", 1)
            self.product = replace(self.product, cover_id=cover_id)
        self.links = plan_pictures(self.product).links
        if self.links:
            self._change("combinations", len(self.links))
        done = any(request.method != "GET" for request in self.requests)
        self.product = replace(self.product, changed=done)

    def shop_requests(self) -> tuple[ShopRequests, ...]:
        return added(self.requests)

    def _show(self, sha256: str) -> None:
        self.last_id += 1
        self.product = self.product.with_entry(LedgerEntry(sha256, image_id=self.last_id))

    def _id_of(self, image: ImageReference) -> int | None:
        return next(entry.image_id for entry in self.product.ledger if entry.sha256 == image.sha256)

    def _ask(self, method: str, resource: str, entities: int) -> None:
        request = ShopRequests(method=method, resource=resource, requests=1, entities=entities)
        self.requests.append(request)

    def _change(self, resource: str, entities: int) -> None:
        """A PATCH; without one (PrestaShop 1.7), the entities are read and written whole."""
        if not self.has_patch:
            self._ask("GET", resource, 0)
        self._ask("PATCH" if self.has_patch else "PUT", resource, entities)


def _changes(before: PictureProduct, paper: _Paper) -> list[FieldChange]:
    """What would be shown otherwise: the list, and what variants show."""
    changes = []
    shown, wanted = _shown(before), [_named(image) for image in distinct(paper.product.desired)]
    if shown != wanted:
        changes.append(FieldChange(field="images", before=list(shown) or None, after=list(wanted)))
    for link in paper.links:
        field_path = f"variants.{link.variant.reference}.images"
        held = link.variant.image_ids
        earlier = None if held is None else list(_names(before, held))
        later = list(_names(paper.product, link.image_ids))
        changes.append(FieldChange(field=field_path, before=earlier, after=later))
    return changes


def _shown(product: PictureProduct) -> list[str]:
    """The pictures that the shop is known to show, in the order of the list."""
    shown = {entry.sha256 for entry in product.ledger if entry.image_id is not None}
    listed = [image for image in distinct(product.desired) if image.sha256 in shown]
    others = sorted(shown - {image.sha256 for image in listed})
    return [_named(image) for image in listed] + [sha256[:SHA256_PREFIX] for sha256 in others]


def _names(product: PictureProduct, image_ids: Sequence[int]) -> list[str]:
    """The pictures with these ids, in the order of the list."""
    sha256s = {entry.sha256 for entry in product.ledger if entry.image_id in image_ids}
    return [_named(image) for image in distinct(product.desired) if image.sha256 in sha256s]


def _named(image: ImageReference) -> str:
    return f"{image.file_name} ({image.sha256[:SHA256_PREFIX]})"
