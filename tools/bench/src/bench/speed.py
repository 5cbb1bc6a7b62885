"""The measurements: a catalogue through the whole stack, and its rivals, in the same run."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.process_time import processor_seconds
from bench.rivals import bare_loop, users_script
from bench.shops_under_test import Surroundings, bring, running_stack
from bench.speed_products import Item, catalogue
from prestashop import Shop
from skuwire.demo.shop_figures import Request, ShopFigures
from stack.wiring import SimulatedShop

PATIENCE_SECONDS = 300.0
STACK, BEFORE, AFTER, SCRIPT = "stack", "before", "after", "script"
STEPS = 8


@dataclass(frozen=True)
class Phase:
    """One sending through the stack: how long it took, and what its shop was asked meanwhile."""

    products: int
    seconds: float
    validated_seconds: float  # from the sending until the last chunk had passed the validator
    results: Mapping[str, int]
    requests: tuple[Request, ...]
    processor_seconds: Mapping[str, float]  # by process of the stack


@dataclass(frozen=True)
class Figures:
    """What was measured. The bare loop is run before and after the stack: a machine is not always as fast."""

    products: int
    bare_loop_seconds: tuple[float, float]
    script_products: int
    script_seconds: float
    create: Phase
    unchanged: Phase
    prices: Phase
    stocks: Phase


async def measure_all(data_dir: Path, products: int, script_products: int, console: Console) -> Figures:
    """Measure everything, with a line of progress. Raises NotFinished when the stack comes to a stop."""
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    shops = [SimulatedShop(id=shop_id) for shop_id in (STACK, BEFORE, AFTER, SCRIPT)]
    with Progress(*columns, console=console) as progress:
        task = progress.add_task("starting", total=STEPS)

        def step(name: str) -> None:
            progress.update(task, advance=1, description=name)

        async with running_stack(data_dir, shops, {}, durable=True) as surroundings:
            return await _measure(surroundings, products, script_products, step)


async def _measure(
    around: Surroundings, products: int, script_products: int, step: Callable[[str], None]
) -> Figures:
    for shop_id in around.stack.shop_urls:
        await around.shop(shop_id).switch({"speed": "measured"})
    step("bare loop")
    before = await _rival(around, BEFORE, lambda shop: bare_loop(shop, products))
    log = ShopFigures(around.shop(STACK).url, around.http)
    await around.gateway.token()  # a sender has one before it sends; a login takes a quarter of a second
    step("create")
    create = await _phase(around, log, catalogue(products))
    step("bare loop again")
    after = await _rival(around, AFTER, lambda shop: bare_loop(shop, products))
    step("the same again")
    unchanged = await _phase(around, log, catalogue(products))
    step("all prices")
    prices = await _phase(around, log, catalogue(products, price="13"))
    step("all stocks")
    stocks = await _phase(around, log, catalogue(products, price="13", more_stock=1))
    step("a user's script")
    script = await _rival(around, SCRIPT, lambda shop: users_script(shop, script_products))
    step("done")
    return Figures(products, (before, after), script_products, script, create, unchanged, prices, stocks)


async def _rival(around: Surroundings, shop_id: str, run: Callable[[Shop], Awaitable[float]]) -> float:
    place = around.shop(shop_id)
    async with Shop(place.url, place.key) as shop:
        return await run(shop)


async def _phase(around: Surroundings, log: ShopFigures, items: list[Item]) -> Phase:
    await log.new_requests()  # what was before
    clock = asyncio.get_running_loop().time
    used_before = processor_seconds(around.stack)
    started = clock()
    status = await bring(around.gateway, STACK, items, patience_seconds=PATIENCE_SECONDS)
    seconds = clock() - started
    used = processor_seconds(around.stack)
    used = {name: seconds - used_before.get(name, 0.0) for name, seconds in used.items()}
    requests = await log.new_requests()
    results = {name: status[name] for name in ("created", "updated", "unchanged", "refused")}
    return Phase(len(items), seconds, _validated_seconds(status), results, tuple(requests), used)


def _validated_seconds(status: Mapping[str, Any]) -> float:
    """From the moment at which the gateway took the bulk until the last chunk was judged."""
    last = max(datetime.fromisoformat(chunk["validatedAt"]) for chunk in status["chunks"])
    return (last - datetime.fromisoformat(status["submittedAt"])).total_seconds()
