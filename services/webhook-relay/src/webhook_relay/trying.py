"""A test webhook: signed as every other, sent once, recorded nowhere. Its id begins with `test_`."""

import json
from datetime import datetime
from uuid import uuid4

from common.public.samples import Scene, sample_body
from webhook_relay.delivery import Attempt, headers_of
from webhook_relay.endpoints import Endpoint
from webhook_relay.signing import SigningSecrets

TEST_EVENT = "webhook.test"
ANY_SHOP = "a-shop"
"""Stands in an example for an endpoint that hears of all shops."""


def trial(
    endpoint: Endpoint, secrets: SigningSecrets, now: datetime, event_type: str | None = None
) -> tuple[str, Attempt]:
    """Its `webhook-id` and the request: an example of an event type, or a `webhook.test`."""
    webhook_id = f"test_{uuid4().hex}"
    if event_type is None:
        body = {"type": TEST_EVENT, "webhook": str(endpoint.id), "at": now.isoformat()}
        text = json.dumps(body, separators=(",", ":")).encode()
    else:
        shop = endpoint.shops[0] if endpoint.shops else ANY_SHOP
        text = sample_body(event_type, Scene(endpoint.tenant, shop, now))
    headers = headers_of(webhook_id, event_type or TEST_EVENT, text, now, secrets.at(now))
    return webhook_id, Attempt(endpoint.url, headers, text)
