"""Which pictures of a product go up, which go away, which is the cover. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from common.messages import ImageReference, Reason


@dataclass(frozen=True)
class LedgerEntry:
    """What is known about one picture of one product; with neither id nor refusal, an upload was sent."""

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
    """A product of a shop with its desired pictures."""

    reference: str
    presta_id: int
    desired: tuple[ImageReference, ...]
    sequence: int
    cover_id: int | None = None
    attempts: int = 0
    ledger: tuple[LedgerEntry, ...] = field(default=())


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
    return list({image.sha256: image for image in reversed(images)}.values())[::-1]


def uploaded_meanwhile(
    entry: LedgerEntry, ids_now: Sequence[int], ledger: Sequence[LedgerEntry]
) -> int | None:
    """The shop's picture that an unanswered upload has made, if it has made one."""
    known = {other.image_id for other in ledger} | set(entry.ids_before)
    return min((image_id for image_id in ids_now if image_id not in known), default=None)
