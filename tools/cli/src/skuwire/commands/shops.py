"""`skuwire shops …`: where products are brought to."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.opening import logged_in, works_with
from skuwire.commands.options import console
from skuwire.gateway import Gateway
from skuwire.problems import SKUWIRE, Problem

shops = typer.Typer(help="Look after the shops of the tenant: for admins.", no_args_is_help=True)

Shop = Annotated[str, typer.Argument(metavar="SHOP", help="The shop's id, as `skuwire shops list` shows it.")]
LaterOption = Annotated[bool, typer.Option("--later", help="Store it without looking at the shop.")]
KEY_HELP = (
    "Made in its back office: Advanced Parameters, Webservice. In the environment other users do not see it."
)
NewKeyOption = Annotated[
    str,
    typer.Option(
        "--key",
        envvar="SKUWIRE_NEW_SHOP_KEY",
        prompt="The shop's webservice key",
        hide_input=True,
        help=KEY_HELP,
    ),
]
OtherKeyOption = Annotated[
    str | None,
    typer.Option("--key", envvar="SKUWIRE_NEW_SHOP_KEY", help=f"Its new webservice key. {KEY_HELP}"),
]


@shops.command("list")
@works_with(logged_in)
async def list_(gateway: Gateway) -> None:
    """Show the shops, the default one first; those of the operator are only changed by the operator.

    Example: skuwire shops list
    """
    table = Table("id", "name", "address", "key ends with", "whose", "state")
    for shop in await gateway.shops():
        kind = f"{shop['managed_by']}, test" if shop["test"] else shop["managed_by"]
        key_end, state = shop["key_end"] or "", shop["check"]["state"]
        table.add_row(shop["id"], escape(shop["name"]), escape(shop["url"]), key_end, kind, state)
    console.print(table)


@shops.command()
@works_with(logged_in)
async def add(
    gateway: Gateway,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What people call it.")],
    url: Annotated[str, typer.Argument(metavar="URL", help="The shop's own address.")],
    key: NewKeyOption,
    *,
    shop_id: Annotated[
        str | None, typer.Option("--id", help="How it is named in requests; default: made of its name.")
    ] = None,
    test: Annotated[
        bool, typer.Option("--test", help="For pm_test_ keys: a test shop of the operator.")
    ] = False,
    later: LaterOption = False,
) -> None:
    """Register a shop, and show what it can do and what its key lacks.

    Example: skuwire shops add "Acme Milano" https://shop.example.com
    """
    wanted = {"id": shop_id, "name": name, "url": url, "key": key, "test": test}
    shop = await gateway.add_shop(wanted, later=later)
    console.print(f"{shop['id']} is registered")
    _show(shop["check"])


@shops.command()
@works_with(logged_in)
async def change(
    gateway: Gateway,
    shop: Shop,
    key: OtherKeyOption = None,
    *,
    name: Annotated[str | None, typer.Option("--name", help="What people call it.")] = None,
    url: Annotated[
        str | None, typer.Option("--url", help="Its new address; another host needs --key.")
    ] = None,
    later: LaterOption = False,
) -> None:
    """Give a shop another key, name or address.

    Example: skuwire shops change milano --name "Acme Milano Centro"
    """
    stated = {"name": name, "url": url, "key": key}
    change = {field: value for field, value in stated.items() if value is not None}
    if not change:
        raise Problem("nothing is to be changed", f"Say what: {SKUWIRE} shops change --help")
    _show((await gateway.change_shop(shop, change, later=later))["check"])
    console.print(f"{escape(shop)} is changed")


@shops.command()
@works_with(logged_in)
async def check(gateway: Gateway, shop: Shop) -> None:
    """Look at a shop now: what it can do, and what its key lacks.

    Example: skuwire shops check milano
    """
    _show((await gateway.check_shop(shop))["check"])


@shops.command()
@works_with(logged_in)
async def remove(
    gateway: Gateway,
    shop: Shop,
    *,
    force: Annotated[
        bool, typer.Option("--force", help="Although work for it is open: its items are refused.")
    ] = False,
) -> None:
    """Bring products to a shop no more; the shop itself stays as it is.

    Example: skuwire shops remove milano
    """
    await gateway.remove_shop(shop, force=force)
    console.print(f"{escape(shop)} is removed")


def _show(found: dict[str, Any]) -> None:
    """What a check has found."""
    if found["problem"]:
        console.print(f"[red]{found['problem']['field']}[/]: {escape(found['problem']['message'])}")
    if found["version"]:
        languages = ", ".join(found["languages"]) or "languages unknown"
        console.print(f"PrestaShop {escape(found['version'])}, {escape(languages)}, {found['state']}")
    for what in found["can"]:
        console.print(f"[green]can[/]   {escape(what)}")
    for right in found["missing"]:
        weight = "[red]needs[/]" if right["required"] else "[yellow]lacks[/]"
        console.print(f"{weight} {escape(right['needed_for'])}: {escape(right['fix'])}", soft_wrap=True)
