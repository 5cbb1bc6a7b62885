"""A shop that misbehaves: what a client sees, and what was written all the same."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.app_keys import FAULTS
from simulator.faults import KNOWN, Faults

POST = "^POST /api/products$"


def product(reference: str) -> bytes:
    name = '<name><language id="1">Chair</language><language id="2">Sedia</language></name>'
    entity = f"<product><price>10</price><reference>{reference}</reference>{name}</product>"
    return f"<prestashop>{entity}</prestashop>".encode()


async def switch(shop: Any, **fault: object) -> dict[str, Any]:
    async with shop.client.post(f"{shop.url}/_simulator/faults", json=fault) as answer:
        assert answer.status == 200, await answer.text()
        return dict(await answer.json())


async def references(shop: Any) -> list[str]:
    async with shop.client.get(f"{shop.url}/_simulator/state") as answer:
        return [one["reference"] for one in (await answer.json())["products"]]


async def logged(shop: Any) -> list[tuple[int, int]]:
    async with shop.client.get(f"{shop.url}/_simulator/requests") as answer:
        return [(one["status"], one["entities"]) for one in await answer.json()]


async def eventually(look: Callable[[], Awaitable[object]], wanted: object) -> None:
    async with asyncio.timeout(30):
        while await look() != wanted:  # noqa: ASYNC110 (the shop is looked at from outside)
            await asyncio.sleep(0.01)


async def give_up(shop: Any, body: bytes) -> None:
    """Send a product and hang up before the answer comes, as soon as the shop has the request."""
    dealt = shop.runner.app[FAULTS].dealt
    before = dealt.total()
    asking = asyncio.create_task(shop.call("POST", "/api/products", body))
    async with asyncio.timeout(30):
        while dealt.total() == before:  # noqa: ASYNC110 (the shop is looked at from outside)
            await asyncio.sleep(0.01)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


@pytest.mark.parametrize(
    ("fault", "status", "written"),
    [
        ({"fault": "500_before"}, 500, []),
        ({"fault": "500_after"}, 500, ["A"]),
        ({"status": 500, "when": "after"}, 500, ["A"]),
        ({"fault": "429"}, 429, []),
        ({"fault": "503", "retry_after_seconds": 9}, 503, []),
        ({"fault": "html_200"}, 200, []),
        ({"status": 409}, 409, []),
        ({"delay_seconds": 0.001}, 201, ["A"]),
    ],
)
async def test_a_fault_stands_before_the_write_or_after_it(
    shop: Any, fault: dict[str, object], status: int, written: list[str]
) -> None:
    await switch(shop, **fault, match=POST, times=1)
    assert (await shop.call("POST", "/api/products", product("A")))[0] == status
    assert await references(shop) == written
    assert (await shop.call("POST", "/api/products", product("B")))[0] == 201


async def test_a_shop_that_refuses_says_when_to_come_back(shop: Any) -> None:
    await switch(shop, fault="429", retry_after_seconds=7)
    async with shop.client.get(f"{shop.url}/api") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (429, "7")


async def test_a_maintenance_page_is_html_and_says_nothing_of_products(shop: Any) -> None:
    await switch(shop, fault="html_200")
    status, text = await shop.call("GET", "/api/products")
    assert (status, text.startswith("<!doctype html>")) == (200, True)


@pytest.mark.parametrize(("fault", "written"), [("drop_after", ["A"]), ("drop_before", [])])
async def test_a_dropped_connection_does_not_tell_what_was_written(
    shop: Any, fault: str, written: list[str]
) -> None:
    await switch(shop, fault=fault, times=1)
    with pytest.raises(aiohttp.ClientConnectionError):
        await shop.call("POST", "/api/products", product("A"))
    assert await references(shop) == written
    assert await logged(shop) == [(0, len(written))]


async def test_an_answer_that_never_comes_was_written(shop: Any) -> None:
    await switch(shop, fault="never_answer", times=1)
    await give_up(shop, product("A"))
    await eventually(lambda: references(shop), ["A"])
    assert await logged(shop) == [(0, 1)]


async def test_the_shop_writes_on_when_the_client_has_hung_up(shop: Any) -> None:
    await switch(shop, delay_seconds=0.4, times=1)
    await give_up(shop, product("A"))
    await eventually(lambda: references(shop), ["A"])


async def test_a_late_commit_comes_after_what_the_client_did_next(shop: Any) -> None:
    await switch(shop, fault="late_commit", commit_after_seconds=2, times=1)
    await give_up(shop, product("LATE"))
    assert (await shop.call("POST", "/api/products", product("NEXT")))[0] == 201
    assert await references(shop) == ["NEXT"]
    await eventually(lambda: references(shop), ["NEXT", "LATE"])
    assert sorted(await logged(shop)) == [(201, 1), (201, 1)]


async def test_a_slow_answer_comes_in_drops_and_is_whole(shop: Any) -> None:
    await switch(shop, fault="slow_drip", bytes_per_second=100_000)
    async with shop.client.post(
        f"{shop.url}/api/products",
        data=product("A"),
        headers={"Authorization": aiohttp.encode_basic_auth("K" * 32, "")},
    ) as answer:
        pieces = [piece async for piece in answer.content.iter_any()]
    assert (answer.status, b"".join(pieces).endswith(b"</prestashop>\n")) == (201, True)
    await switch(shop, clear=True)
    await switch(shop, fault="slow_drip", bytes_per_second=1)
    await give_up(shop, product("B"))
    await eventually(lambda: references(shop), ["A", "B"])


async def test_a_giant_answer_is_the_shops_own_with_room_in_it(shop: Any) -> None:
    await switch(shop, fault="giant_answer", size_bytes=3_000_000)
    status, text = await shop.call("POST", "/api/products", product("A"))
    assert (status, len(text) > 3_000_000, text.endswith("</prestashop>\n")) == (201, True, True)
    assert "".join(text.split()).count("<![CDATA[A]]>") == 1


async def test_nobody_has_to_read_a_giant_answer_to_its_end(shop: Any) -> None:
    await switch(shop, fault="giant_answer", times=1)
    async with shop.client.get(f"{shop.url}/api") as answer:
        assert len(await answer.content.readexactly(2_000_000)) == 2_000_000
        answer.close()
    assert (await shop.call("GET", "/api/products"))[0] == 200


async def test_faults_are_told_and_cleared(shop: Any) -> None:
    told = await switch(shop, delay_seconds=0.01, unavailable=True)
    assert (told["unavailable"], told["faults"][0]["seconds"]) == (True, 0.01)
    status, text = await shop.call("GET", "/api/products")
    assert (status, "<![CDATA[22]]>" in text) == (503, True)
    told = await switch(shop, clear=True, speed="measured")
    assert (told["unavailable"], told["faults"], told["speed"]) == (False, [], "measured")
    assert told["dealt"] == {"delay": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"status": 500, "when": "never"},
        {"status": 99},
        {"fault": "flood"},
        {"match": "("},
        {"fualt": "429"},
        {"speed": "fast"},
        {"rates": {"429": 0.6, "503": 0.6}},
        {"rates": {"429": -0.1}},
        {"rates": {"flood": 0.1}},
        [7],
    ],
)
async def test_a_fault_that_means_nothing_is_refused(shop: Any, wrong: object) -> None:
    async with shop.client.post(f"{shop.url}/_simulator/faults", json=wrong) as answer:
        assert (answer.status, "error" in await answer.json()) == (400, True)
    async with shop.client.get(f"{shop.url}/_simulator/faults") as answer:
        told = await answer.json()
    assert (told["faults"], told["rates"], told["speed"]) == ([], {}, "none")


def dealt(seed: int, rates: dict[str, float], requests: int) -> list[str]:
    faults = Faults()
    faults.change({"seed": seed, "rates": rates})
    return [fault.name for _ in range(requests) for fault in faults.take("GET", "/api/products")]


@given(st.integers(0, 10**6), st.dictionaries(st.sampled_from(sorted(KNOWN)), st.floats(0, 0.09)))
def test_the_same_seed_deals_the_same_faults(seed: int, rates: dict[str, float]) -> None:
    assert dealt(seed, rates, 200) == dealt(seed, rates, 200)
    assert set(dealt(seed, rates, 200)) <= {name for name, rate in rates.items() if rate}


def test_rates_are_shares_of_all_requests() -> None:
    counted = Counter(dealt(7, {"500_before": 0.05, "500_after": 0.2}, 10_000))
    assert 400 < counted["500_before"] < 600
    assert 1850 < counted["500_after"] < 2150


def test_chance_leaves_alone_what_it_does_not_match() -> None:
    faults = Faults()
    faults.change({"seed": 1, "rates": {"429": 1.0}, "match": "^POST"})
    assert faults.take("GET", "/api/products") == []
    assert [fault.name for fault in faults.take("POST", "/api/products")] == ["429"]
