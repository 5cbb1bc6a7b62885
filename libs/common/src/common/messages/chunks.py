"""The chunk: at most 50 product changes that travel through the stations as one message.

submitted (gateway) → validated (validator) → written (prestashop-writer) → completed (the station that
leaves no item open). While a station works, it may tell how far it is (progressed).
"""

from datetime import datetime
from enum import StrEnum

from common.messages.contract import Message, Part
from common.messages.product import ImageReference, Intent, ProductChange

MAX_CHUNK_ITEMS = 50
MAX_CHUNK_BYTES = 256 * 1024


class Chunk(Part):
    """Whose chunk it is and where it belongs. `total_items` counts open and settled ones."""

    chunk_id: str  # `{submission_id}_{partition}`, as seed 004 shows it
    submission_id: str
    partition: int
    tenant: str
    shop: str
    submitted_at: datetime
    total_items: int


class Result(StrEnum):
    """How an item ended."""

    CREATED = "created"
    UPDATED = "updated"
    UNCHANGED = "unchanged"
    DELETED = "deleted"
    REFUSED = "refused"


class Reason(Part):
    """Why an item was refused: a stable code, the field's path as the sender knows it, a sentence."""

    code: str
    field: str
    message: str


class ItemOutcome(Part):
    """What happened to one item."""

    position: int
    sequence: int
    intent: Intent
    result: Result
    reference: str | None = None
    product_id: int | None = None
    presta_id: int | None = None
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    images_processed: int = 0
    technical_data_processed: int = 0


class ChunkMessage(Message):
    """What all facts about a chunk have in common."""

    chunk: Chunk

    def addressed_shop(self) -> str:
        return self.chunk.shop

    def addressed_tenant(self) -> str:
        return self.chunk.tenant

    def correlation_id(self) -> str:
        return self.chunk.submission_id


class ChunkSubmitted(ChunkMessage):
    """The gateway has accepted these changes."""

    message_type = "chunk.submitted.v1"
    changes: tuple[ProductChange, ...]


class ChunkValidated(ChunkMessage):
    """The validator has judged: `changes` may go to the shop, `outcomes` are the refused ones."""

    message_type = "chunk.validated.v1"
    changes: tuple[ProductChange, ...]
    outcomes: tuple[ItemOutcome, ...] = ()


class PictureWork(Part):
    """A written product whose pictures are still to be brought to the desired list."""

    outcome: ItemOutcome
    images: tuple[ImageReference, ...]


class ChunkWritten(ChunkMessage):
    """The writer has brought the products to their state; `pictures` are still open."""

    message_type = "chunk.written.v1"
    pictures: tuple[PictureWork, ...]
    outcomes: tuple[ItemOutcome, ...] = ()


class ChunkProgressed(ChunkMessage):
    """A station is at work on the chunk; told at most once a second, and not at all when nobody listens.

    `items_done` are the items of the chunk that no station has left to do, `pictures_done` the pictures of
    its items that the shop shows. Both are counts so far, so that losing one of these facts harms nobody.
    """

    message_type = "chunk.progressed.v1"
    station: str
    items_done: int
    pictures_done: int = 0


class ChunkCompleted(ChunkMessage):
    """No item of the chunk is open: `outcomes` has one entry for each, by position."""

    message_type = "chunk.completed.v1"
    outcomes: tuple[ItemOutcome, ...]
