"""What partners may ask for is what is told."""

from common.messaging.partner_queues import EVENT_NAMES
from webhook_relay.events import PREFIX, PublicEvent


def _kinds(kind: type[PublicEvent]) -> set[type[PublicEvent]]:
    return {kind}.union(*map(_kinds, kind.__subclasses__()))


def test_partners_may_ask_for_every_public_event_and_no_other() -> None:
    types = {kind.message_type for kind in _kinds(PublicEvent) if "message_type" in vars(kind)}
    assert set(EVENT_NAMES) == {name.removeprefix(PREFIX).rpartition(".")[0] for name in types}
