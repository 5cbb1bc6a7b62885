"""Every public event goes to whoever subscribed to it, once, however often it is told."""

import asyncio
import itertools
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from common.messages import (
    Chunk,
    ChunkCompleted,
    Intent,
    ItemOutcome,
    Message,
    Reachability,
    Reason,
    Result,
    ShopReachability,
    SubmissionCompleted,
)
from common.messaging.envelope import Received, outgoing_envelope
from webhook_relay.handlers import Intake
from webhook_relay.retention import Retention
from webhook_relay.store.deliveries import ROWS_PER_STATEMENT

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
NO = Reason(code="price_negative", field="price", message="Must be positive.")


def completed(results: Sequence[Result], partition: int = 0, bulk: str = "bulk_1") -> Received[Any]:
    outcomes = tuple(
        ItemOutcome(
            position=place,
            sequence=place,
            intent=Intent.UPSERT,
            result=result,
            reference=f"SKU-{place}",
            reasons=(NO,) if result is Result.REFUSED else (),
        )
        for place, result in enumerate(results)
    )
    chunk = Chunk(
        chunk_id=f"{bulk}_{partition}",
        submission_id=bulk,
        partition=partition,
        tenant="acme",
        shop="milano",
        submitted_at=AT,
        total_items=len(outcomes),
    )
    return told(ChunkCompleted(chunk=chunk, outcomes=outcomes))


def ended(chunks: int, bulk: str = "bulk_1") -> Received[Any]:
    return told(
        SubmissionCompleted(
            submission_id=bulk,
            tenant="acme",
            shop="milano",
            kind="bulk",
            status="completed",
            submitted_at=AT,
            completed_at=AT,
            chunks=chunks,
            total_items=chunks,
            created=chunks,
            updated=0,
            unchanged=0,
            deleted=0,
            refused=0,
            cancelled=0,
            images_processed=0,
        )
    )


def told(message: Message) -> Received[Any]:
    return Received(message, outgoing_envelope(message, "test"))


@pytest.fixture
def tell(relay: Any) -> Any:
    """Gives facts to the handlers of the service, in one transaction each."""
    intake = Intake(relay.deliverer.wake, relay.clock.now)

    async def tell(*received: Received[Any]) -> None:
        handlers = {
            ChunkCompleted: intake.take_completed_chunks,
            SubmissionCompleted: intake.take_completed_submissions,
            ShopReachability: intake.take_reachability,
        }
        for one in received:
            async with relay.database.unit_of_work() as work:
                await handlers[type(one.message)](work, [one])

    return tell


async def recorded(relay: Any, endpoint: Any) -> list[tuple[str, str]]:
    rows = await relay.database.pool.fetch(
        "select event_type, subject from deliveries where endpoint_id = $1 order by 1, 2", endpoint.id
    )
    return [(row["event_type"], row["subject"]) for row in rows]


async def test_each_endpoint_gets_what_it_subscribed_to(relay: Any, tell: Any) -> None:
    chunks = await relay.endpoint("/chunks")
    products = await relay.endpoint("/products", "product.*")
    failed = await relay.endpoint("/failed", "product.failed", "shop.unreachable")
    elsewhere = await relay.endpoint("/elsewhere", "*", shops=("roma",))
    chunk = completed([Result.CREATED, Result.REFUSED, Result.DELETED])

    for _ in range(2):  # told again, as after a crash
        await tell(chunk)

    assert await recorded(relay, chunks) == [("bulk.chunk.completed", "bulk_1_0")]
    assert await recorded(relay, products) == [
        ("product.deleted", "SKU-2"),
        ("product.failed", "SKU-1"),
        ("product.synced", "SKU-0"),
    ]
    assert await recorded(relay, failed) == [("product.failed", "SKU-1")]
    assert await recorded(relay, elsewhere) == []


async def test_what_an_endpoint_receives_is_the_public_event(relay: Any, tell: Any) -> None:
    await relay.endpoint("/hook", "product.synced")
    await tell(completed([Result.UPDATED]))

    await relay.deliver_due()

    [taken] = relay.receiver.taken
    assert taken.headers["webhook-type"] == "product.synced"
    body = taken.verified(relay.secret.text())
    [public] = await relay.database.pool.fetch("select body from outbox where routing_key like 'product.%'")
    assert body["data"] == json.loads(public["body"])
    assert (body["type"], body["data"]["reference"]) == ("product.synced", "SKU-0")


async def test_a_full_chunk_is_recorded_by_one_statement_and_many_in_bounded_ones(
    relay: Any, tell: Any
) -> None:
    endpoints = [await relay.endpoint(f"/{number}", "*") for number in range(3)]
    statements: list[str] = []
    chunks = [completed([Result.CREATED] * 50, partition) for partition in range(20)]
    intake = Intake(relay.deliverer.wake, relay.clock.now)

    async with relay.database.unit_of_work() as work:
        with work.connection.query_logger(lambda logged: statements.append(logged.query)):
            await intake.take_completed_chunks(work, chunks[:1])
            await intake.take_completed_chunks(work, chunks[1:])

    rows = len(endpoints) * 51 * 20
    assert await relay.database.pool.fetchval("select count(*) from deliveries") == rows
    inserted = sum("insert into deliveries" in statement for statement in statements)
    assert inserted == 1 + -(-(rows - 3 * 51) // ROWS_PER_STATEMENT)


async def test_a_reference_that_is_longer_than_any_product_s_is_no_obstacle(relay: Any, tell: Any) -> None:
    endpoint = await relay.endpoint("/hook", "product.*")
    chunk = completed([Result.REFUSED])
    outcome = chunk.message.outcomes[0].model_copy(update={"reference": "è" * 100_000})
    await tell(told(chunk.message.model_copy(update={"outcomes": (outcome,)})))

    [(_, subject)] = await recorded(relay, endpoint)
    assert subject == "è" * 200


async def test_an_outage_of_a_shop_is_told_by_webhook(relay: Any, tell: Any) -> None:
    shops = await relay.endpoint("/shops", "shop.*")
    for reachability, hour in ((Reachability.UNREACHABLE, 1), (Reachability.RECOVERED, 2)):
        await tell(
            told(
                ShopReachability(
                    tenant="acme",
                    shop="milano",
                    service="prestashop-writer",
                    reachability=reachability,
                    at=AT.replace(hour=hour),
                )
            )
        )

    assert await recorded(relay, shops) == [("shop.recovered", "milano"), ("shop.unreachable", "milano")]


async def test_a_submission_s_end_is_told_once_after_its_last_chunk(relay: Any, tell: Any) -> None:
    endpoint = await relay.endpoint("/hook", "bulk.*")
    for number, order in enumerate(itertools.permutations("012e")):
        bulk = f"bulk_{number}"
        facts = {"e": ended(3, bulk)} | {name: completed([Result.CREATED], int(name), bulk) for name in "012"}
        for name in order:
            assert ("bulk.completed", bulk) not in await recorded(relay, endpoint)
            await tell(facts[name])
            if name != order[-1]:
                await tell(facts[name])  # twice

        chunks = [("bulk.chunk.completed", f"{bulk}_{name}") for name in "012"]
        subjects = await recorded(relay, endpoint)
        assert [told for told in subjects if told[1].startswith(bulk)] == [*chunks, ("bulk.completed", bulk)]
        keys = await relay.database.pool.fetch("delete from outbox returning id, routing_key")
        assert max(keys, key=lambda row: row["id"])["routing_key"] == "bulk.completed.milano"
        await relay.database.pool.execute("delete from deliveries")


async def test_a_chunk_that_two_stations_end_is_told_once(relay: Any, tell: Any) -> None:
    endpoint = await relay.endpoint("/hook", "bulk.*")

    await tell(completed([Result.CREATED]), completed([Result.REFUSED]), ended(1))
    await tell(completed([Result.REFUSED]), ended(1))

    assert await recorded(relay, endpoint) == [
        ("bulk.chunk.completed", "bulk_1_0"),
        ("bulk.completed", "bulk_1"),
    ]


async def test_a_chunk_that_two_stations_end_at_once_is_told_once(relay: Any, tell: Any) -> None:
    endpoint = await relay.endpoint("/hook", "bulk.*")
    first, second = completed([Result.CREATED]), completed([Result.REFUSED])
    intake = Intake(relay.deliverer.wake, relay.clock.now)

    async with relay.database.unit_of_work() as work:
        await intake.take_completed_chunks(work, [first, second])

    [told_of] = await relay.database.pool.fetch("select endpoint_id, body from deliveries")
    assert told_of["endpoint_id"] == endpoint.id
    assert json.loads(told_of["body"])["errors"] == 0  # the first end, which says created


async def test_two_that_note_the_last_things_at_once_tell_the_end_once(relay: Any, tell: Any) -> None:
    endpoint = await relay.endpoint("/hook", "bulk.completed")
    count = 4  # with the end fewer than the pool has connections
    facts = [ended(count), *(completed([Result.CREATED], number) for number in range(count))]

    await asyncio.gather(*(tell(fact) for fact in facts))

    assert await recorded(relay, endpoint) == [("bulk.completed", "bulk_1")]


async def test_a_submission_without_chunks_ends_at_once(relay: Any, tell: Any) -> None:
    endpoint = await relay.endpoint("/hook", "*")

    await tell(ended(0))

    assert await recorded(relay, endpoint) == [("bulk.completed", "bulk_1")]


async def test_what_never_ends_is_forgotten_in_the_end(relay: Any, tell: Any) -> None:
    await tell(completed([Result.CREATED]))
    await relay.database.pool.execute("update submissions set changed_at = now() - interval '31 days'")

    await Retention(relay.database, keep_days=30).forget()

    assert not await relay.database.pool.fetchval("select count(*) from told_chunks")


async def test_an_endpoint_that_is_disabled_is_told_to_the_others_and_never_to_itself(relay: Any) -> None:
    relay.receiver.answers = {"/gone": [410], "/watching": [410]}
    gone = await relay.endpoint("/gone", "*", shops=("milano",))
    watching = await relay.endpoint("/watching", "endpoint.disabled", shops=("roma",))
    third = await relay.endpoint("/third", "endpoint.*")
    await relay.add(gone)

    while await relay.deliver_due():
        pass

    # The second answers 410 to being told of the first: that is told as well, and recorded for the first.
    assert await recorded(relay, watching) == [("endpoint.disabled", str(gone.id))]
    assert await recorded(relay, third) == [
        ("endpoint.disabled", subject) for subject in sorted([str(gone.id), str(watching.id)])
    ]
    assert ("endpoint.disabled", str(watching.id)) in await recorded(relay, gone)
    assert ("endpoint.disabled", str(gone.id)) not in await recorded(relay, gone)
    events = await relay.database.pool.fetchval("select count(*) from outbox")
    assert events == 2
