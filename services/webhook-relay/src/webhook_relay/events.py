"""Which public events a fact causes."""

from collections.abc import Iterator
from datetime import datetime

from common.messages import ChunkCompleted, ItemOutcome, Result, SubmissionCompleted
from common.public.events import (
    BulkCompleted,
    ChunkFinished,
    ProductDeleted,
    ProductEvent,
    ProductFailed,
    ProductSynced,
    PublicEvent,
)
from webhook_relay.outcomes import operation_of, proof_of


def end_of(message: SubmissionCompleted) -> BulkCompleted:
    """The event of a submission that is whole."""
    told = message.model_dump(exclude={"completed_at"}, exclude_unset=True)
    return BulkCompleted(**told, at=message.completed_at)


def events_of(message: ChunkCompleted, at: datetime) -> Iterator[tuple[str, PublicEvent]]:
    """The events that a completed chunk causes, each with a name that is unique within the chunk."""
    for outcome in message.outcomes:
        yield str(outcome.position), _product_event(message, outcome, at)
    chunk = message.chunk
    errors = sum(outcome.result is Result.REFUSED for outcome in message.outcomes)
    yield (
        "chunk",
        ChunkFinished(
            tenant=chunk.tenant,
            shop=chunk.shop,
            at=at,
            submission_id=chunk.submission_id,
            chunk_id=chunk.chunk_id,
            partition=chunk.partition,
            total_items=chunk.total_items,
            completed=len(message.outcomes) - errors,
            errors=errors,
        ),
    )


def _product_event(message: ChunkCompleted, outcome: ItemOutcome, at: datetime) -> ProductEvent:
    chunk = message.chunk
    product = ProductEvent(
        tenant=chunk.tenant,
        shop=chunk.shop,
        at=at,
        submission_id=chunk.submission_id,
        chunk_id=chunk.chunk_id,
        position=outcome.position,
        sequence=outcome.sequence,
        operation=operation_of(outcome),
        reference=outcome.reference,
        product_id=outcome.product_id,
        presta_id=outcome.presta_id,
    ).model_dump()
    match outcome.result:
        case Result.REFUSED:
            return ProductFailed(**product, reasons=outcome.reasons)
        case Result.DELETED:
            return ProductDeleted(**product)
        case _:
            return ProductSynced(
                **product,
                result=outcome.result.value,
                images_processed=outcome.images_processed,
                technical_data_processed=outcome.technical_data_processed,
                warnings=outcome.warnings,
                **proof_of(outcome),
            )
