"""The service as a process of its own, between a real broker, a real database and a receiver."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from aiohttp import web
from pydantic import SecretStr

from common.messages import Reachability, ShopReachability
from common.messaging.partner_queues import Partner, declare_partner_queue
from webhook_relay.settings import RelaySettings

REPOSITORY = Path(__file__).parents[4]


async def test_a_completed_chunk_is_told_by_webhook_and_to_the_public(
    world: Any, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    async with world.service() as service, world.public_events() as heard:
        secret = await service.make_endpoint(world.tenant, receiver.url + "/hook?token=hidden")
        message_id = uuid4()
        for _ in range(2):  # redelivered: handled once
            await world.tell(world.chunk(), message_id)
        await eventually(lambda: len(receiver.taken) == 1 and len(heard) == 3)
        await eventually(lambda: len(service.lines("webhook.delivered")) == 1)
    (taken,) = receiver.taken
    body = taken.verified(secret)
    assert (body["chunkId"], body["completed"], body["errors"]) == ("bulk_675c53516d618_0", 1, 1)
    assert sorted(key for key, _ in heard) == [
        f"chunk.completed.{world.shop}",
        f"product.failed.{world.shop}",
        f"product.synced.{world.shop}",
    ]
    assert taken.headers["traceparent"].split("-")[1] == world.trace
    (told,) = service.lines("webhook.delivered")
    assert (told["trace_id"], told["webhook_id"]) == (world.trace, taken.webhook_id)
    assert service.process.returncode == 0
    written = service.log.read_text()
    assert secret not in written
    assert "hidden" not in written
    assert world.environment["SKUWIRE_INTERNAL_TOKEN"] not in written


async def test_an_endpoint_of_more_generous_days_gets_nothing_any_more(
    world: Any, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    async with world.service() as service:
        made = await service.ask("", {"tenant": world.tenant, "url": receiver.url + "/hook"})
    async with world.service(SKUWIRE_RELAY_ALLOW_HTTP_ENDPOINTS="false") as service:
        await world.tell(world.chunk())
        await eventually(lambda: len(service.lines("webhook.failed")) > 0)
        trial = await service.ask(f"/{made['id']}/test?tenant={world.tenant}")
    # It is tried again after a few seconds, which may come before the end.
    assert {line["cause"] for line in service.lines("webhook.failed")} == {"unusable_url"}
    assert (trial["delivered"], trial["cause"]) == (False, "unusable_url")
    assert receiver.taken == []


async def test_a_disabled_endpoint_is_a_figure_for_whoever_watches(
    world: Any, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    receiver.answers["/gone"] = [410]
    async with world.service() as service:
        await service.make_endpoint(world.tenant, receiver.url + "/well")
        await service.make_endpoint(world.tenant, receiver.url + "/gone")
        await world.tell(world.chunk())
        await eventually(lambda: len(service.lines("endpoint.disabled")) == 1)
    async with world.service() as service:  # which counts at its start
        figures = await service.figures("skuwire_webhook_endpoints", tenant=world.tenant)
    assert figures == {"enabled": 1, "failing": 0, "paused": 0, "disabled": 1}


async def test_nobody_outside_is_told_of_a_dry_run(
    world: Any, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    async with world.service() as service, world.public_events() as heard:
        await service.make_endpoint(world.tenant, receiver.url + "/hook")
        await world.tell(world.chunk(dry_run=True))
        await world.tell(world.chunk())  # what comes of the first has come when this one is told
        await eventually(lambda: len(receiver.taken) == 1 and len(heard) == 3)
        await eventually(lambda: len(service.lines("webhook.delivered")) == 1)
    assert (len(receiver.taken), len(heard)) == (1, 3)
    assert len(service.lines("chunk.told")) == 1


async def test_a_relay_that_is_killed_during_a_post_repeats_it_under_the_same_id(
    world: Any, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    short_lease = {"SKUWIRE_RELAY_TOTAL_TIMEOUT_SECONDS": "4", "SKUWIRE_RELAY_LEASE_SECONDS": "6"}
    receiver.held["/hook"] = asyncio.Event()
    async with world.service(**short_lease) as service:
        secret = await service.make_endpoint(world.tenant, receiver.url + "/hook")
        await world.tell(world.chunk())
        await eventually(lambda: len(receiver.taken) == 1)
        service.process.kill()
        await service.process.wait()
    receiver.held.pop("/hook").set()
    async with world.service() as service:
        await eventually(lambda: len(receiver.taken) == 2)
        await eventually(lambda: len(service.lines("webhook.delivered")) == 1)
    first, second = receiver.taken
    assert first.webhook_id == second.webhook_id
    assert first.body == second.body
    assert second.verified(secret)


async def test_an_outage_is_told_once_and_its_end_once(
    world: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    began = datetime.now(UTC)

    def report(service: str, reachability: Reachability, second: int) -> ShopReachability:
        return ShopReachability(
            tenant=world.tenant,
            shop=world.shop,
            service=service,
            reachability=reachability,
            at=began + timedelta(seconds=second),
        )

    async with world.service() as service, world.public_events() as heard:
        await world.tell(report("prestashop-writer", Reachability.UNREACHABLE, 1))
        await world.tell(report("image-processor", Reachability.UNREACHABLE, 2))
        await eventually(lambda: len(heard) == 1)
        await world.tell(report("prestashop-writer", Reachability.RECOVERED, 3))
        await world.tell(report("prestashop-writer", Reachability.UNREACHABLE, 1))  # again, late
        await world.tell(report("image-processor", Reachability.RECOVERED, 4))
        await eventually(lambda: len(heard) == 2)
        await eventually(lambda: len(service.lines("shop.recovered")) == 1)
    assert [key for key, _ in heard] == [f"shop.unreachable.{world.shop}", f"shop.recovered.{world.shop}"]
    assert [line["by"] for line in service.lines("shop.unreachable")] == ["prestashop-writer"]


async def test_a_partner_is_told_of_its_tenant_alone_in_messages_as_the_guide_describes_them(
    world: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    own, other = Partner(world.shop, world.tenant), Partner(f"{world.shop}-other", f"{world.tenant}-other")
    heard: dict[str, list[Any]] = {own.queue: [], other.queue: []}
    async with world.service(), world.broker.connection.channel() as channel:
        for partner in (own, other):
            await declare_partner_queue(channel, partner)
            await (await channel.get_queue(partner.queue)).consume(heard[partner.queue].append, no_ack=True)
        chunk = world.chunk()
        ids = {"chunk_id": "bulk_other_0", "submission_id": "bulk_other"}
        of_other = chunk.chunk.model_copy(update={"tenant": other.tenant, **ids})
        for message in (chunk, chunk.model_copy(update={"chunk": of_other})):
            await world.tell(message)
        await eventually(lambda: all(len(messages) == 3 for messages in heard.values()))
        for partner in (own, other):
            await channel.queue_delete(partner.queue)
    assert {json.loads(message.body)["tenant"] for message in heard[other.queue]} == {other.tenant}
    told = heard[own.queue]
    assert {message.routing_key.rpartition(".")[0] for message in told} == {
        "product.synced",
        "product.failed",
        "chunk.completed",
    }
    for message in told:
        body = json.loads(message.body)
        assert UUID(message.message_id)
        assert message.type == f"skuwire.{message.routing_key.rpartition('.')[0]}.v1"
        assert message.routing_key.endswith(f".{world.shop}")
        assert (message.correlation_id, message.content_type) == ("bulk_675c53516d618", "application/json")
        assert message.timestamp >= datetime.fromisoformat(body["at"]).replace(microsecond=0)
        assert (message.headers["tenant"], message.headers["shop"]) == (world.tenant, world.shop)
        assert message.headers["traceparent"].split("-")[1] == world.trace


async def test_who_answers_within_the_time_of_an_attempt_is_delivered_to_and_who_answers_after_it_is_not(
    world: Any, receiver: Any, eventually: Callable[..., Awaitable[None]]
) -> None:
    def answering_after(seconds: float) -> Any:
        async def answer(_request: web.Request) -> web.Response:
            await asyncio.sleep(seconds)  # what is tested: a receiver that takes so long
            return web.Response()

        return answer

    receiver.answers = {"/within": [answering_after(3)], "/beyond": [answering_after(60)]}
    two_fifths = {"SKUWIRE_RELAY_TOTAL_TIMEOUT_SECONDS": "6", "SKUWIRE_RELAY_CONNECT_TIMEOUT_SECONDS": "2"}
    async with world.service(**two_fifths) as service:
        within = await service.make_endpoint(world.tenant, receiver.url + "/within")
        await service.make_endpoint(world.tenant, receiver.url + "/beyond")
        await world.tell(world.chunk())
        await eventually(
            lambda: len(service.lines("webhook.delivered") + service.lines("webhook.failed")) == 2
        )
        # Now: who answers too late is asked again soon.
        delivered, failed = service.lines("webhook.delivered"), service.lines("webhook.failed")
    (taken,) = receiver.at("/within")
    assert taken.verified(within)
    assert [line["webhook_id"] for line in delivered] == [taken.webhook_id]
    assert [line["cause"] for line in failed] == ["timed_out"]


def test_an_attempt_has_the_time_that_the_documents_promise() -> None:
    settings = RelaySettings(sealing_secret=SecretStr("a-sealing-secret-of-the-tests-long-enough"))

    assert (settings.total_timeout_seconds, settings.connect_timeout_seconds) == (15, 5)
    relay, guide = (
        REPOSITORY / page for page in ("services/webhook-relay/README.md", "docs/guides/webhooks.md")
    )
    assert "An attempt has 15 s (5 s to connect)" in relay.read_text()
    assert "Answer 2xx within 15 seconds" in guide.read_text()
