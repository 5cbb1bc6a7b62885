"""A test webhook: signed as every other, sent once, recorded nowhere. Its id begins with `test_`."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from common.public.samples import Scene, sample_body
from common.public.webhooks import TEST, body_of_test
from webhook_relay.delivery import Attempt, headers_of
from webhook_relay.endpoints import Endpoint
from webhook_relay.signing import SigningSecrets

TRIALS_AT_ONCE = 8
TRIALS_PER_TENANT = 2
ANY_SHOP = "a-shop"
"""Stands in an example for an endpoint that hears of all shops."""


class TooManyTrials(Exception):
    """As many tests are under way as there may be."""


class Trials:
    """The tests that are under way: a few of each tenant, so that none keeps the others from theirs."""

    def __init__(self) -> None:
        self._under_way: Counter[str] = Counter()

    @contextmanager
    def one_more(self, tenant: str) -> Iterator[None]:
        """Within it a test of the tenant is under way. Raises `TooManyTrials`."""
        if self._under_way.total() >= TRIALS_AT_ONCE or self._under_way[tenant] >= TRIALS_PER_TENANT:
            raise TooManyTrials
        self._under_way[tenant] += 1
        try:
            yield
        finally:
            self._under_way -= Counter([tenant])


def trial(
    endpoint: Endpoint, secrets: SigningSecrets, now: datetime, event_type: str | None = None
) -> tuple[str, Attempt]:
    """Its `webhook-id` and the request: an example of an event type, or a `webhook.test`."""
    webhook_id = f"test_{uuid4().hex}"
    if event_type is None:
        text = body_of_test(endpoint.tenant, str(endpoint.id), now)
    else:
        shop = endpoint.shops[0] if endpoint.shops else ANY_SHOP
        text = sample_body(event_type, Scene(endpoint.tenant, shop, now))
    headers = headers_of(webhook_id, event_type or TEST, text, now, secrets.at(now))
    return webhook_id, Attempt(endpoint.url, headers, text, endpoint.tenant)
