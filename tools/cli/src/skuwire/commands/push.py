"""`skuwire push FILE`: pictures ahead, items as one bulk, progress, and what became of each."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from skuwire.commands.options import (
    DataDirOption,
    EmailOption,
    GatewayOption,
    PasswordOption,
    ShopKeyOption,
    ShopUrlOption,
    console,
)
from skuwire.gateway import Credentials, Gateway
from skuwire.places import ForeignShop, Login, find_credentials, foreign_shop, needed_credentials
from skuwire.problems import SKUWIRE, ExitCode, Problem
from skuwire.progress import refused_items
from skuwire.push_file import Push, UnreadableFile, read_push_file
from skuwire.running import run_command
from skuwire.running_stack import stack_of
from skuwire.sending import send_pictures
from skuwire.shop_check import shop_version
from skuwire.showing import counting, follow_bulk, refused_table, results_table

PATIENCE_SECONDS = 60.0


def push(
    file: Annotated[Path, typer.Argument(help='JSON: {"items": [...]} or a list of items.')],
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
    shop: Annotated[str | None, typer.Option(help="Id of the shop; default: the tenant's first.")] = None,
    shop_url: ShopUrlOption = None,
    shop_key: ShopKeyOption = None,
    follow: Annotated[bool, typer.Option(help="Show the progress until everything is done.")] = True,
) -> None:
    """Send a file of products, with the pictures that lie beside it.

    Example: skuwire push catalogue.json

    Straight into a real shop, nothing else running:
    SKUWIRE_SHOP_URL=https://shop.example.com SKUWIRE_SHOP_KEY=… skuwire push catalogue.json

    A picture is {"file": "photos/a.jpg"}, or {"fileName": "a.jpg"} beside the file or in pictures/.
    Exit code 0: everything was written; 1: some items were refused; 5: the whole file was.
    """
    login = Login(gateway, email, password, data_dir)
    work = _push(file, login, shop=shop, follow=follow, shop_url=shop_url, shop_key=shop_key)
    all_written = run_command(work)
    if not all_written:
        raise typer.Exit(ExitCode.NOT_AS_PROMISED)


async def _push(
    file: Path, login: Login, *, shop: str | None, follow: bool, shop_url: str | None, shop_key: str | None
) -> bool:
    try:
        push = read_push_file(file)
    except UnreadableFile as error:
        raise Problem(
            f"{file}: {error}", f"Correct the file; {SKUWIRE} push --help shows its form."
        ) from None
    foreign = None if login.gateway or login.data_dir else foreign_shop(shop_url, shop_key)
    if foreign is None:
        return await _send(needed_credentials(login), push, shop, follow=follow)
    running = find_credentials(replace(login, data_dir=foreign.data_dir))
    if running is not None:
        return await _send(running, push, shop, follow=follow)
    return await _send_from_here(foreign, push)


async def _send_from_here(foreign: ForeignShop, push: Push) -> bool:
    """Bring the services up for one shop, send, follow to the end, and stop them."""
    version = await shop_version(foreign)
    console.print(f"Starting Skuwire for {foreign.url}, a PrestaShop {version}".rstrip())
    async with stack_of(foreign.data_dir, foreign, console):
        credentials = find_credentials(Login(data_dir=foreign.data_dir))
        if credentials is None:
            raise Problem("the services have just stopped", "Somebody else stopped them; send again.")
        return await _send(credentials, push, None, follow=True)


async def _send(credentials: Credentials, push: Push, shop: str | None, *, follow: bool) -> bool:
    async with Gateway(credentials) as gateway:
        if push.pictures:
            with counting(console, "pictures") as on_progress:
                await send_pictures(gateway, push.pictures, on_progress)
        answer = await gateway.post_bulk(push.items, shop=shop)
    accepted: dict[str, Any] = answer.body["data"]
    bulk_id = accepted["bulkId"]
    console.print(f"Accepted as {bulk_id}: {len(push.items)} items in {accepted['chunks']} chunks")
    if not follow:
        console.print(f"See how it goes with: {SKUWIRE} status {bulk_id} --follow", soft_wrap=True)
        return True
    return await show_bulk(credentials, bulk_id, follow=True)


async def show_bulk(credentials: Credentials, bulk_id: str, *, follow: bool) -> bool:
    """Show how a bulk goes and what became of its items; whether nothing was refused."""
    async with Gateway(credentials, patience_seconds=PATIENCE_SECONDS) as gateway:
        progress = await follow_bulk(gateway, bulk_id, console, once=not follow)
        refused = refused_items(await gateway.bulk_items(bulk_id))
    console.print(results_table(progress, bulk_id))
    if not progress.finished:
        console.print(
            f"{progress.total - progress.settled} of {progress.total} items are still open: "
            f"{SKUWIRE} status {bulk_id} --follow",
            soft_wrap=True,
        )
    if refused:
        console.print(refused_table(refused))
    return not refused
