"""The body of `bulk.chunk.completed`: that of the Products Bulk document, field for field.

`{chunkId, partition, totalItems, completed, itemsCompleted, errors, msjs}`. The entries of `itemsCompleted`
and `item` are open in the document; ours carry what identifies the product.
"""

import json
from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from common.messages import ChunkCompleted, ItemOutcome, Reason, Result
from webhook_relay.outcomes import operation_of, proof_of


class BodyPart(BaseModel):
    """A part of the body; its keys are the document's."""

    model_config = ConfigDict(frozen=True, alias_generator=to_camel, populate_by_name=True)


class Item(BodyPart):
    """Which product. `id` is our number, `presta_id` the shop's, `position` its place in what was sent."""

    id: int | None
    reference: str | None
    presta_id: int | None = Field(alias="presta_id")
    position: int


class CompletedItem(Item):
    """A product that is in the shop as it was described. `verified`: where it was read."""

    operation: str
    result: str
    images_processed: int
    technical_data_processed: int
    warnings: tuple[Reason, ...]
    verified: bool | None = None


class ItemError(BodyPart):
    """An item that was refused. `msjs` is JSON in a string, as the document shows it: sentences by field."""

    type: Literal["error"]
    operation: str
    msjs: str
    item: Item


class ChunkBody(BodyPart):
    """Sent when every item of a chunk has its outcome."""

    chunk_id: str
    partition: int
    total_items: int
    completed: int
    items_completed: tuple[CompletedItem, ...]
    errors: int
    msjs: tuple[ItemError, ...]


def chunk_body(message: ChunkCompleted) -> bytes:
    """The exact bytes that are signed and sent."""
    completed = [outcome for outcome in message.outcomes if outcome.result is not Result.REFUSED]
    refused = [outcome for outcome in message.outcomes if outcome.result is Result.REFUSED]
    body = ChunkBody(
        chunk_id=message.chunk.chunk_id,
        partition=message.chunk.partition,
        total_items=message.chunk.total_items,
        completed=len(completed),
        items_completed=tuple(_completed_item(outcome) for outcome in completed),
        errors=len(refused),
        msjs=tuple(_error(outcome) for outcome in refused),
    )
    return body.model_dump_json(by_alias=True, exclude_unset=True).encode()


def _completed_item(outcome: ItemOutcome) -> CompletedItem:
    return CompletedItem(
        id=outcome.product_id,
        reference=outcome.reference,
        presta_id=outcome.presta_id,
        position=outcome.position,
        operation=operation_of(outcome),
        result=outcome.result.value,
        images_processed=outcome.images_processed,
        technical_data_processed=outcome.technical_data_processed,
        warnings=outcome.warnings,
        **proof_of(outcome),
    )


def _error(outcome: ItemOutcome) -> ItemError:
    item = Item(
        id=outcome.product_id,
        reference=outcome.reference,
        presta_id=outcome.presta_id,
        position=outcome.position,
    )
    sentences = json.dumps(_by_field(outcome.reasons), ensure_ascii=False, separators=(",", ":"))
    return ItemError(type="error", operation=operation_of(outcome), msjs=sentences, item=item)


def _by_field(reasons: Sequence[Reason]) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for reason in reasons:
        messages.setdefault(reason.field, []).append(reason.message)
    return messages
