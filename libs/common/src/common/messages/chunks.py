"""The chunk: at most 50 product changes that travel through the stations as one message.

submitted (gateway) → validated (validator) → written (prestashop-writer) → completed (the station that
leaves no item open). While a station works, it may tell how far it is (progressed).
"""

from datetime import datetime
from enum import StrEnum

from pydantic import JsonValue

from common.messages.contract import Message, Part
from common.messages.product import ImageReference, Intent, ProductChange

MAX_CHUNK_ITEMS = 50
MAX_CHUNK_BYTES = 256 * 1024


class Chunk(Part):
    """Whose chunk it is and where it belongs. `total_items` counts open and settled ones.

    `dry_run`: nothing may be changed by it anywhere; its outcomes tell what a real run would do.
    """

    chunk_id: str  # `{submission_id}_{partition}`, as seed 004 shows it
    submission_id: str
    partition: int
    tenant: str
    shop: str
    submitted_at: datetime
    total_items: int
    dry_run: bool = False


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


class FieldChange(Part):
    """What a dry run would change: a field's path as the sender knows it, and its value in JSON's types.

    `before` is None where the shop has nothing there, or nothing that is known.
    """

    field: str
    before: JsonValue = None
    after: JsonValue = None


class ItemOutcome(Part):
    """What happened to one item, or in a dry run would happen.

    `verified` is None where nobody read the shop afterwards; False comes with a warning for each field that
    the shop holds otherwise. `changes` are told by dry runs alone.
    """

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
    verified: bool | None = None
    changes: tuple[FieldChange, ...] = ()

    @classmethod
    def refused(cls, change: ProductChange, *reasons: Reason) -> "ItemOutcome":
        """Of a change that goes no further."""
        return cls(
            position=change.position,
            sequence=change.sequence,
            intent=change.intent,
            result=Result.REFUSED,
            reference=change.reference,
            product_id=change.product_id,
            presta_id=change.presta_id,
            reasons=reasons,
        )


class ShopRequests(Part):
    """Requests of one kind that a real run would send to the shop, and the entities in them."""

    method: str
    resource: str
    requests: int
    entities: int


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


class VariantPictures(Part):
    """What a variant shows: file names among the product's pictures. `presta_id` is the combination's."""

    reference: str
    presta_id: int
    file_names: tuple[str, ...]


class PictureWork(Part):
    """A written product whose pictures are still to be brought to the desired list.

    `keeps_images`: the change says nothing about the product's own list, which stays as it is (`images` is
    empty then); only what variants show is desired anew. `variants` is None where nothing is said of them.
    """

    outcome: ItemOutcome
    images: tuple[ImageReference, ...]
    keeps_images: bool = False
    variants: tuple[VariantPictures, ...] | None = None


class ChunkWritten(ChunkMessage):
    """The writer has brought the products to their state; `pictures` are still open."""

    message_type = "chunk.written.v1"
    pictures: tuple[PictureWork, ...]
    outcomes: tuple[ItemOutcome, ...] = ()
    planned_requests: tuple[ShopRequests, ...] = ()  # of a dry run, so far


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
    planned_requests: tuple[ShopRequests, ...] = ()  # of a dry run
