"""`skuwire status ID`: where a bulk or a synchronization stands."""

from typing import Annotated, Any

import typer

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption, console
from skuwire.commands.push import PATIENCE_SECONDS, show_bulk
from skuwire.gateway import Credentials, Gateway
from skuwire.places import Login, needed_credentials
from skuwire.problems import ExitCode
from skuwire.running import run_command
from skuwire.showing import key_value_table


def status(
    id_: Annotated[str, typer.Argument(metavar="ID", help="bulk_… or sync_…, as it was answered.")],
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
    follow: Annotated[bool, typer.Option("--follow", help="Stay until everything is done.")] = False,
) -> None:
    """Show how far a bulk or a synchronization is, and what was refused and why.

    Example: skuwire status bulk_675c53516d618 --follow

    Exit code 1 when something was refused.
    """
    nothing_refused = run_command(_status(id_, Login(gateway, email, password, data_dir), follow=follow))
    if not nothing_refused:
        raise typer.Exit(ExitCode.NOT_AS_PROMISED)


async def _status(id_: str, login: Login, *, follow: bool) -> bool:
    credentials = needed_credentials(login)
    if id_.startswith("sync_"):
        return await _show_sync(credentials, id_)
    return await show_bulk(credentials, id_, follow=follow)


async def _show_sync(credentials: Credentials, sync_id: str) -> bool:
    async with Gateway(credentials, patience_seconds=PATIENCE_SECONDS) as gateway:
        answer = await gateway.sync(sync_id)
    console.print(key_value_table(sync_id, _flat(answer.get("data", answer))))
    data = answer.get("data", answer)
    return str(data.get("status")) != "failed"


def _flat(data: dict[str, Any], prefix: str = "") -> list[tuple[str, object]]:
    rows: list[tuple[str, object]] = []
    for key, value in data.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{key}.")
        elif isinstance(value, list):
            rows += [(f"{prefix}{key}", _one_line(entry)) for entry in value]
        else:
            rows.append((f"{prefix}{key}", value))
    return rows


def _one_line(entry: object) -> str:
    return "  ".join(str(value) for value in entry.values()) if isinstance(entry, dict) else str(entry)
