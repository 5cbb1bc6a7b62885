"""`skuwire up` and `skuwire down`: everything on this machine."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from prestashop import PASSING
from skuwire.commands.options import ShopKeyOption, ShopUrlOption, console
from skuwire.places import UP, ForeignShop, foreign_shop, known_data_dirs
from skuwire.problems import SKUWIRE, Problem, tell
from skuwire.running import run_command
from skuwire.running_stack import show_addresses, stack_of
from skuwire.shop_check import shop_version
from stack.stack import is_taken, running_stack

DOWN_SECONDS = 60.0


def up(
    data_dir: Annotated[
        Path | None, typer.Option(help="Folder of all data; default: .skuwire/up, or one per foreign shop.")
    ] = None,
    shop_url: ShopUrlOption = None,
    shop_key: ShopKeyOption = None,
) -> None:
    """Run PostgreSQL, RabbitMQ, a simulated shop and the five services until Ctrl-C.

    Example: skuwire up

    A real shop: SKUWIRE_SHOP_KEY=… skuwire up --shop-url https://shop.example.com
    """
    try:
        shop = foreign_shop(shop_url, shop_key)
    except Problem as problem:
        raise tell(problem) from None
    run_command(_up(data_dir or (shop.data_dir if shop else UP), shop))


async def _up(data_dir: Path, shop: ForeignShop | None) -> None:
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    if shop is not None:
        await _look_at(shop)
    async with stack_of(data_dir, shop, console) as stack:
        for number in (signal.SIGINT, signal.SIGTERM):  # from here on, stopping it is how it ends well
            loop.add_signal_handler(number, stopped.set)
        show_addresses(console, stack, data_dir, shop)
        console.print(f"Stop it with Ctrl-C or: {SKUWIRE} down")
        await stopped.wait()
        console.print("Stopping")


async def _look_at(shop: ForeignShop) -> None:
    try:
        console.print(f"{shop.url} is a PrestaShop {await shop_version(shop)}".rstrip())
    except Problem as problem:
        if not isinstance(problem.__cause__, PASSING):
            raise
        console.print(
            f"[yellow]{escape(str(problem))}[/]. Starting all the same; what is sent is kept for it."
        )


def down(
    data_dir: Annotated[Path | None, typer.Option(help="Which one; default: all that run here.")] = None,
) -> None:
    """Stop what `skuwire up` started in another terminal; its data stays.

    Example: skuwire down
    """
    run_command(_down([data_dir] if data_dir else known_data_dirs()))


async def _down(folders: list[Path]) -> None:
    clock = asyncio.get_running_loop().time
    running = {folder: found for folder in folders if (found := running_stack(folder)) is not None}
    if not running:
        console.print("Nothing is running here.")
    for folder, addresses in running.items():
        os.kill(int(str(addresses["pid"])), signal.SIGTERM)
        deadline = clock() + DOWN_SECONDS
        while is_taken(folder):
            if clock() > deadline:
                raise Problem(f"the stack on {folder} still runs", f"Its process id is {addresses['pid']}.")
            await asyncio.sleep(0.1)
        console.print(f"Stopped the stack on {folder}")
