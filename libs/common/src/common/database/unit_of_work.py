"""A unit of work: effects and outgoing messages in one transaction."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import asyncpg

from common.messages.contract import Message
from common.messaging.envelope import Envelope, Received, outgoing_envelope
from common.messaging.topology import CHUNKS


@dataclass(frozen=True)
class Outgoing:
    """A message on its way to the outbox."""

    envelope: Envelope
    exchange: str
    routing_key: str
    body: bytes


class UnitOfWork:
    """What a handler gets: the transaction's connection, and `publish`."""

    def __init__(self, connection: asyncpg.Connection, service: str) -> None:
        self.connection = connection
        self._service = service
        self._outgoing: list[Outgoing] = []
        self._after_commit: list[Callable[[], None]] = []

    def publish(
        self,
        message: Message,
        *,
        caused_by: "Received[Message] | None" = None,
        step: str = "",
        exchange: str = CHUNKS,
        routing_key: str | None = None,
        traceparent: str | None = None,
    ) -> Envelope:
        """Put a message into the outbox; it is sent after the commit.

        With `caused_by` the id is derived from the incoming one and `step`, so that a re-execution is
        recognised downstream; without, `step` is the identity where given, else the id is new.
        """
        envelope = outgoing_envelope(
            message, self._service, cause=caused_by, step=step, traceparent=traceparent
        )
        key = routing_key or message.routing_key()
        self._outgoing.append(Outgoing(envelope, exchange, key, message.to_json()))
        return envelope

    def after_commit(self, action: Callable[[], None]) -> None:
        """Call `action` when, and only when, the transaction has been committed."""
        self._after_commit.append(action)

    @property
    def has_outgoing(self) -> bool:
        return bool(self._outgoing)

    @property
    def outgoing(self) -> Sequence[Outgoing]:
        """What was published so far, in order."""
        return self._outgoing

    async def flush(self) -> None:
        if not self._outgoing:
            return
        await self.connection.execute(
            """
            insert into outbox (message_id, exchange, routing_key, message_type, headers, body)
            select * from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::jsonb[], $6::bytea[])
            on conflict (message_id) do nothing
            """,
            [o.envelope.message_id for o in self._outgoing],
            [o.exchange for o in self._outgoing],
            [o.routing_key for o in self._outgoing],
            [o.envelope.message_type for o in self._outgoing],
            [o.envelope.headers() for o in self._outgoing],
            [o.body for o in self._outgoing],
        )

    def run_after_commit(self) -> None:
        for action in self._after_commit:
            action()
