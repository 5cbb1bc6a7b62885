"""The memory that bodies may take: never more than there is, and nobody waits for ever."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.body import SMALL_BODY_BYTES, BodyBudget
from gateway.errors import Refusal

LARGE = SMALL_BODY_BYTES + 100


async def refusal_of(budget: BodyBudget, size: int) -> int | None:
    try:
        async with budget.hold(size):
            return None
    except Refusal as refused:
        return refused.status


async def test_a_turn_that_does_not_come_is_told_and_a_small_body_needs_none() -> None:
    budget = BodyBudget(200, turn_seconds=0.01)
    async with budget.hold(LARGE), budget.hold(LARGE):
        assert await refusal_of(budget, LARGE) == 503
        assert await refusal_of(budget, SMALL_BODY_BYTES) is None
    assert await refusal_of(budget, LARGE) is None
    assert await refusal_of(budget, LARGE + 1) == 413  # more than half: two would never fit in side by side


async def test_who_waits_gets_his_turn_when_another_is_through() -> None:
    budget = BodyBudget(200, turn_seconds=10)
    waiting: asyncio.Task[int | None]
    async with budget.hold(LARGE), budget.hold(LARGE):
        waiting = asyncio.create_task(refusal_of(budget, LARGE))
        await asyncio.sleep(0)
    assert await waiting is None


async def test_of_two_that_wait_for_each_other_the_older_gets_the_memory() -> None:
    budget = BodyBudget(300, turn_seconds=1)  # the older waits so much longer

    async def grow() -> bool:
        try:
            async with budget.share() as share:
                await share.grow_to(SMALL_BODY_BYTES + 140)
                await asyncio.sleep(0)
                await share.grow_to(SMALL_BODY_BYTES + 150)
                await asyncio.sleep(0)
                await share.grow_to(SMALL_BODY_BYTES + 150)
                return True
        except Refusal:
            return False

    async with budget.hold(SMALL_BODY_BYTES + 20):
        older, younger = await asyncio.gather(grow(), grow())

    assert (older, younger) == (True, False)
    assert budget.free_bytes == 300


async def test_bodies_that_nobody_has_vouched_for_wait_for_each_other_alone() -> None:
    budget = BodyBudget(400, turn_seconds=0.01)

    async def unvouched(size: int) -> int | None:
        try:
            async with budget.share(is_vouched=False) as share:
                await share.grow_to(SMALL_BODY_BYTES + size)
                return None
        except Refusal as refused:
            return refused.status

    async with budget.share(is_vouched=False) as first, budget.share(is_vouched=False) as second:
        await first.grow_to(SMALL_BODY_BYTES + 50)
        await second.grow_to(SMALL_BODY_BYTES + 50)
        assert await unvouched(1) == 503  # a quarter is theirs
        assert await unvouched(51) == 413
        assert await refusal_of(budget, SMALL_BODY_BYTES + 200) is None
        await first.vouch()
        assert await unvouched(50) is None
        await first.grow_to(SMALL_BODY_BYTES + 200)
    assert budget.free_bytes == 400


async def test_who_waits_gets_the_memory_of_a_body_that_was_vouched_for() -> None:
    budget = BodyBudget(400, turn_seconds=10)
    async with budget.share(is_vouched=False) as first, budget.share(is_vouched=False) as second:
        await first.grow_to(SMALL_BODY_BYTES + 50)
        await second.grow_to(SMALL_BODY_BYTES + 50)
        async with budget.share(is_vouched=False) as third:
            waiting = asyncio.create_task(third.grow_to(SMALL_BODY_BYTES + 50))
            await asyncio.sleep(0)
            await first.vouch()
            await waiting


@given(st.lists(st.tuples(st.booleans(), st.integers(0, 150)), max_size=30))
def test_whoever_comes_who_is_vouched_for_finds_the_rest_free(sizes: list[tuple[bool, int]]) -> None:
    async def play() -> None:
        budget = BodyBudget(400, turn_seconds=0.0001)

        async def take(*, is_vouched: bool, size: int) -> None:
            try:
                async with budget.share(is_vouched=is_vouched) as share:
                    await share.grow_to(SMALL_BODY_BYTES + size)
                    assert budget.free_bytes >= 0
                    assert sum(one.size for one in budget.shares if not one.is_vouched) <= 100
                    await asyncio.sleep(0)
                    await share.vouch()
            except Refusal:
                pass

        await asyncio.gather(*(take(is_vouched=is_vouched, size=size) for is_vouched, size in sizes))
        assert budget.free_bytes == 400

    asyncio.run(play())


@given(st.lists(st.integers(0, SMALL_BODY_BYTES + 400), max_size=30))
def test_shares_never_sum_up_to_more_than_there_is(sizes: list[int]) -> None:
    async def play() -> None:
        budget, statuses = BodyBudget(300, turn_seconds=0.0001), set[int]()

        async def hold(size: int) -> None:
            try:
                async with budget.hold(size):
                    assert budget.free_bytes >= 0
                    await asyncio.sleep(0)
            except Refusal as refused:
                statuses.add(refused.status)

        await asyncio.gather(*(hold(size) for size in sizes))
        assert budget.free_bytes == 300
        assert statuses <= {413, 503}

    asyncio.run(play())


async def test_a_refusal_for_want_of_memory_says_when_to_come_again() -> None:
    budget = BodyBudget(200, turn_seconds=0.01)
    async with budget.hold(LARGE), budget.hold(LARGE):
        with pytest.raises(Refusal) as caught:
            async with budget.hold(LARGE):
                raise AssertionError
    assert caught.value.headers["Retry-After"]
