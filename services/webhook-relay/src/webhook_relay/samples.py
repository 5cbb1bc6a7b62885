"""An example of every webhook: what a test sends, and what the documents show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from common.messages import Chunk, ChunkCompleted, Intent, ItemOutcome, Reason, Result
from webhook_relay.bodies import CHUNK_COMPLETED, Notice, chunk_notice, notice_of
from webhook_relay.events import (
    BulkCompleted,
    ChunkFinished,
    EndpointDisabled,
    ProductDeleted,
    ProductEvent,
    ProductFailed,
    ProductSynced,
    PublicEvent,
    ShopRecovered,
    ShopUnreachable,
    events_of,
)

BULK = "bulk_675c53516d618"
ENDPOINT = "6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c"
REFUSAL = Reason(code="price_negative", field="price", message="Price must be a positive number.")


@dataclass(frozen=True)
class Scene:
    """Whose example it is, and when it happened."""

    tenant: str = "acme"
    shop: str = "milano"
    at: datetime = datetime(2026, 1, 1, 12, 30, tzinfo=UTC)


def sample_notice(event_type: str, scene: Scene) -> Notice:
    """An example of a type of `EVENT_TYPES`."""
    if event_type == CHUNK_COMPLETED:
        return chunk_notice(_chunk(scene))
    return notice_of(sample_event(event_type, scene))


def sample_event(name: str, scene: Scene) -> PublicEvent:
    """An example of a public event, by its name."""
    return _EVENTS[name](scene)


def _chunk(scene: Scene) -> ChunkCompleted:
    """Of three products one was written, one refused, one deleted."""
    described = ItemOutcome(
        position=0,
        sequence=4711,
        intent=Intent.UPSERT,
        result=Result.CREATED,
        reference="PROD001",
        product_id=9999,
        presta_id=456,
        images_processed=2,
        technical_data_processed=1,
        verified=True,
    )
    known = {"position": 1, "sequence": 4712, "reference": "PROD002", "product_id": 10000, "presta_id": 457}
    gone = {"position": 2, "sequence": 4713, "reference": "PROD003", "product_id": 10001, "presta_id": 458}
    outcomes = (
        described,
        ItemOutcome(intent=Intent.UPDATE, result=Result.REFUSED, reasons=(REFUSAL,), **known),
        ItemOutcome(intent=Intent.DELETE, result=Result.DELETED, **gone),
    )
    chunk = Chunk(
        chunk_id=f"{BULK}_0",
        submission_id=BULK,
        partition=0,
        tenant=scene.tenant,
        shop=scene.shop,
        submitted_at=scene.at - timedelta(seconds=9),
        total_items=len(outcomes),
    )
    return ChunkCompleted(chunk=chunk, outcomes=outcomes)


def _of_chunk(kind: type[ProductEvent | ChunkFinished]) -> Callable[[Scene], PublicEvent]:
    """What the chunk causes of one kind."""

    def sample(scene: Scene) -> PublicEvent:
        return next(event for _, event in events_of(_chunk(scene), scene.at) if isinstance(event, kind))

    return sample


def _bulk(scene: Scene) -> PublicEvent:
    return BulkCompleted(
        tenant=scene.tenant,
        shop=scene.shop,
        at=scene.at,
        submission_id=BULK,
        kind="bulk",
        status="completed",
        submitted_at=scene.at - timedelta(seconds=9),
        chunks=1,
        total_items=3,
        created=1,
        updated=0,
        unchanged=0,
        deleted=1,
        refused=1,
        cancelled=0,
        images_processed=2,
    )


def _unreachable(scene: Scene) -> PublicEvent:
    return ShopUnreachable(
        tenant=scene.tenant, shop=scene.shop, at=scene.at, service="prestashop-writer", cause="timed out"
    )


def _recovered(scene: Scene) -> PublicEvent:
    since = scene.at - timedelta(minutes=7)
    return ShopRecovered(tenant=scene.tenant, shop=scene.shop, at=scene.at, unreachable_since=since)


def _disabled(scene: Scene) -> PublicEvent:
    return EndpointDisabled(
        tenant=scene.tenant,
        shop=scene.shop,
        at=scene.at,
        endpoint_id=ENDPOINT,
        reason="failed for five days",
        failing_since=scene.at - timedelta(days=5),
    )


_EVENTS: Mapping[str, Callable[[Scene], PublicEvent]] = {
    ProductSynced.event_name(): _of_chunk(ProductSynced),
    ProductFailed.event_name(): _of_chunk(ProductFailed),
    ProductDeleted.event_name(): _of_chunk(ProductDeleted),
    ChunkFinished.event_name(): _of_chunk(ChunkFinished),
    BulkCompleted.event_name(): _bulk,
    ShopUnreachable.event_name(): _unreachable,
    ShopRecovered.event_name(): _recovered,
    EndpointDisabled.event_name(): _disabled,
}
