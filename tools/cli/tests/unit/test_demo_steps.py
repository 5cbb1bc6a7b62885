from collections.abc import Callable, Mapping
from typing import Any

import pytest
from rich.console import Console

from skuwire.demo.receiver import Received
from skuwire.demo.steps import Steps
from skuwire.gateway import Answer, AnswerLost, GatewayRefused

URL = "http://127.0.0.1:1/webhooks"
FINISHED = {
    "status": "completed",
    "totalItems": 1,
    "open": 0,
    "refusedAtTheDoor": 0,
    "imagesProcessed": 0,
    "pages": 1,
    "items": [{"index": 0, "result": "created", "errors": []}],
    "chunks": [
        {"totalItems": 1, "status": "completed", "completedAt": "2026-01-01T12:00:00+00:00"},
    ],
}


class Script:
    """A gateway that does as told: each call takes the next of the outcomes for its name."""

    def __init__(self, **outcomes: list[Any]) -> None:
        self.outcomes = outcomes
        self.calls: list[tuple[str, Any]] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        async def call(*arguments: Any, **_options: Any) -> Any:
            self.calls.append((name, arguments[0] if arguments else None))
            scripted = self.outcomes[name]
            outcome = scripted.pop(0) if len(scripted) > 1 else scripted[0]
            if isinstance(outcome, Exception):
                raise outcome
            return outcome

        return call


class QuietShop:
    """A shop that was asked nothing."""

    async def new_requests(self) -> list[Mapping[str, Any]]:
        return []


@pytest.fixture
def received() -> Received:
    return Received()


def steps_on(gateway: Script, received: Received) -> Steps:
    return Steps(gateway, QuietShop(), received, URL, Console(quiet=True))


async def test_a_subscription_whose_answer_was_lost_is_replaced_because_its_secret_is_lost(
    received: Received,
) -> None:
    gateway = Script(
        post_webhook=[AnswerLost(), GatewayRefused(409, None, None), {"secret": "whsec_MfKQ"}],
        webhooks=[[], [{"id": "1", "url": URL}, {"id": "2", "url": "https://else.example"}]],
        delete_webhook=[None],
    )
    await steps_on(gateway, received).subscribe()
    assert received.secret == "whsec_MfKQ"
    assert [argument for name, argument in gateway.calls if name == "delete_webhook"] == ["1"]


async def test_a_bulk_whose_answer_was_lost_counts_when_its_webhook_tells_of_it(received: Received) -> None:
    gateway = Script(
        post_bulk=[AnswerLost(), Answer(200, {"data": {"bulkId": "bulk_2"}}, None)],
        bulk=[FINISHED],
        bulk_items=[FINISHED["items"]],
    )
    steps = steps_on(gateway, received)
    assert (await steps.send("create", [{"reference": "A"}])).written == 1
    received.chunks |= {"bulk_1_0": {}, "bulk_2_0": {}}
    webhooks = await steps.await_webhooks()
    assert (webhooks.expected, webhooks.chunks) == (2, 2)
    assert steps.lost_answers == 1


async def test_a_create_whose_answer_was_lost_is_sent_again_as_an_update_once_the_product_exists(
    received: Received,
) -> None:
    done = Answer(200, {"data": {"syncId": "sync_2"}}, "4bf92f35")
    gateway = Script(post_sync=[AnswerLost(), GatewayRefused(409, None, None), done])
    answer = await steps_on(gateway, received).synchronize({"operation": "create", "reference": "A"})
    assert (answer.status, answer.trace_id) == (200, "4bf92f35")
    assert [product["operation"] for _, product in gateway.calls] == ["create", "create", "update"]


async def test_a_conflict_without_a_lost_answer_is_the_answer(received: Received) -> None:
    gateway = Script(post_sync=[GatewayRefused(409, {"success": False}, "4bf92f35")])
    answer = await steps_on(gateway, received).synchronize({"operation": "create", "reference": "A"})
    assert (answer.status, answer.body) == (409, {"success": False})


async def test_a_synchronization_that_takes_longer_than_the_wait_is_followed_to_its_end(
    received: Received,
) -> None:
    gateway = Script(
        post_sync=[Answer(202, {"data": {"syncId": "sync_1"}}, "4bf92f35")],
        sync=[{"data": {"status": "processing"}}, {"data": {"status": "completed"}}],
    )
    answer = await steps_on(gateway, received).synchronize({"operation": "create", "reference": "A"})
    assert (answer.first_status, answer.status) == (202, 200)
