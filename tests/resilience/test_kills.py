"""Whatever ends in the middle of the work: nothing is lost, nothing is written twice."""

import asyncio
import os
import random
import signal
from collections import Counter
from typing import Any

import pytest
from tests.conftest import Running, eventually

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(240)]


async def test_every_service_may_be_killed_while_it_works(running: Running) -> None:
    items = await products_with_pictures(running, "KILL", 150)
    answer = await running.gateway.post_bulk(items)
    services = list(running.stack.options.services)
    random.Random(7).shuffle(services)

    for service in services:
        await asyncio.sleep(0.7)  # not a wait for something: spreads the kills over the work
        await running.stack.supervisor.kill(service)
        await running.stack.supervisor.wait_ready(service, deadline_seconds=60)

    status = await running.finished(answer.body["data"]["bulkId"])
    assert (status["created"], status["refused"]) == (150, 0)
    await assert_shown_once(running, items)


async def test_servers_may_be_restarted_while_work_goes_on(running: Running) -> None:
    items = await products_with_pictures(running, "SERVERS", 100)
    answer = await running.gateway.post_bulk(items)

    await running.stack.postgres.restart()
    await running.stack.rabbitmq.restart()

    status = await running.finished(answer.body["data"]["bulkId"])
    assert (status["created"], status["refused"]) == (100, 0)
    await assert_shown_once(running, items)


async def test_a_shop_that_is_frozen_for_a_while_is_told_once_and_the_work_resumes(running: Running) -> None:
    told_before = told(running)
    items = await products_with_pictures(running, "FROZEN", 100)
    shop = running.stack.supervisor.pid("shop-demo")
    answer = await running.gateway.post_bulk(items)

    os.kill(shop, signal.SIGSTOP)
    try:
        await eventually(lambda: (told(running) - told_before)["shop.unreachable"], 60)
    finally:
        os.kill(shop, signal.SIGCONT)

    status = await running.finished(answer.body["data"]["bulkId"])
    assert (status["created"], status["refused"]) == (100, 0)
    await assert_shown_once(running, items)
    await eventually(lambda: (told(running) - told_before)["shop.recovered"], 30)
    assert told(running) - told_before == Counter({"shop.unreachable": 1, "shop.recovered": 1})


def told(running: Running) -> Counter[str]:
    events = [line["event"] for line in running.log_lines()]
    return Counter(event for event in events if event in ("shop.unreachable", "shop.recovered"))


async def products_with_pictures(running: Running, prefix: str, count: int) -> list[dict[str, Any]]:
    images = [await running.put_picture(f"{prefix} {number}") for number in range(5)]
    return [
        {
            "reference": f"{prefix}-{number}",
            "en": {"name": f"{prefix} {number}"},
            "category_id": 3,
            "price": 10,
            "quantity": number,
            "brand": {"name": f"{prefix} {number % 3}"},
            "technical_data": [{"Gruppo": "Lab", "Descrizione": prefix, "Valore": str(number % 4)}],
            "images": [images[number % 5], images[(number + 1) % 5]],
        }
        for number in range(count)
    ]


async def assert_shown_once(running: Running, items: list[dict[str, Any]]) -> None:
    """Every product exactly once, as it was sent, with exactly its two pictures."""
    shown = await running.all_products()
    wanted = {item["reference"]: item for item in items}
    ours = [product for product in shown if product["reference"] in wanted]
    counts = Counter(product["reference"] for product in ours)
    assert [reference for reference in wanted if counts[reference] != 1] == []
    assert [p["reference"] for p in ours if p["quantity"] != wanted[p["reference"]]["quantity"]] == []
    assert [p["reference"] for p in ours if len(p["image_ids"]) != 2] == []
