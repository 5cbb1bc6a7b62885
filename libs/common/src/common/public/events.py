"""Public events: what anybody may subscribe to, on the topic exchange `skuwire.events` and by webhook.

Routing keys are `{subject}.{action}.{shop}`, for example `product.synced.milano`. Types are
`skuwire.{subject}.{action}.v{version}`; a published one only grows by optional fields. As webhooks they go
by `{subject}.{action}`: see `webhooks.py`.
"""

from datetime import datetime

from common.messages import Message, Reason

PREFIX = "skuwire."


class PublicEvent(Message):
    """What all public events have in common. `at` is when it happened."""

    tenant: str
    shop: str
    at: datetime

    @classmethod
    def event_name(cls) -> str:
        """`{subject}.{action}`: what it is called outside, whichever way it goes."""
        return cls.message_type.removeprefix(PREFIX).rsplit(".", 1)[0]

    def routing_key(self) -> str:
        return f"{self.event_name()}.{self.shop}"

    def subject(self) -> str:
        """What it is about, for whoever looks through the deliveries of an endpoint."""
        return self.shop

    def addressed_shop(self) -> str:
        return self.shop

    def addressed_tenant(self) -> str:
        return self.tenant


class ProductEvent(PublicEvent):
    """Which product, by which item. `product_id` is our number, `presta_id` the shop's."""

    submission_id: str
    chunk_id: str
    position: int
    sequence: int
    operation: str
    reference: str | None
    product_id: int | None
    presta_id: int | None

    def correlation_id(self) -> str:
        return self.submission_id

    def subject(self) -> str:
        return self.reference or f"{self.chunk_id}/{self.position}"


class ProductSynced(ProductEvent):
    """Fired when a product in the shop is as the item described it; `result` says what that took.

    `verified` is there where the shop was read afterwards: false comes with warnings.
    """

    message_type = "skuwire.product.synced.v1"
    result: str
    images_processed: int
    technical_data_processed: int
    warnings: tuple[Reason, ...]
    verified: bool | None = None


class ProductFailed(ProductEvent):
    """Fired when an item was refused; nothing is tried again."""

    message_type = "skuwire.product.failed.v1"
    reasons: tuple[Reason, ...]


class ProductDeleted(ProductEvent):
    """Fired when a product was deleted from the shop."""

    message_type = "skuwire.product.deleted.v1"


class ChunkFinished(PublicEvent):
    """Fired when every item of a chunk has its outcome, after the events of its products."""

    message_type = "skuwire.chunk.completed.v1"
    submission_id: str
    chunk_id: str
    partition: int
    total_items: int
    completed: int
    errors: int

    def correlation_id(self) -> str:
        return self.submission_id

    def subject(self) -> str:
        return self.chunk_id


class BulkCompleted(PublicEvent):
    """Fired once when every item of a submission has its outcome, after the events of its last chunk.

    `kind` says how it came: `bulk`, `batch`, `sync`, or `webhook` of an ERP. `status` is `completed`,
    `failed` where nothing came through, `cancelled` where all was. `refused` counts the `cancelled` too.
    """

    message_type = "skuwire.bulk.completed.v1"
    submission_id: str
    kind: str
    status: str
    submitted_at: datetime
    chunks: int
    total_items: int
    created: int
    updated: int
    unchanged: int
    deleted: int
    refused: int
    cancelled: int
    images_processed: int
    retry_of: str | None = None

    def correlation_id(self) -> str:
        return self.submission_id

    def subject(self) -> str:
        return self.submission_id


class ShopUnreachable(PublicEvent):
    """Fired when the first service reports that it cannot reach the shop. Its work is kept and waits."""

    message_type = "skuwire.shop.unreachable.v1"
    service: str
    cause: str


class ShopRecovered(PublicEvent):
    """Fired when the last service that could not reach the shop reaches it again."""

    message_type = "skuwire.shop.recovered.v1"
    unreachable_since: datetime


class EndpointDisabled(PublicEvent):
    """Fired when an endpoint gets no more webhooks: it answered 410, or failed for five days.

    What is told later is recorded, and sent once the endpoint has been enabled again. `shop` is that of
    the last delivery; the endpoint may have heard of others.
    """

    message_type = "skuwire.endpoint.disabled.v1"
    endpoint_id: str
    reason: str
    failing_since: datetime | None = None

    def subject(self) -> str:
        return self.endpoint_id


PUBLIC_EVENTS: tuple[type[PublicEvent], ...] = (
    ChunkFinished,
    BulkCompleted,
    ProductSynced,
    ProductFailed,
    ProductDeleted,
    ShopUnreachable,
    ShopRecovered,
    EndpointDisabled,
)
"""All that are told."""
