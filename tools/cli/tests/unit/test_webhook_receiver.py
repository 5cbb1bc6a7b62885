import json
from datetime import UTC, datetime

import pytest
from standardwebhooks.webhooks import Webhook

from skuwire.demo.receiver import Received

SECRET = "whsec_" + "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
BODY = json.dumps({"chunkId": "bulk_1_0", "totalItems": 1}).encode()


def signed(delivery_id: str, body: bytes = BODY, secret: str = SECRET) -> dict[str, str]:
    now = datetime.now(UTC)
    return {
        "webhook-id": delivery_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(secret).sign(delivery_id, now, body.decode()),
    }


@pytest.fixture
def received() -> Received:
    return Received(secret=SECRET)


def test_a_delivery_that_comes_twice_counts_once(received: Received) -> None:
    assert [received.take(signed("msg_1"), BODY) for _ in range(2)] == [200, 200]
    assert (received.delivery_ids, received.verified_ids, received.repeats) == ({"msg_1"}, {"msg_1"}, 1)
    assert received.chunks.keys() == {"bulk_1_0"}


def test_a_delivery_with_a_foreign_signature_is_received_and_not_verified(received: Received) -> None:
    assert received.take(signed("msg_1", secret="whsec_" + "AAAA9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), BODY) == 401
    assert received.take({}, BODY) == 401
    assert (received.verified_ids, received.chunks) == (set(), {})
    assert received.delivery_ids == {"msg_1", ""}


def test_a_delivery_that_comes_before_its_secret_is_asked_for_again() -> None:
    early = Received()
    assert early.take(signed("msg_1"), BODY) == 503
    early.secret = SECRET
    assert early.take(signed("msg_1"), BODY) == 200
    assert early.repeats == 0
