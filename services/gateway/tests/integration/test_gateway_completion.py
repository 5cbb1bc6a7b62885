"""The end of a submission is told once, whatever is told of its chunks, and in whichever order."""

import asyncio
import random
from typing import Any

import pytest

from common.messages import ChunkCompleted, SubmissionCompleted
from common.messaging.envelope import Received, outgoing_envelope
from gateway.progress import Progress
from gateway.progress_store import hold_chunks
from gateway.testing import Running, Stations, eventually, nothing_yet, refused, written
from gateway.waiting import Waiting

BULK = "/api/products/bulk"


def item(number: int, **more: Any) -> dict[str, Any]:
    return {"reference": f"SKU-{number}", "price": "1.5", "en": {"name": "Machine"}} | more


async def bulk(gateway: Running, items: list[dict[str, Any]], **more: Any) -> str:
    answer = await gateway.client.post(BULK, {"items": items} | more)
    assert answer.status in (200, 202), answer.body
    bulk_id: str = answer.body["data"]["bulkId"]
    return bulk_id


async def told(stations: Stations, submission_id: str) -> SubmissionCompleted:
    """What was told, once something was."""

    async def is_told() -> bool:
        return any(one.submission_id == submission_id for one in stations.completed)

    await eventually(is_told)
    [one] = [one for one in stations.completed if one.submission_id == submission_id]
    return one


async def test_the_totals_of_a_bulk_are_told_with_its_last_chunk(gateway: Running) -> None:
    gateway.stations.script = nothing_yet
    bulk_id = await bulk(gateway, [item(number) for number in range(120)])
    await gateway.stations.have_got(3)
    last, *others = reversed(gateway.stations.submitted)
    for submitted in others:
        outcomes = tuple(written(change) for change in submitted.changes)
        envelope = await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes))
        await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes), envelope)
        await gateway.stations.tell(ChunkCompleted(chunk=submitted.chunk, outcomes=outcomes))
    assert gateway.stations.completed == []

    outcomes = tuple(refused(change, "category_unknown") for change in last.changes)
    for _ in range(3):
        await gateway.stations.tell(ChunkCompleted(chunk=last.chunk, outcomes=outcomes))

    one = await told(gateway.stations, bulk_id)
    assert (one.kind, one.status, one.tenant, one.shop) == ("bulk", "completed", "acme", "milano")
    assert (one.chunks, one.total_items, one.created, one.refused) == (3, 120, 100, 20)
    after = await bulk(gateway, [item(0)])  # what comes of the repeats has come when this one is told
    await gateway.stations.have_got(4)
    await gateway.stations.tell(
        ChunkCompleted(
            chunk=gateway.stations.submitted[-1].chunk,
            outcomes=tuple(written(change) for change in gateway.stations.submitted[-1].changes),
        )
    )
    await told(gateway.stations, after)
    assert [one.submission_id for one in gateway.stations.completed] == [bulk_id, after]


@pytest.mark.parametrize("seed", range(3))
async def test_chunks_that_complete_at_the_same_moment_tell_one_end(gateway: Running, seed: int) -> None:
    gateway.stations.script = nothing_yet
    bulk_id = await bulk(gateway, [item(number) for number in range(400)])
    await gateway.stations.have_got(8)
    facts = [
        ChunkCompleted(chunk=one.chunk, outcomes=tuple(written(change) for change in one.changes))
        for one in gateway.stations.submitted
    ]
    random.Random(seed).shuffle(facts)
    progress = Progress(Waiting())

    async def take(fact: ChunkCompleted) -> None:  # as eight replicas would, each in its own transaction
        async with gateway.database.unit_of_work() as work:
            await progress.take_completed(work, [Received(fact, outgoing_envelope(fact, "stations"))])

    await asyncio.gather(*(take(fact) for fact in facts))

    assert (await told(gateway.stations, bulk_id)).created == 400


async def test_two_replicas_that_hear_of_the_same_chunks_do_not_wait_for_each_other(
    gateway: Running, until_a_lock_is_awaited: Any
) -> None:
    gateway.stations.script = nothing_yet
    bulk_id = await bulk(gateway, [item(number) for number in range(100)])
    first, second = (bulk_id, 0), (bulk_id, 1)

    async def other_replica() -> None:
        async with gateway.database.unit_of_work() as work:
            await hold_chunks(work.connection, [second, first])

    async with gateway.database.unit_of_work() as work:
        await hold_chunks(work.connection, [first])
        other = asyncio.create_task(other_replica())
        await until_a_lock_is_awaited(gateway.database.pool)
        await hold_chunks(work.connection, [second])
    await asyncio.wait([other])
    assert other.exception() is None


async def test_what_was_refused_at_the_door_is_an_end_as_well(gateway: Running) -> None:
    bulk_id = await bulk(gateway, [item(number, price="much") for number in range(3)])

    one = await told(gateway.stations, bulk_id)

    assert (one.status, one.chunks, one.total_items, one.refused) == ("failed", 0, 3, 3)
    assert one.completed_at == one.submitted_at


async def test_the_end_of_a_dry_run_is_not_told(gateway: Running) -> None:
    await bulk(gateway, [item(1)], dry_run=True)
    real = await bulk(gateway, [item(1)])

    await told(gateway.stations, real)

    assert [one.submission_id for one in gateway.stations.completed] == [real]
