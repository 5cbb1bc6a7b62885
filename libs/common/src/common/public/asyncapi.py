"""The AsyncAPI 3.0 document of all that is told outside, made of the models themselves.

Each event is a channel on the broker, named by its routing key; all webhooks are one channel, because they go
to one address, which is the receiver's.
"""

import inspect
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from common.public.events import PUBLIC_EVENTS, PublicEvent
from common.public.samples import Scene, sample_body, sample_event
from common.public.webhooks import SENT_BODIES

Object = dict[str, Any]

EXCHANGE: Object = {
    "name": "skuwire.events",
    "type": "topic",
    "durable": True,
    "autoDelete": False,
    "vhost": "/",
}
BINDING_VERSION = "0.3.0"
VERSION = "1.0.0"
WEBHOOKS = "webhooks"

ABOUT = """\
What Skuwire tells of products, chunks, bulks, shops and endpoints. Every event goes to the topic exchange
`skuwire.events` and, as a webhook, to each endpoint that has subscribed to it.

Both ways an event comes at least once, and repeats have the same id: `message_id` on the broker, `webhook-id`
of a webhook. Order is not promised; `bulk.completed` is told after the last chunk of its bulk. What is
published here only grows by optional fields: ignore those that you do not know.
"""

ABOUT_WEBHOOKS = """\
A POST to the address of an endpoint, signed as [Standard Webhooks](https://www.standardwebhooks.com) says:
any of its libraries verifies it. 2xx is success; anything else is tried again, eleven attempts in 76 hours.
"""

ABOUT_PROPERTIES = """\
The AMQP property `message_id` is the same at every repetition, `type` is the name of this message,
`timestamp` is when it was told, `correlation_id` what it belongs to (as in the header), `content_type` is
`application/json`, and `delivery_mode` is 2: it outlives a restart of the broker.
"""

SERVERS: Object = {
    "broker": {
        "host": "{host}",
        "protocol": "amqp",
        "protocolVersion": "0-9-1",
        "description": "RabbitMQ, with a user and a durable queue of your own.",
        "variables": {
            "host": {"description": "The operator's broker.", "examples": ["broker.example.com:5672"]}
        },
        "security": [{"$ref": "#/components/securitySchemes/brokerUser"}],
    },
    "receiver": {
        "host": "{host}",
        "pathname": "/{path}",
        "protocol": "https",
        "description": "Your endpoint, as you made it with `POST /api/v1/webhooks`.",
        "variables": {
            "host": {"description": "Your own.", "examples": ["erp.example.com"]},
            "path": {"description": "Your own.", "examples": ["skuwire"]},
        },
    },
}

BROKER_HEADERS: Object = {
    "type": "object",
    "properties": {
        "time": {"type": "string", "format": "date-time", "description": "When it was told, exactly."},
        "correlation-id": {
            "type": "string",
            "description": "The submission, or the shop where there is none.",
        },
        "service": {"type": "string", "description": "Who told it.", "examples": ["webhook-relay"]},
        "tenant": {"type": "string", "description": "Whose event it is."},
        "shop": {"type": "string", "description": "The shop's id."},
        "causation-id": {"type": "string", "format": "uuid", "description": "The message that caused it."},
        "traceparent": {"type": "string", "description": "W3C trace context of the change that caused it."},
    },
    "required": ["time", "correlation-id", "service", "tenant", "shop"],
}

WEBHOOK_HEADERS: Object = {
    "type": "object",
    "properties": {
        "webhook-id": {
            "type": "string",
            "description": "The same at every attempt: the key by which you ignore repeats. A test's begins "
            "with `test_`.",
            "examples": ["msg_0b6bbd7040f64b6e8c0f6b8f1d1c7f3a"],
        },
        "webhook-timestamp": {
            "type": "string",
            "pattern": "^[0-9]+$",
            "description": "Seconds since 1970, when this attempt was signed. Refuse it after five minutes.",
            "examples": ["1767270600"],
        },
        "webhook-signature": {
            "type": "string",
            "pattern": "^v1,[A-Za-z0-9+/]+=*( v1,[A-Za-z0-9+/]+=*)*$",
            "description": "HMAC-SHA256 of `id.timestamp.body` in base64, for each secret that is valid: two "
            "for 24 hours after a rotation.",
        },
        "webhook-type": {
            "type": "string",
            "description": "The type of the event, or of a test.",
            "enum": list(SENT_BODIES),
        },
        "traceparent": {"type": "string", "description": "W3C trace context of the change that caused it."},
    },
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature", "webhook-type"],
}


def asyncapi_document() -> Object:
    """The document, as JSON values."""
    on_broker = {event.event_name(): _broker_channel(event) for event in PUBLIC_EVENTS}
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "Skuwire events", "version": VERSION, "description": ABOUT},
        "defaultContentType": "application/json",
        "servers": SERVERS,
        "channels": {**on_broker, WEBHOOKS: _webhook_channel()},
        "operations": {
            **{f"tell.{event.event_name()}": _telling(event) for event in PUBLIC_EVENTS},
            **{f"post.{name}": _posting(name) for name in SENT_BODIES},
        },
        "components": {
            "schemas": _schemas(),
            "messages": {
                **{event.message_type: _broker_message(event) for event in PUBLIC_EVENTS},
                **{f"webhook.{name}": _webhook_message(name, body) for name, body in SENT_BODIES.items()},
            },
            "securitySchemes": {
                "brokerUser": {
                    "type": "userPassword",
                    "description": "May read its own queue and nothing else.",
                }
            },
        },
    }


def _broker_channel(event: type[PublicEvent]) -> Object:
    return {
        "address": f"{event.event_name()}.{{shop}}",
        "title": event.event_name(),
        "description": _words(event),
        "servers": [{"$ref": "#/servers/broker"}],
        "parameters": {"shop": {"description": "The shop's id; `*` in a binding takes in all."}},
        "messages": {event.message_type: {"$ref": f"#/components/messages/{event.message_type}"}},
        "bindings": {"amqp": {"is": "routingKey", "exchange": EXCHANGE, "bindingVersion": BINDING_VERSION}},
    }


def _webhook_channel() -> Object:
    return {
        "address": None,
        "title": "Webhooks",
        "description": ABOUT_WEBHOOKS,
        "servers": [{"$ref": "#/servers/receiver"}],
        "messages": {name: {"$ref": f"#/components/messages/webhook.{name}"} for name in SENT_BODIES},
    }


def _telling(event: type[PublicEvent]) -> Object:
    name = event.event_name()
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{name}"},
        "summary": summary_of(event),
        "messages": [{"$ref": f"#/channels/{name}/messages/{event.message_type}"}],
        "bindings": {"amqp": {"deliveryMode": 2, "timestamp": True, "bindingVersion": BINDING_VERSION}},
    }


def _posting(name: str) -> Object:
    return {
        "action": "send",
        "channel": {"$ref": f"#/channels/{WEBHOOKS}"},
        "summary": summary_of(SENT_BODIES[name]),
        "messages": [{"$ref": f"#/channels/{WEBHOOKS}/messages/{name}"}],
        "bindings": {"http": {"method": "POST", "bindingVersion": BINDING_VERSION}},
    }


def _broker_message(event: type[PublicEvent]) -> Object:
    example = sample_event(event.event_name(), Scene())
    return {
        "name": event.message_type,
        "title": event.event_name(),
        "summary": summary_of(event),
        "description": ABOUT_PROPERTIES,
        "contentType": "application/json",
        "headers": BROKER_HEADERS,
        "correlationId": {"location": "$message.header#/correlation-id"},
        "payload": {"$ref": f"#/components/schemas/{event.__name__}"},
        "bindings": {"amqp": {"messageType": event.message_type, "bindingVersion": BINDING_VERSION}},
        "examples": [{"name": "example", "payload": json.loads(example.to_json())}],
    }


def _webhook_message(name: str, body: type[BaseModel]) -> Object:
    return {
        "name": f"webhook.{name}",
        "title": name,
        "summary": summary_of(body),
        "contentType": "application/json",
        "headers": WEBHOOK_HEADERS,
        "payload": {"$ref": f"#/components/schemas/{body.__name__}"},
        "examples": [{"name": "example", "payload": json.loads(sample_body(name, Scene()))}],
    }


def _schemas() -> Mapping[str, Object]:
    """The JSON Schema of every model and of its parts, by the model's name."""
    models = dict.fromkeys([*PUBLIC_EVENTS, *SENT_BODIES.values()])
    _, told = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    return {name: dict(_without_field_titles(schema)) for name, schema in sorted(told["$defs"].items())}


def _without_field_titles(schema: Object) -> Iterator[tuple[str, Any]]:
    """Pydantic titles each field with its own name; that tells nothing."""
    for key, value in schema.items():
        if key == "properties":
            yield (
                key,
                {name: {k: v for k, v in field.items() if k != "title"} for name, field in value.items()},
            )
        elif key == "description":
            yield key, _unwrapped(value)
        else:
            yield key, value


def _words(model: type[BaseModel]) -> str:
    return _unwrapped(inspect.getdoc(model) or "")


def summary_of(model: type[BaseModel]) -> str:
    """When it is told, in a sentence or two."""
    return _words(model).split("\n\n")[0]


def _unwrapped(text: str) -> str:
    """Paragraphs without the line ends of the source."""
    return "\n\n".join(" ".join(part.split()) for part in text.split("\n\n"))
