"""What travels beside a body."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from hypothesis import given
from hypothesis import strategies as st

from common.messages import ShopSnapshotWanted
from common.messaging.envelope import Envelope, Received, envelope_from_headers, outgoing_envelope

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

envelopes = st.builds(
    Envelope,
    message_id=st.uuids(),
    message_type=st.text(),
    time=st.datetimes(timezones=st.just(UTC)),
    correlation_id=st.text(),
    service=st.text(),
    tenant=st.text(),
    shop=st.text(),
    causation_id=st.none() | st.uuids(),
    traceparent=st.none() | st.text(min_size=1),
    attempt=st.integers(min_value=0, max_value=2**31),
)


@given(envelope=envelopes)
def test_an_envelope_survives_its_headers(envelope: Envelope) -> None:
    assert envelope_from_headers(envelope.message_id, envelope.message_type, envelope.headers()) == envelope


def wanted() -> ShopSnapshotWanted:
    return ShopSnapshotWanted(tenant="acme", shop="milano", newer_than=datetime(2026, 1, 1, tzinfo=UTC))


def received(message_id: UUID) -> Received[ShopSnapshotWanted]:
    message = wanted()
    envelope = Envelope(
        message_id,
        message.message_type,
        datetime.now(UTC),
        "milano",
        "gateway",
        "acme",
        "milano",
        traceparent=TRACEPARENT,
    )
    return Received(message, envelope)


def test_a_handler_that_runs_again_says_the_same_under_the_same_id() -> None:
    cause = received(uuid4())

    first, again = (outgoing_envelope(wanted(), "writer", cause=cause, step="told") for _ in range(2))
    other = outgoing_envelope(wanted(), "writer", cause=cause, step="another")

    assert first.message_id == again.message_id
    assert first.message_id not in (other.message_id, cause.envelope.message_id)


def test_a_consequence_names_its_cause_and_goes_on_with_its_trace() -> None:
    cause = received(uuid4())

    envelope = outgoing_envelope(wanted(), "writer", cause=cause, step="told")

    assert (envelope.causation_id, envelope.traceparent) == (cause.envelope.message_id, TRACEPARENT)


def test_without_cause_and_step_every_message_is_its_own() -> None:
    assert (
        outgoing_envelope(wanted(), "writer").message_id != outgoing_envelope(wanted(), "writer").message_id
    )
    assert (
        outgoing_envelope(wanted(), "writer", step="bulk_1").message_id
        == outgoing_envelope(wanted(), "writer", step="bulk_1").message_id
    )
