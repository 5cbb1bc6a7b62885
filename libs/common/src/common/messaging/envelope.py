"""What travels beside a message's body: ids, time, tenant, shop and trace."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Generic, TypeVar
from uuid import UUID, uuid4, uuid5

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from common.messages.contract import Message
from common.telemetry import tracer

M_co = TypeVar("M_co", bound=Message, covariant=True)

_propagator = TraceContextTextMapPropagator()


@dataclass(frozen=True)
class Envelope:
    """AMQP properties and headers of one message.

    `message_id`, `message_type`, `time`, `correlation_id` and `service` are AMQP properties; the rest are
    headers. `attempt` counts our own retries (broker counters differ between versions).
    """

    message_id: UUID
    message_type: str
    time: datetime
    correlation_id: str
    service: str
    tenant: str
    shop: str
    causation_id: UUID | None = None
    traceparent: str | None = None
    attempt: int = 0

    def headers(self) -> dict[str, str | int]:
        """Everything but the id and the type, as it is kept in the outbox and sent as AMQP headers."""
        headers: dict[str, str | int] = {
            "time": self.time.isoformat(),
            "correlation-id": self.correlation_id,
            "service": self.service,
            "tenant": self.tenant,
            "shop": self.shop,
        }
        if self.causation_id:
            headers["causation-id"] = str(self.causation_id)
        if self.traceparent:
            headers["traceparent"] = self.traceparent
        if self.attempt:
            headers["attempt"] = self.attempt
        return headers


def envelope_from_headers(message_id: UUID, message_type: str, headers: dict[str, Any]) -> Envelope:
    """The inverse of `Envelope.headers`. Raises `KeyError` or `ValueError` for what it cannot read."""
    causation = headers.get("causation-id")
    return Envelope(
        message_id=message_id,
        message_type=message_type,
        time=datetime.fromisoformat(str(headers["time"])),
        correlation_id=str(headers["correlation-id"]),
        service=str(headers["service"]),
        tenant=str(headers["tenant"]),
        shop=str(headers["shop"]),
        causation_id=UUID(str(causation)) if causation else None,
        traceparent=str(headers["traceparent"]) if headers.get("traceparent") else None,
        attempt=int(headers.get("attempt", 0)),
    )


@dataclass(frozen=True)
class Received(Generic[M_co]):
    """A message together with its envelope."""

    message: M_co
    envelope: Envelope
    context: Context = field(default_factory=Context, repr=False)

    @contextmanager
    def bound(self, **ids: object) -> Iterator[None]:
        """Bind the message's ids to the log, and its trace to what happens inside."""
        envelope = self.envelope
        with (
            tracer.start_as_current_span(
                f"handle {envelope.message_type}",
                context=context_of(envelope.traceparent),
                kind=trace.SpanKind.CONSUMER,
                attributes={"messaging.message.id": str(envelope.message_id), "skuwire.shop": envelope.shop},
            ),
            structlog.contextvars.bound_contextvars(
                message_id=str(envelope.message_id),
                submission_id=envelope.correlation_id,
                tenant=envelope.tenant,
                shop=envelope.shop,
                **ids,
            ),
        ):
            yield


def current_traceparent() -> str | None:
    """The W3C traceparent of the span that is active here, if any."""
    carrier: dict[str, str] = {}
    _propagator.inject(carrier)
    return carrier.get("traceparent")


def context_of(traceparent: str | None) -> Context:
    """The trace context that a traceparent names; an empty one for none."""
    return _propagator.extract({"traceparent": traceparent} if traceparent else {}, context=Context())


def outgoing_envelope(
    message: Message,
    service: str,
    *,
    cause: Received[Message] | None = None,
    step: str = "",
    traceparent: str | None = None,
) -> Envelope:
    """Envelope of a message that is published now; see `UnitOfWork.publish` for how the id is made."""
    if cause is not None:
        message_id = uuid5(cause.envelope.message_id, f"{message.message_type}/{step}")
    elif step:
        message_id = uuid5(UUID(int=0), f"{service}/{message.message_type}/{step}")
    else:
        message_id = uuid4()
    inherited = cause.envelope.traceparent if cause else None
    return Envelope(
        message_id=message_id,
        message_type=message.message_type,
        time=datetime.now(UTC),
        correlation_id=message.correlation_id(),
        service=service,
        tenant=message.addressed_tenant(),
        shop=message.addressed_shop(),
        causation_id=cause.envelope.message_id if cause else None,
        traceparent=traceparent or current_traceparent() or inherited,
    )
