"""What a webhook says about a completed chunk: the body of the Products Bulk document, field for field.

`{chunkId, partition, totalItems, completed, itemsCompleted, errors, msjs}`. The entries of
`itemsCompleted` and `item` are open in the document; ours carry what identifies the product.
"""

import json
from collections.abc import Sequence
from typing import Any, Literal

from common.messages import ChunkCompleted, Intent, ItemOutcome, Reason, Result

EventType = Literal["bulk.chunk.completed"]
"""What an endpoint can subscribe to."""

CHUNK_COMPLETED: EventType = "bulk.chunk.completed"
EVENT_TYPES: tuple[EventType, ...] = (CHUNK_COMPLETED,)

OPERATION_OF_RESULT = {
    Result.CREATED: "create",
    Result.UPDATED: "update",
    Result.UNCHANGED: "update",
    Result.DELETED: "delete",
}


def chunk_body(message: ChunkCompleted) -> bytes:
    """The exact bytes that are signed and sent."""
    completed = [outcome for outcome in message.outcomes if outcome.result is not Result.REFUSED]
    refused = [outcome for outcome in message.outcomes if outcome.result is Result.REFUSED]
    body = {
        "chunkId": message.chunk.chunk_id,
        "partition": message.chunk.partition,
        "totalItems": message.chunk.total_items,
        "completed": len(completed),
        "itemsCompleted": [_completed_item(outcome) for outcome in completed],
        "errors": len(refused),
        "msjs": [_error(outcome) for outcome in refused],
    }
    return _json(body).encode()


def operation_of(outcome: ItemOutcome) -> str:
    """`create`, `update` or `delete`: what was done, or for a refused item what was wanted.

    A refused upsert counts as an update where the shop already has the product.
    """
    if outcome.result in OPERATION_OF_RESULT:
        return OPERATION_OF_RESULT[outcome.result]
    if outcome.intent is Intent.UPSERT:
        return "create" if outcome.presta_id is None else "update"
    return outcome.intent.value


def proof_of(outcome: ItemOutcome) -> dict[str, bool]:
    """Whether the shop holds what was written; nothing where nobody looked."""
    return {} if outcome.verified is None else {"verified": outcome.verified}


def _identity(outcome: ItemOutcome) -> dict[str, Any]:
    return {
        "id": outcome.product_id,
        "reference": outcome.reference,
        "presta_id": outcome.presta_id,
        "position": outcome.position,
    }


def _completed_item(outcome: ItemOutcome) -> dict[str, Any]:
    return {
        **_identity(outcome),
        "operation": operation_of(outcome),
        "result": outcome.result.value,
        "imagesProcessed": outcome.images_processed,
        "technicalDataProcessed": outcome.technical_data_processed,
        "warnings": [reason.model_dump() for reason in outcome.warnings],
        **proof_of(outcome),
    }


def _error(outcome: ItemOutcome) -> dict[str, Any]:
    return {
        "type": "error",
        "operation": operation_of(outcome),
        "msjs": _json(_by_field(outcome.reasons)),  # JSON inside a string, as the document shows it
        "item": _identity(outcome),
    }


def _by_field(reasons: Sequence[Reason]) -> dict[str, list[str]]:
    messages: dict[str, list[str]] = {}
    for reason in reasons:
        messages.setdefault(reason.field, []).append(reason.message)
    return messages


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
