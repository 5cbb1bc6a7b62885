"""What is told of a completed chunk by `bulk.chunk.completed`."""

import json
from collections.abc import Sequence

from common.messages import ChunkCompleted, ItemOutcome, Reason, Result
from common.public.webhooks import ChunkBody, CompletedItem, Item, ItemError
from webhook_relay.outcomes import operation_of, proof_of


def chunk_body(message: ChunkCompleted) -> bytes:
    """The exact bytes that are signed and sent."""
    completed = [outcome for outcome in message.outcomes if outcome.result is not Result.REFUSED]
    refused = [outcome for outcome in message.outcomes if outcome.result is Result.REFUSED]
    return ChunkBody(
        chunk_id=message.chunk.chunk_id,
        partition=message.chunk.partition,
        total_items=message.chunk.total_items,
        completed=len(completed),
        items_completed=tuple(_completed_item(outcome) for outcome in completed),
        errors=len(refused),
        msjs=tuple(_error(outcome) for outcome in refused),
    ).to_json()


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
