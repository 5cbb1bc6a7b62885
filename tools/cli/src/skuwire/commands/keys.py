"""`skuwire keys …`: API keys for machines."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.opening import logged_in, shown_once, works_with
from skuwire.commands.options import console
from skuwire.gateway import Gateway

keys = typer.Typer(help="Look after API keys: for admins, within their tenant.", no_args_is_help=True)


@keys.command("list")
@works_with(logged_in)
async def list_(gateway: Gateway) -> None:
    """Show the keys of the tenant; what they are is known to those who got them alone.

    Example: skuwire keys list
    """
    table = Table("id", "begins with", "name", "scopes", "last used", "ends")
    for key in await gateway.api_keys():
        ends = f"revoked {key['revoked_at']}" if key["revoked_at"] else key["expires_at"] or "never"
        name, scopes = escape(key["name"]), " ".join(key["scopes"])
        table.add_row(key["api_key_id"], key["key_start"], name, scopes, key["last_used_at"] or "never", ends)
    console.print(table)


@keys.command()
@works_with(logged_in)
async def create(
    gateway: Gateway,
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="For example products:write; several times.")],
    *,
    expires_at: Annotated[
        str | None, typer.Option("--expires-at", help="When it ends: 2027-01-31T00:00:00Z. Default: never.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="For test shops alone.")] = False,
) -> None:
    """Make a key and write it, this once, to standard output and nothing else.

    Example: skuwire keys create ERP --scope products:read --scope products:write
    """
    wanted = {"name": name, "scopes": scope, "expires_at": expires_at, "test": test}
    with shown_once("key", "keys list"):
        typer.echo(await gateway.create_api_key(wanted))


@keys.command()
@works_with(logged_in)
async def revoke(
    gateway: Gateway,
    api_key_id: Annotated[str, typer.Argument(metavar="ID", help="key_…, as `skuwire keys list` shows it.")],
) -> None:
    """End a key; it counts within five seconds.

    Example: skuwire keys revoke key_8b3f1d2200aa41c9
    """
    await gateway.revoke_api_key(api_key_id)
    console.print(f"{escape(api_key_id)} is revoked")
