"""Which pictures of a product go up, which go away, which is the cover, which of them variants show. Pure."""

from collections.abc import Sequence, Set
from dataclasses import dataclass, replace
from datetime import datetime

from common.create_protocol import Post
from common.messages import ImageReference, Reason


@dataclass(frozen=True)
class LedgerEntry:
    """What is known about one picture of one product; with neither id nor refusal, an upload is unanswered.

    `post` is what is outstanding of such an upload.
    """

    sha256: str
    image_id: int | None = None
    post: Post | None = None
    ids_before: tuple[int, ...] = ()
    refused: Reason | None = None

    @property
    def is_unanswered(self) -> bool:
        return self.image_id is None and self.refused is None


@dataclass(frozen=True)
class Variant:
    """What a variant, the shop's combination, is to show: file names among its product's pictures.

    `image_ids` are the pictures that the shop is known to show for it, None where that is not known. Where
    the shop refuses them (`refused`: its words), they are those that it was asked to show.
    """

    reference: str
    combination_id: int
    file_names: tuple[str, ...]
    image_ids: tuple[int, ...] | None = None
    refused: str | None = None


@dataclass(frozen=True)
class VariantLink:
    """The pictures, in order of id, that a variant is to be linked to."""

    variant: Variant
    image_ids: tuple[int, ...]


@dataclass(frozen=True)
class PicturePlan:
    """The difference between the desired list and the ledger.

    `cover_id` and `links` are set once everything is up, `links` also not before the unwanted are gone.
    """

    uploads: tuple[ImageReference, ...] = ()
    deletes: tuple[LedgerEntry, ...] = ()
    unanswered: tuple[LedgerEntry, ...] = ()
    cover_id: int | None = None
    links: tuple[VariantLink, ...] = ()

    @property
    def is_nothing(self) -> bool:
        return not (self.uploads or self.deletes or self.unanswered or self.cover_id or self.links)


@dataclass(frozen=True)
class PictureProduct:
    """A product of a shop with its desired pictures.

    `is_new`: Skuwire has just created it, so that it has no pictures but those of the ledger. `chunk_ids` are
    those of the items that wait for it, `traceparent` is the trace of the oldest. `repeat_at` is set after an
    answer about cover or variants was lost: then they are set once more.
    """

    reference: str
    presta_id: int
    desired: tuple[ImageReference, ...]
    sequence: int
    cover_id: int | None = None
    attempts: int = 0
    changed: bool = False
    ledger: tuple[LedgerEntry, ...] = ()
    variants: tuple[Variant, ...] = ()
    repeat_at: datetime | None = None
    is_new: bool = False
    traceparent: str | None = None
    chunk_ids: tuple[str, ...] = ()

    def with_entry(self, entry: LedgerEntry) -> "PictureProduct":
        """The product after something was learned about one of its pictures."""
        return replace(self, ledger=(*self.without(entry.sha256).ledger, entry))

    def without(self, sha256: str) -> "PictureProduct":
        """The product after one of its pictures was forgotten; its cover, if it was that, is anybody's.

        The shop takes a picture that goes from the variants that showed it.
        """
        gone = {entry.image_id for entry in self.ledger if entry.sha256 == sha256}
        return replace(
            self,
            ledger=tuple(entry for entry in self.ledger if entry.sha256 != sha256),
            cover_id=None if self.cover_id in gone else self.cover_id,
            variants=tuple(_without_pictures(variant, gone) for variant in self.variants),
        )


def plan_pictures(product: PictureProduct) -> PicturePlan:
    """What is to be done, in order: each picture goes up once, those no longer wanted go away."""
    entries = {entry.sha256: entry for entry in product.ledger}
    wanted = distinct(product.desired)
    uploads = tuple(image for image in wanted if image.sha256 not in entries)
    unanswered = tuple(entry for entry in product.ledger if entry.is_unanswered)
    keep = {image.sha256 for image in wanted}
    deletes = tuple(entry for entry in product.ledger if entry.image_id and entry.sha256 not in keep)
    shown = [entries[image.sha256].image_id for image in wanted if image.sha256 in entries]
    first = next(filter(None, shown), None)
    complete = not uploads and not unanswered
    return PicturePlan(
        uploads=uploads,
        deletes=deletes,
        unanswered=unanswered,
        cover_id=first if complete and first != product.cover_id else None,
        links=_links(product) if complete and not deletes else (),
    )


def unshown(product: PictureProduct, variant: Variant) -> dict[str, Reason | None]:
    """File names of a variant that it cannot show, with the reason; None: its product has no such picture."""
    refused = {entry.sha256: entry.refused for entry in product.ledger if entry.refused is not None}
    named = _by_name(product.desired)
    return {
        name: refused[named[name]] if name in named else None
        for name in variant.file_names
        if name not in named or named[name] in refused
    }


def _links(product: PictureProduct) -> tuple[VariantLink, ...]:
    """The variants that are not known to show what they are to show."""
    image_ids = {entry.sha256: entry.image_id for entry in product.ledger}
    named = _by_name(product.desired)
    links = []
    for variant in product.variants:
        shown = {image_ids.get(named[name]) for name in variant.file_names if name in named}
        wanted = tuple(sorted(filter(None, shown)))
        if variant.image_ids != wanted:
            links.append(VariantLink(variant, wanted))
    return tuple(links)


def _by_name(images: Sequence[ImageReference]) -> dict[str, str]:
    """The sha-256 of each file name; of two with one name the first."""
    return {image.file_name: image.sha256 for image in reversed(images)}


def _without_pictures(variant: Variant, gone: Set[int | None]) -> Variant:
    if variant.image_ids is None:
        return variant
    return replace(variant, image_ids=tuple(one for one in variant.image_ids if one not in gone))


def distinct(images: Sequence[ImageReference]) -> list[ImageReference]:
    """Each picture once, where it stands first."""
    first: dict[str, ImageReference] = {}
    for image in images:
        first.setdefault(image.sha256, image)
    return list(first.values())


def uploaded_meanwhile(
    entry: LedgerEntry, ids_now: Sequence[int], ledger: Sequence[LedgerEntry]
) -> list[int]:
    """The shop's pictures that an unanswered upload may have made; a person may have made them as well."""
    known = {other.image_id for other in ledger} | set(entry.ids_before)
    return sorted(image_id for image_id in ids_now if image_id not in known)
