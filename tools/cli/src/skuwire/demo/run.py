"""`skuwire demo`: everything from nothing, in a few minutes, with a report that is checked."""

import asyncio
import json
import os
import platform
import signal
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
from pydantic import SecretStr
from rich.console import Console

from skuwire.demo.catalogue import (
    Catalogue,
    catalogue,
    price_and_stock_changes,
    seed_sync_example,
    seed_updates,
)
from skuwire.demo.folder import make_fresh, note_process_ids, write_categories
from skuwire.demo.pictures import MadePicture, make_pictures
from skuwire.demo.receiver import Receiver
from skuwire.demo.report import Expected, Outcome, Pass, ShopAtTheEnd, SyncAnswer, report_of, what_is_off
from skuwire.demo.shop_figures import ShopFigures, as_sent, duplicate_references
from skuwire.demo.steps import Steps, show_answer
from skuwire.gateway import Credentials, Gateway
from skuwire.problems import SKUWIRE, Problem
from skuwire.running_stack import show_addresses
from skuwire.showing import counting, key_value_table, refused_table, results_table
from stack.postgres import create_database, drop_database
from stack.stack import Stack, StackOptions
from stack.wiring import SimulatedShop

SHOP = "demo"
DATABASE = "skuwire_demo"
PATIENCE_SECONDS = 240.0
FIRST_PRODUCT_ID = 9999  # the update examples of the Products Bulk document speak of product 9999
ENVIRONMENT = {
    "SKUWIRE_GATEWAY_FIRST_PRODUCT_ID": str(FIRST_PRODUCT_ID),
    # Short, so that a killed service is replaced within the demo; both outlast a request of the demo's shop.
    "SKUWIRE_WRITER_LEASE_SECONDS": "20",
    "SKUWIRE_IMAGES_LEASE_SECONDS": "22",
}
SUMMARY = (
    "sent",
    "written",
    "refused",
    "products_in_shop",
    "duplicate_references_in_shop",
    "images_uploaded",
    "create_shop_requests_per_product",
    "second_pass_shop_writes",
    "price_stock_pass_shop_writes",
    "chunk_webhooks_received",
    "chunk_webhooks_verified",
    "sync_answer_status",
    "trace_id",
    "seconds",
)


@dataclass(frozen=True)
class DemoOptions:
    """Where the demo works and what it leaves behind."""

    data_dir: Path
    report: Path
    pictures: Path
    keep_running: bool
    shop_version: str


def prepare_pictures(folder: Path, console: Console) -> Mapping[str, MadePicture]:
    """The catalogue's pictures; they are made once and kept."""
    console.rule("Pictures of the catalogue", align="left")
    with counting(console, "pictures made") as on_progress:
        return make_pictures(catalogue().pictures, folder, on_progress=on_progress)


async def run_demo(options: DemoOptions, made: Mapping[str, MadePicture], console: Console) -> bool:
    """Run the demo and write its report; whether everything is as promised."""
    started = asyncio.get_running_loop().time()
    options.report.unlink(missing_ok=True)
    make_fresh(options.data_dir)
    console.rule("Starting", align="left")
    async with _own_database(), _stack(options, console) as stack:
        show_addresses(console, stack, options.data_dir)
        async with _steps(stack, console) as (steps, shop):
            outcome = await _outcome(stack, steps, shop, made, console=console, started=started)
        report = report_of(outcome)
        options.report.write_text(json.dumps(report, ensure_ascii=False, indent=2) + "\n", "utf-8")
        well = _show_summary(report, outcome.expected, options, console)
        if options.keep_running:
            await _keep_running(stack, options, console)
    return well


@asynccontextmanager
async def _own_database() -> AsyncIterator[None]:
    """On the server of DATABASE_URL a database of the demo's own: an earlier one would know too much."""
    os.environ.pop("SKUWIRE_SHOP_URL", None)  # the demo must never reach a real shop
    os.environ.pop("SKUWIRE_SHOP_KEY", None)
    given = os.environ.get("DATABASE_URL")
    if given:
        try:
            await drop_database(given, DATABASE)
            os.environ["DATABASE_URL"] = await create_database(given, DATABASE)
        except (OSError, asyncpg.PostgresError) as error:
            raise Problem(
                f"the server of DATABASE_URL gives the demo no database of its own: {error}",
                f"Let its user create {DATABASE}, or unset DATABASE_URL: the demo then starts its own.",
            ) from None
    yield


@asynccontextmanager
async def _stack(options: DemoOptions, console: Console) -> AsyncIterator[Stack]:
    shop = SimulatedShop(
        id=SHOP,
        categories=write_categories(options.data_dir, catalogue().categories),
        version=options.shop_version,
        request_timeout_seconds=6.0,
        late_commit_seconds=10.0,
    )
    stack = Stack(
        StackOptions(data_dir=options.data_dir, shops=(shop,), environment=ENVIRONMENT),
        report=lambda step: console.print(f"  {step}"),
    )
    async with stack:
        noting = asyncio.create_task(
            note_process_ids(options.data_dir / "pids.json", stack.supervisor, list(stack.log_paths))
        )
        try:
            yield stack
        finally:
            noting.cancel()
            with suppress(asyncio.CancelledError):
                await noting


@asynccontextmanager
async def _steps(stack: Stack, console: Console) -> AsyncIterator[tuple[Steps, ShopFigures]]:
    email, password = stack.login
    credentials = Credentials(stack.gateway_url, email, SecretStr(password))
    async with AsyncExitStack() as opened:
        receiver = await opened.enter_async_context(Receiver())
        gateway = await opened.enter_async_context(Gateway(credentials, patience_seconds=PATIENCE_SECONDS))
        http = await opened.enter_async_context(aiohttp.ClientSession())
        shop = ShopFigures(stack.shop_urls[SHOP], http)
        yield Steps(gateway, shop, receiver.received, receiver.url, console), shop


async def _outcome(
    stack: Stack,
    steps: Steps,
    shop: ShopFigures,
    made: Mapping[str, MadePicture],
    *,
    console: Console,
    started: float,
) -> Outcome:
    ours = catalogue()
    items = ours.with_pictures(made)
    prices, quantities = price_and_stock_changes()
    await steps.subscribe()

    console.rule(f"1  The catalogue: {len(items)} items, {len(made)} pictures sent ahead", align="left")
    await steps.send_pictures_ahead({picture.sha256: picture.path for picture in made.values()})
    create = await steps.send("create", items)
    _show_pass(create, console)
    console.print(refused_table(create.refused))

    console.rule("2  The same again, unchanged", align="left")
    again = await steps.send("again", items)
    _show_pass(again, console)

    console.rule("3  20 prices, 20 stocks, and the document's update examples", align="left")
    changes = await steps.send("changes", [*prices, *quantities, *seed_updates()])
    _show_pass(changes, console)

    console.rule("4  One product, answered when it is in the shop", align="left")
    sync = await steps.synchronize(seed_sync_example())
    show_answer(console, sync)

    console.rule("5  Webhooks about every chunk", align="left")
    webhooks = await steps.await_webhooks()
    console.print(f"  {webhooks.verified} of {webhooks.expected} received, their signatures verified")
    products = await shop.products()
    example = next((item["reference"] for item in create.items if item["id"] == FIRST_PRODUCT_ID), None)
    return Outcome(
        expected=_expected(ours, len(prices), len(quantities)),
        create=create,
        again=again,
        changes=changes,
        shop=ShopAtTheEnd(
            products=len(products),
            pictures=sum(len(product["image_ids"]) for product in products),
            duplicate_references=duplicate_references(products),
            changed_prices=as_sent(products, prices, "price"),
            changed_quantities=as_sent(products, quantities, "quantity"),
            example=next((product for product in products if product["reference"] == example), {}),
        ),
        webhooks=webhooks,
        sync=sync,
        seconds=asyncio.get_running_loop().time() - started,
        extras=await _extras(stack, steps, create, sync),
    )


def _expected(ours: Catalogue, prices: int, quantities: int) -> Expected:
    written = [item for position, item in enumerate(ours.items) if position not in ours.expected]
    return Expected(
        items=len(ours.items),
        refused=ours.expected,
        pictures=sum(len(item.get("images", ())) for item in written),
        changed_prices=prices,
        changed_quantities=quantities,
        products=len(written) + 1,  # and the one that was synchronized alone
    )


async def _extras(stack: Stack, steps: Steps, create: Pass, sync: SyncAnswer) -> dict[str, Any]:
    return {
        "picture_upload_requests": create.traffic.picture_writes,
        "trace_ids": {"create": create.progress.trace_id, "sync": sync.trace_id},
        "restarts": {name: ends for name in stack.log_paths if (ends := stack.supervisor.ends(name))},
        "lost_answers": steps.lost_answers,
        "versions": {
            "skuwire": version("skuwire-cli"),
            "python": platform.python_version(),
            "postgresql": await _postgres_version(stack.database_url),
            "system": platform.platform(terse=True),
        },
    }


async def _postgres_version(database_url: str) -> str:
    connection = await asyncpg.connect(database_url)
    try:
        return str(await connection.fetchval("show server_version"))
    finally:
        await connection.close()


def _show_pass(one: Pass, console: Console) -> None:
    console.print(results_table(one.progress, f"{one.seconds:.1f} s"))
    traffic = one.traffic
    console.print(
        f"  The shop was asked {traffic.reads + traffic.writes} times ({traffic.writes} writes), "
        f"for pictures {traffic.picture_reads + traffic.picture_writes} times"
    )


def _show_summary(
    report: Mapping[str, Any], expected: Expected, options: DemoOptions, console: Console
) -> bool:
    console.print()
    console.print(key_value_table("Summary", [(key.replace("_", " "), report[key]) for key in SUMMARY]))
    console.print(f"Report: {options.report}", soft_wrap=True)
    data_dir = options.data_dir
    console.print(
        f"One request in all services: {SKUWIRE} logs --data-dir {data_dir} --trace {report['trace_id']}",
        soft_wrap=True,
    )
    off = what_is_off(report, expected)
    for sentence in off:
        console.print(f"[bold red]Not as promised:[/] {sentence}", soft_wrap=True)
    if not off:
        console.print("[bold green]Everything is as promised.[/]")
    return not off


async def _keep_running(stack: Stack, options: DemoOptions, console: Console) -> None:
    stopped, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    show_addresses(console, stack, options.data_dir)
    console.print(f"Stop it with Ctrl-C or: {SKUWIRE} down")
    await stopped.wait()
