"""A test webhook: signed as every other, sent once, recorded nowhere."""

import json
from datetime import datetime
from uuid import uuid4

from webhook_relay.delivery import Attempt, headers_of
from webhook_relay.endpoints import Endpoint
from webhook_relay.signing import SigningSecrets

TEST_EVENT = "webhook.test"


def trial(endpoint: Endpoint, secrets: SigningSecrets, now: datetime) -> tuple[str, Attempt]:
    """Its `webhook-id` and the request."""
    webhook_id = f"test_{uuid4().hex}"
    body = {"type": TEST_EVENT, "webhook": str(endpoint.id), "at": now.isoformat()}
    text = json.dumps(body, separators=(",", ":")).encode()
    return webhook_id, Attempt(
        endpoint.url, headers_of(webhook_id, TEST_EVENT, text, now, secrets.at(now)), text
    )
