"""The gateway's document says of webhooks what webhook-relay reads and tells."""

from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from gateway import webhook_bodies
from gateway.answers import webhooks as told
from webhook_relay.endpoints import EndpointState
from webhook_relay.routes import forms
from webhook_relay.store.delivery_log import DeliveryState


def _fields(form: type[BaseModel]) -> dict[str, bool]:
    """By name, whether it has to be there; the tenant is the gateway's word."""
    return {name: field.is_required() for name, field in form.model_fields.items() if name != "tenant"}


@pytest.mark.parametrize(
    ("documented", "read"),
    [
        (webhook_bodies.WebhookWanted, forms.EndpointWanted),
        (webhook_bodies.WebhookChange, forms.EndpointChange),
        (webhook_bodies.TrialWanted, forms.TrialWanted),
        (webhook_bodies.Recovery, forms.Recovery),
        (webhook_bodies.Replay, forms.Replay),
    ],
)
def test_a_documented_body_has_the_fields_that_are_read(
    documented: type[BaseModel], read: type[BaseModel]
) -> None:
    assert _fields(documented) == _fields(read)


def test_the_states_are_those_that_the_relay_knows() -> None:
    states: dict[str, Any] = TypeAdapter(webhook_bodies.DeliveryState).json_schema()
    assert set(states["enum"]) == set(DeliveryState)
    shown: dict[str, Any] = TypeAdapter(told.Webhook).json_schema()
    assert set(shown["properties"]["state"]["enum"]) == set(EndpointState) - {EndpointState.DELETED}
