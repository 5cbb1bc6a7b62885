"""What is to be told by webhook, before anybody is asked who hears it."""

from dataclasses import dataclass, field

from common.messages import ChunkCompleted
from common.public.events import PublicEvent
from common.public.webhooks import CHUNK_COMPLETED, body_of
from webhook_relay.chunk_body import chunk_body

LONGEST_SUBJECT = 200  # characters; a refused item's reference may be longer than any product's


@dataclass(frozen=True, slots=True)
class Notice:
    """Something to be told by webhook, whoever has subscribed. `body` are the exact bytes that are signed."""

    event_type: str
    tenant: str
    shop: str
    subject: str
    body: bytes = field(repr=False)


def chunk_notice(message: ChunkCompleted) -> Notice:
    """What is told when a chunk completes."""
    chunk = message.chunk
    return Notice(CHUNK_COMPLETED, chunk.tenant, chunk.shop, chunk.chunk_id, chunk_body(message))


def notice_of(event: PublicEvent) -> Notice:
    """What is told of a public event."""
    subject = event.subject()[:LONGEST_SUBJECT]
    return Notice(event.event_name(), event.tenant, event.shop, subject, body_of(event))
