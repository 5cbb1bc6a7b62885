"""The AsyncAPI document holds together, and describes what is sent."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from common.messaging.envelope import outgoing_envelope
from common.public.asyncapi import asyncapi_document
from common.public.events import PUBLIC_EVENTS, PublicEvent
from common.public.samples import Scene, sample_event
from common.public.webhooks import EVENT_TYPES

DOCUMENT: Any = json.loads(json.dumps(asyncapi_document()))
MESSAGES = DOCUMENT["components"]["messages"]
ID = re.compile(r"[\w.-]+")


def refs(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for entry in node:
            yield from refs(entry)
    elif isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for value in node.values():
            yield from refs(value)


def resolved(ref: str) -> Any:
    node: Any = DOCUMENT
    for part in ref.removeprefix("#/").split("/"):
        node = node[part]
    return node


def errors_in(instance: Any, schema: Any) -> list[str]:
    whole = {**schema, "components": DOCUMENT["components"]}
    return [error.message for error in Draft7Validator(whole).iter_errors(instance)]


def test_everything_that_is_told_is_in_it_and_nothing_else() -> None:
    names = {event.event_name() for event in PUBLIC_EVENTS}
    assert DOCUMENT["channels"].keys() == {*names, "webhooks"}
    assert DOCUMENT["channels"]["webhooks"]["messages"].keys() == {*EVENT_TYPES, "webhook.test"}
    assert {operation["action"] for operation in DOCUMENT["operations"].values()} == {"send"}
    sent = {
        message["$ref"] for operation in DOCUMENT["operations"].values() for message in operation["messages"]
    }
    offered = {
        f"#/channels/{channel}/messages/{name}"
        for channel, told in DOCUMENT["channels"].items()
        for name in told["messages"]
    }
    assert sent == offered


def test_every_reference_leads_somewhere_and_every_part_is_referred_to() -> None:
    found = set(refs(DOCUMENT))
    for ref in found:
        assert isinstance(resolved(ref), dict), ref
    for kind, parts in DOCUMENT["components"].items():
        for name in parts:
            assert ID.fullmatch(name)
            assert f"#/components/{kind}/{name}" in found


def test_a_channel_s_address_and_its_parameters_agree() -> None:
    for name, channel in DOCUMENT["channels"].items():
        named = set(re.findall(r"{(\w+)}", channel["address"] or ""))
        assert named == channel.get("parameters", {}).keys(), name
    for server in DOCUMENT["servers"].values():
        named = set(re.findall(r"{(\w+)}", server["host"] + server.get("pathname", "")))
        assert named == server["variables"].keys()


@pytest.mark.parametrize("name", MESSAGES)
def test_a_message_is_described_and_its_example_is_one(name: str) -> None:
    message = MESSAGES[name]
    schema = message["payload"]
    [example] = message["examples"]
    Draft7Validator.check_schema(resolved(schema["$ref"]))

    assert errors_in(example["payload"], schema) == []
    assert errors_in({}, schema), "the schema takes anything"
    assert message["summary"].startswith("Fired ")
    assert "\n" not in message["summary"]


@pytest.mark.parametrize("event", PUBLIC_EVENTS)
def test_what_goes_to_the_broker_has_the_headers_and_the_address(event: type[PublicEvent]) -> None:
    told = sample_event(event.event_name(), Scene())
    message = MESSAGES[event.message_type]
    channel = DOCUMENT["channels"][event.event_name()]

    headers = outgoing_envelope(told, "webhook-relay", traceparent="00-1-1-01").headers()

    assert errors_in(headers, message["headers"]) == []
    assert headers.keys() <= message["headers"]["properties"].keys()
    assert channel["address"].format(shop="milano") == told.routing_key()
    assert message["bindings"]["amqp"]["messageType"] == told.message_type
