"""Which pictures of a product go up, which go away, which is the cover. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from common.messages import ImageReference, Reason


@dataclass(frozen=True)
class LedgerEntry:
    """What is known about one picture of one product; with neither id nor refusal, an upload is unanswered.

    `uploaded_at` is when such an upload was sent; None once the shop has surely ended its work on it.
    """

    sha256: str
    image_id: int | None = None
    uploaded_at: datetime | None = None
    ids_before: tuple[int, ...] = ()
    refused: Reason | None = None

    @property
    def is_unanswered(self) -> bool:
        return self.image_id is None and self.refused is None


@dataclass(frozen=True)
class PicturePlan:
    """The difference between the desired list and the ledger. `cover_id` is set once everything is up."""

    uploads: tuple[ImageReference, ...] = ()
    deletes: tuple[LedgerEntry, ...] = ()
    unanswered: tuple[LedgerEntry, ...] = ()
    cover_id: int | None = None

    @property
    def is_nothing(self) -> bool:
        return not (self.uploads or self.deletes or self.unanswered or self.cover_id)


@dataclass(frozen=True)
class PictureProduct:
    """A product of a shop with its desired pictures.

    `is_new`: Skuwire has just created it, so that it has no pictures but those of the ledger. `chunk_ids` are
    those of the items that wait for it, `traceparent` is the trace of the oldest.
    """

    reference: str
    presta_id: int
    desired: tuple[ImageReference, ...]
    sequence: int
    cover_id: int | None = None
    attempts: int = 0
    changed: bool = False
    ledger: tuple[LedgerEntry, ...] = ()
    is_new: bool = False
    traceparent: str | None = None
    chunk_ids: tuple[str, ...] = ()

    def with_entry(self, entry: LedgerEntry) -> "PictureProduct":
        """The product after something was learned about one of its pictures."""
        return replace(self, ledger=(*self.without(entry.sha256).ledger, entry))

    def without(self, sha256: str) -> "PictureProduct":
        """The product after one of its pictures was forgotten; its cover, if it was that, is anybody's."""
        gone = {entry.image_id for entry in self.ledger if entry.sha256 == sha256}
        return replace(
            self,
            ledger=tuple(entry for entry in self.ledger if entry.sha256 != sha256),
            cover_id=None if self.cover_id in gone else self.cover_id,
        )


class Fate(StrEnum):
    """What became of an upload whose answer never came."""

    WRITTEN = "written"
    UNDECIDED = "undecided"  # the shop may still write it: neither repeat nor forget
    NOT_WRITTEN = "not_written"


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
    )


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


def fate_of(entry: LedgerEntry, *, found: bool, now: datetime, conclusive_at: datetime) -> Fate:
    """Judge an unanswered upload: whether the shop shows it was `found`, from `conclusive_at` for good."""
    if found:
        return Fate.WRITTEN
    if entry.uploaded_at is not None and now < conclusive_at:
        return Fate.UNDECIDED
    return Fate.NOT_WRITTEN
