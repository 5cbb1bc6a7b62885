"""An example of everything that is told outside: what a test webhook sends, and what the documents show."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from common.messages import Reason
from common.public.events import (
    BulkCompleted,
    ChunkFinished,
    EndpointDisabled,
    ProductDeleted,
    ProductFailed,
    ProductSynced,
    PublicEvent,
    ShopRecovered,
    ShopUnreachable,
)
from common.public.webhooks import (
    CHUNK_COMPLETED,
    TEST,
    ChunkBody,
    CompletedItem,
    Item,
    ItemError,
    body_of,
    body_of_test,
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


def sample_event(name: str, scene: Scene) -> PublicEvent:
    """An example of a public event, by its name."""
    kind, fields = _EVENTS[name]
    return kind(tenant=scene.tenant, shop=scene.shop, at=scene.at, **fields(scene.at))


def sample_body(event_type: str, scene: Scene) -> bytes:
    """An example of what a type of webhook says, as it is sent."""
    if event_type == CHUNK_COMPLETED:
        return _CHUNK_BODY.to_json()
    if event_type == TEST:
        return body_of_test(scene.tenant, ENDPOINT, scene.at)
    return body_of(sample_event(event_type, scene))


# A bulk of three products: one was written, one refused, one deleted.
def _product(position: int, operation: str) -> dict[str, Any]:
    return {
        "submission_id": BULK,
        "chunk_id": f"{BULK}_0",
        "position": position,
        "sequence": 4711 + position,
        "operation": operation,
        "reference": f"PROD00{position + 1}",
        "product_id": 9999 + position,
        "presta_id": 456 + position,
    }


_SYNCED = {"result": "created", "images_processed": 2, "technical_data_processed": 1, "warnings": ()}
_CHUNK = {"submission_id": BULK, "chunk_id": f"{BULK}_0", "partition": 0, "total_items": 3}
_TOTALS = {"created": 1, "updated": 0, "unchanged": 0, "deleted": 1, "refused": 1, "cancelled": 0}

_EVENTS: Mapping[str, tuple[type[PublicEvent], Callable[[datetime], dict[str, Any]]]] = {
    "product.synced": (ProductSynced, lambda _: _product(0, "create") | _SYNCED | {"verified": True}),
    "product.failed": (ProductFailed, lambda _: _product(1, "update") | {"reasons": (REFUSAL,)}),
    "product.deleted": (ProductDeleted, lambda _: _product(2, "delete")),
    "chunk.completed": (ChunkFinished, lambda _: _CHUNK | {"completed": 2, "errors": 1}),
    "bulk.completed": (
        BulkCompleted,
        lambda at: {
            "submission_id": BULK,
            "kind": "bulk",
            "status": "completed",
            "submitted_at": at - timedelta(seconds=9),
            "chunks": 1,
            "total_items": 3,
            **_TOTALS,
            "images_processed": 2,
        },
    ),
    "shop.unreachable": (ShopUnreachable, lambda _: {"service": "prestashop-writer", "cause": "timed out"}),
    "shop.recovered": (ShopRecovered, lambda at: {"unreachable_since": at - timedelta(minutes=7)}),
    "endpoint.disabled": (
        EndpointDisabled,
        lambda at: {
            "endpoint_id": ENDPOINT,
            "reason": "failed for five days",
            "failing_since": at - timedelta(days=5),
        },
    ),
}

_CHUNK_BODY = ChunkBody(
    chunk_id=f"{BULK}_0",
    partition=0,
    total_items=3,
    completed=2,
    items_completed=(
        CompletedItem(
            id=9999,
            reference="PROD001",
            presta_id=456,
            position=0,
            operation="create",
            result="created",
            images_processed=2,
            technical_data_processed=1,
            warnings=(),
            verified=True,
        ),
        CompletedItem(
            id=10001,
            reference="PROD003",
            presta_id=458,
            position=2,
            operation="delete",
            result="deleted",
            images_processed=0,
            technical_data_processed=0,
            warnings=(),
        ),
    ),
    errors=1,
    msjs=(
        ItemError(
            type="error",
            operation="update",
            msjs='{"price":["Price must be a positive number."]}',
            item=Item(id=10000, reference="PROD002", presta_id=457, position=1),
        ),
    ),
)
