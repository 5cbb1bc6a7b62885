"""What a dialect makes of a body: drafts of changes, before pictures are stored and ids are given."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from common.messages import Intent, Reason


@dataclass
class SentImage:
    """A picture as it was sent: in base64, or as the sha-256 of bytes that were sent before.

    `base64` is the name under which the bytes were cut out of the body. An image with neither has been found
    wrong already.
    """

    path: str  # of the image in the body, for example `images[0]`
    file_name: str
    base64: str | None = field(default=None, repr=False)
    sha256: str | None = None


@dataclass
class Draft:
    """One readable item. `fields` are those of `ProductFields`, by name; absent is not None."""

    position: int
    intent: Intent
    reference: str | None = None
    product_id: int | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    images: Sequence[SentImage] | None = None  # None = the pictures stay as they are
    item: Mapping[str, Any] = field(default_factory=dict, repr=False)  # as sent, without picture bytes
    presta_id: int | None = None


@dataclass(frozen=True)
class RefusedItem:
    """An item that is refused at the door and goes into no chunk."""

    position: int
    intent: Intent
    reasons: tuple[Reason, ...]
    reference: str | None = None
    product_id: int | None = None
    item: Mapping[str, Any] = field(default_factory=dict, repr=False)
    images: Sequence[SentImage] = ()  # still to be looked at, so that every violation is told at once


@dataclass(frozen=True)
class SentProducts:
    """What one request hands in. A `dry_run` changes nothing and is told what it would.

    `digest` is that of the body, where the request has an idempotency key.
    """

    entries: Sequence[Draft | RefusedItem]
    dry_run: bool = False
    digest: bytes = field(default=b"", repr=False)


def refused(draft: Draft, *reasons: Reason) -> RefusedItem:
    """The draft as a refused item."""
    return RefusedItem(
        draft.position, draft.intent, reasons, draft.reference, draft.product_id, item=draft.item
    )
