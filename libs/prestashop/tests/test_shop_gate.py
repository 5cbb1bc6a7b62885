"""Requests in line: in order, at the pace, and a pause of the shop's counts for all of them."""

import asyncio

import pytest

from prestashop import ClientSettings, Pace, PaceSettings, Shop, ShopThrottled
from prestashop.gate import Gate

KEY = "S3CR3TS3CR3TS3CR3TS3CR3TS3CR3TS3"


async def test_after_retry_after_no_request_of_the_shop_goes_out(scripted, reply, records):
    scripted.will(reply(429, b"", {"Retry-After": "600"}))
    async with Shop(scripted.address, KEY, on_request=records.append) as shop:
        results = await asyncio.gather(
            *(shop.list(resource) for resource in ("products", "categories", "languages")),
            return_exceptions=True,
        )
        (outcome,) = await shop.patch("products", [{"id": 1, "price": "1"}])
    assert [type(result) for result in results] == [ShopThrottled] * 3
    assert 590 < results[2].retry_after <= 600
    assert (outcome.sent, type(outcome.error)) == (False, ShopThrottled)
    assert len(scripted.seen) == len(records) == 1


async def test_a_short_pause_is_waited_out(scripted, reply, listing, records):
    scripted.will(reply(503, b"", {"Retry-After": "0"}), listing({"id": 1}))
    async with Shop(scripted.address, KEY, on_request=records.append) as shop:
        with pytest.raises(ShopThrottled):
            await shop.list("products")
        assert await shop.list("products") == [{"id": "1"}]
    assert [record.limit for record in records] == [1, 2]


async def test_whoever_comes_first_goes_first():
    gate = Gate(Pace(PaceSettings(max_concurrency=1)), longest_wait_seconds=10)
    gone = []

    async def go(name):
        async with gate.turn():
            gone.append(name)

    async with gate.turn():
        waiting = [asyncio.create_task(go(name)) for name in "abcdef"]
        await asyncio.sleep(0)
        waiting[2].cancel()
    await asyncio.gather(*waiting, return_exceptions=True)
    assert gone == ["a", "b", "d", "e", "f"]
    assert gate.pace.in_flight == 0


async def test_a_request_that_is_cancelled_or_never_sent_leaves_its_place_to_the_next(
    scripted, never, listing
):
    refusals = iter([ShopThrottled(1.0)])

    async def may_go():
        for refusal in refusals:
            raise refusal

    reached = asyncio.Event()

    async def stall(request):
        reached.set()
        return await never(request)

    scripted.will(stall, listing())
    settings = ClientSettings(max_concurrency=1)
    async with Shop(scripted.address, KEY, settings=settings, before_request=may_go) as shop:
        with pytest.raises(ShopThrottled):
            await shop.list("products")
        stuck = asyncio.create_task(shop.list("products"))
        await reached.wait()
        stuck.cancel()
        assert await shop.list("products") == []
        assert shop.pace.in_flight == 0


def test_the_caps_are_those_of_the_settings():
    shop = Shop(
        "https://shop.example", KEY, settings=ClientSettings(max_concurrency=4, max_requests_per_minute=60)
    )
    assert (shop.pace.current_limit, shop.pace.current_requests_per_minute) == (1, 15)
