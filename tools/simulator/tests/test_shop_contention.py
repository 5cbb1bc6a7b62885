"""Writes at the same time, and the time that a shop takes."""

import asyncio
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.contention import Contention
from simulator.outline import Outline
from simulator.speed import Machine, Work, work_of
from simulator.webservice import ApiCall, answer

NAME = '<name><language id="1">Chair</language><language id="2">Sedia</language></name>'
PUT = Outline("products", "PUT", 1, frozenset({1}))


def change(number: int, price: int) -> bytes:
    entity = f"<product><id>{number}</id><price>{price}</price>{NAME}</product>"
    return f"<prestashop>{entity}</prestashop>".encode()


async def make_products(shop: Any, count: int) -> None:
    entity = f"<product><price>1</price>{NAME}</product>"
    body = f"<prestashop>{entity * count}</prestashop>"
    assert (await shop.call("POST", "/api/products", body.encode()))[0] == 201


async def put_at_once(shop: Any, numbers: list[int]) -> list[tuple[int, str]]:
    calls = (shop.call("PUT", "/api/products", change(number, 5 + at)) for at, number in enumerate(numbers))
    return list(await asyncio.gather(*calls))


async def test_some_of_the_writes_of_one_product_at_once_fail_without_a_word(shop: Any) -> None:
    await make_products(shop, 1)
    failed = []
    for _ in range(10):
        answers = await put_at_once(shop, [1] * 8)
        assert 200 in {status for status, _ in answers}
        failed += [answer for answer in answers if answer[0] != 200]
    assert set(failed) == {(500, "")}
    assert len(failed) <= 70


async def test_writes_of_different_products_at_once_all_succeed(shop: Any) -> None:
    await make_products(shop, 8)
    for _ in range(5):
        assert {status for status, _ in await put_at_once(shop, list(range(1, 9)))} == {200}


def test_of_two_writes_of_one_product_either_may_be_given_up() -> None:
    contention = Contention()
    with contention.under_way(PUT):
        with contention.under_way(PUT):
            assert {contention.given_up(PUT) for _ in range(100)} == {frozenset({1}), frozenset()}
        assert contention.given_up(PUT) == frozenset()
    assert not contention.writes


async def test_a_body_is_written_up_to_the_product_that_it_lost(shop: Any) -> None:
    await make_products(shop, 3)
    entities = "".join(f"<product><id>{number}</id><price>9</price>{NAME}</product>" for number in (1, 2, 3))
    body = f"<prestashop>{entities}</prestashop>".encode()
    lost = answer(shop.shop, ApiCall("PUT", ("products",), [], "K" * 32, body, given_up=frozenset({2})))
    assert (lost.status, lost.body, lost.entities) == (500, b"", 1)
    async with shop.client.get(f"{shop.url}/_simulator/state") as told:
        prices = [one["price"] for one in (await told.json())["products"]]
    assert prices == ["9.000000", "1.000000", "1.000000"]


@given(st.lists(st.booleans(), min_size=1, max_size=8))
def test_the_last_write_under_way_is_never_given_up(others: list[bool]) -> None:
    contention = Contention()
    for _ in others:
        with contention.under_way(PUT):
            assert contention.given_up(PUT) == frozenset()


def test_parallel_deletes_are_rarely_given_up() -> None:
    contention = Contention()
    one, other = (Outline("products", "DELETE", 1, frozenset({number})) for number in (1, 2))
    with contention.under_way(one), contention.under_way(other):
        lost = sum(bool(contention.given_up(one)) for _ in range(10_000))
    assert 100 < lost < 200


def near(seconds: float, measured: float) -> bool:
    return abs(seconds - measured) <= 0.15 * measured


def test_the_model_is_as_fast_as_the_shop_was_measured() -> None:
    def alone(method: str, resource: str, entities: int = 1, pixels: int = 0) -> float:
        return work_of(Outline(resource, method, entities), pixels).seconds

    assert near(alone("POST", "products"), 0.041)
    for count in (10, 50, 100):
        assert near(alone("POST", "products", count), count * 0.0177)
    assert near(alone("PUT", "products"), 0.035)
    assert near(alone("PUT", "products", 100), 1.4)
    assert near(alone("PATCH", "products"), 0.033)
    assert near(alone("PUT", "stock_availables"), 0.014)
    assert near(alone("PATCH", "stock_availables", 100), 0.05)
    assert near(alone("GET", "products"), 0.014)
    assert near(alone("POST", "images", pixels=800 * 600), 0.185)
    assert near(alone("POST", "images", pixels=4000 * 3000), 2.1)


def test_four_clients_meet_the_ceilings_that_were_measured() -> None:
    def per_second(method: str, resource: str, entities: int = 1, pixels: int = 0) -> float:
        work = work_of(Outline(resource, method, entities), pixels)
        return 4 * entities / (work.seconds * max(1, 4 * work.share))

    assert near(per_second("POST", "products"), 45)
    assert near(per_second("POST", "products", 25), 93)
    assert near(per_second("PUT", "products"), 53)
    assert near(per_second("PUT", "stock_availables"), 159)
    assert near(per_second("GET", "products"), 150)
    assert near(per_second("POST", "images", pixels=800 * 600), 11.5)


async def test_requests_end_in_the_order_of_their_work_and_share_the_machine() -> None:
    machine, ended = Machine(), []

    async def do(seconds: float) -> None:
        await machine.do(Work(seconds, 1.0))
        ended.append(seconds)

    clock = asyncio.get_running_loop().time
    started = clock()
    await asyncio.gather(do(0.3), do(0.1), do(0.2))  # further apart than this process is ever interrupted
    assert ended == [0.1, 0.2, 0.3]
    assert clock() - started >= 0.59  # one machine for all three, so no less than their work together


async def test_a_shop_at_measured_speed_answers_as_the_fast_one(shop: Any) -> None:
    async with shop.client.post(f"{shop.url}/_simulator/faults", json={"speed": "measured"}) as answer:
        assert answer.status == 200
    await make_products(shop, 2)
    async with shop.client.get(f"{shop.url}/_simulator/requests") as answer:
        (line,) = await answer.json()
    assert (line["status"], line["entities"]) == (201, 2)
    assert line["seconds"] >= 0.05
