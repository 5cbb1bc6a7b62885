"""`skuwire keys …`: API keys for machines."""

from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption, console
from skuwire.gateway import AnswerLost, Gateway
from skuwire.places import Login, needed_credentials
from skuwire.problems import SKUWIRE, ExitCode, Problem
from skuwire.running import run_command

keys = typer.Typer(help="Look after API keys: for admins, within their tenant.", no_args_is_help=True)


@keys.command("list")
def list_(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the keys of the tenant; what they are is known to those who got them alone.

    Example: skuwire keys list
    """
    found = run_command(_all(Login(gateway, email, password, data_dir)))
    table = Table("id", "begins with", "name", "scopes", "last used", "ends")
    for key in found:
        ends = f"revoked {key['revoked_at']}" if key["revoked_at"] else key["expires_at"] or "never"
        name, scopes = escape(key["name"]), " ".join(key["scopes"])
        table.add_row(key["api_key_id"], key["key_start"], name, scopes, key["last_used_at"] or "never", ends)
    console.print(table)


@keys.command()
def create(
    name: Annotated[str, typer.Argument(metavar="NAME", help="What it is for.")],
    scope: Annotated[list[str], typer.Option("--scope", help="For example products:write; several times.")],
    *,
    expires_at: Annotated[
        str | None, typer.Option("--expires-at", help="When it ends: 2027-01-31T00:00:00Z. Default: never.")
    ] = None,
    test: Annotated[bool, typer.Option("--test", help="For test shops alone.")] = False,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a key and write it, this once, to standard output and nothing else.

    Example: skuwire keys create ERP --scope products:read --scope products:write
    """
    wanted = {"name": name, "scopes": scope, "expires_at": expires_at, "test": test}
    typer.echo(run_command(_create(Login(gateway, email, password, data_dir), wanted)))


@keys.command()
def revoke(
    api_key_id: Annotated[str, typer.Argument(metavar="ID", help="key_…, as `skuwire keys list` shows it.")],
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """End a key; it counts within five seconds.

    Example: skuwire keys revoke key_8b3f1d2200aa41c9
    """
    run_command(_revoke(Login(gateway, email, password, data_dir), api_key_id))
    console.print(f"{escape(api_key_id)} is revoked")


async def _all(login: Login) -> list[dict[str, Any]]:
    async with Gateway(needed_credentials(login)) as gateway:
        return await gateway.api_keys()


async def _create(login: Login, wanted: dict[str, Any]) -> str:
    async with Gateway(needed_credentials(login)) as gateway:
        try:
            return await gateway.create_api_key(wanted)
        except AnswerLost as error:
            step = f"The key may have been made and is lost; revoke it: {SKUWIRE} keys list"
            raise Problem(str(error), step, code=ExitCode.GATEWAY_AWAY) from None


async def _revoke(login: Login, api_key_id: str) -> None:
    async with Gateway(needed_credentials(login)) as gateway:
        await gateway.revoke_api_key(api_key_id)
