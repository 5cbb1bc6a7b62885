"""`skuwire webhooks …`: where the results of chunks go, and what became of each delivery."""

from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.options import DataDirOption, EmailOption, GatewayOption, PasswordOption, console
from skuwire.gateway import AnswerLost, Gateway
from skuwire.places import Login, needed_credentials
from skuwire.problems import SKUWIRE, ExitCode, Problem
from skuwire.running import run_command

webhooks = typer.Typer(help="Look after webhooks and their deliveries.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `skuwire webhooks list` shows it.")]


@webhooks.command("list")
def list_(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the webhooks of the tenant, and how they are.

    Example: skuwire webhooks list
    """
    found = run_command(_all(Login(gateway, email, password, data_dir)))
    table = Table("id", "url", "shops", "state", "failing since")
    for webhook in found:
        state = " ".join(filter(None, (webhook["state"], webhook["state_reason"])))
        shops = " ".join(webhook["shops"] or ["all"])
        since = webhook["failing_since"] or ""
        table.add_row(webhook["id"], escape(webhook["url"]), escape(shops), escape(state), since)
    console.print(table)


@webhooks.command()
def create(
    url: Annotated[str, typer.Argument(metavar="URL", help="https://…, where webhooks are to go.")],
    *,
    shop: Annotated[
        list[str] | None, typer.Option("--shop", help="Only of this shop; several times. Default: of all.")
    ] = None,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Make a webhook and write its secret, this once, to standard output and nothing else.

    Example: skuwire webhooks create https://erp.example.com/skuwire --shop milano
    """
    typer.echo(run_command(_create(Login(gateway, email, password, data_dir), url, shop or [])))


@webhooks.command()
def pause(
    webhook_id: IdArgument,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send nothing for a while; what is to be told is recorded and waits.

    Example: skuwire webhooks pause 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    run_command(_change(Login(gateway, email, password, data_dir), webhook_id, {"state": "paused"}))
    console.print(f"{escape(webhook_id)} is paused")


@webhooks.command()
def enable(
    webhook_id: IdArgument,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send again, to one that was paused or disabled: first what has waited.

    Example: skuwire webhooks enable 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    run_command(_change(Login(gateway, email, password, data_dir), webhook_id, {"state": "enabled"}))
    console.print(f"{escape(webhook_id)} is enabled")


@webhooks.command()
def remove(
    webhook_id: IdArgument,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """End a webhook; what was still to be delivered to it is not.

    Example: skuwire webhooks remove 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    run_command(_remove(Login(gateway, email, password, data_dir), webhook_id))
    console.print(f"{escape(webhook_id)} is removed")


@webhooks.command()
def rotate(
    webhook_id: IdArgument,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Write a new secret to standard output; the one before signs beside it for 24 hours.

    Example: skuwire webhooks rotate 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    login = Login(gateway, email, password, data_dir)
    typer.echo(run_command(_ask(login, webhook_id, "rotate-secret"))["secret"])


@webhooks.command("test")
def try_out(
    webhook_id: IdArgument,
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send a signed test webhook now, and show what comes back. Ends with 1 where it was not taken.

    Example: skuwire webhooks test 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    told = run_command(_ask(Login(gateway, email, password, data_dir), webhook_id, "test"))
    heard = told["cause"] or f"{told['status']} {told['answer']}".strip()
    console.print(escape(f"{heard} after {told['seconds']} s"))
    raise typer.Exit(ExitCode.OK if told["delivered"] else ExitCode.NOT_AS_PROMISED)


@webhooks.command()
def deliveries(
    webhook_id: IdArgument,
    *,
    state: Annotated[
        str | None, typer.Option(help="pending, delivered, exhausted, gone or cancelled.")
    ] = None,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Show the newest deliveries.

    Example: skuwire webhooks deliveries 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c --state exhausted
    """
    query = {} if state is None else {"state": state}
    found = run_command(_deliveries(Login(gateway, email, password, data_dir), webhook_id, query))
    table = Table("id", "made", "chunk", "shop", "state", "attempts", "last answer")
    for one in found:
        last = str(one["last_status"] or one["last_cause"] or "")
        row = (one["id"], one["created_at"], one["subject"], one["shop"], one["state"], str(one["attempts"]))
        table.add_row(*(escape(text) for text in (*row, last)))
    console.print(table)


@webhooks.command()
def replay(
    webhook_id: IdArgument,
    delivery_id: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="As `skuwire webhooks deliveries` shows it.")
    ],
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send a delivery again, under its own webhook-id.

    Example: skuwire webhooks replay 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c 0b6bbd70-40f6-4b6e-8c0f-6b8f1d1c7f3a
    """
    run_command(
        _ask(Login(gateway, email, password, data_dir), webhook_id, f"deliveries/{delivery_id}/replay")
    )
    console.print(f"{escape(delivery_id)} is sent again")


@webhooks.command()
def recover(
    webhook_id: IdArgument,
    since: Annotated[str, typer.Option(help="With a time zone: 2026-11-20T06:00:00Z.")],
    *,
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
) -> None:
    """Send again whatever was not delivered since a time.

    Example: skuwire webhooks recover 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c --since 2026-11-20T06:00:00Z
    """
    login = Login(gateway, email, password, data_dir)
    told = run_command(_ask(login, webhook_id, "recover", {"since": since}))
    console.print(f"{told['replayed']} are sent again")


async def _all(login: Login) -> list[dict[str, Any]]:
    async with Gateway(needed_credentials(login)) as gateway:
        return await gateway.webhooks()


async def _create(login: Login, url: str, shops: list[str]) -> str:
    async with Gateway(needed_credentials(login)) as gateway:
        try:
            return str((await gateway.post_webhook(url, shops))["secret"])
        except AnswerLost as error:
            step = f"The webhook may have been made and its secret is lost; look: {SKUWIRE} webhooks list"
            raise Problem(str(error), step, code=ExitCode.GATEWAY_AWAY) from None


async def _change(login: Login, webhook_id: str, change: Mapping[str, Any]) -> None:
    async with Gateway(needed_credentials(login)) as gateway:
        await gateway.change_webhook(webhook_id, change)


async def _remove(login: Login, webhook_id: str) -> None:
    async with Gateway(needed_credentials(login)) as gateway:
        await gateway.delete_webhook(webhook_id)


async def _ask(login: Login, webhook_id: str, what: str, body: object = None) -> dict[str, Any]:
    async with Gateway(needed_credentials(login)) as gateway:
        return await gateway.ask_of_webhook(webhook_id, what, body)


async def _deliveries(login: Login, webhook_id: str, query: Mapping[str, str]) -> list[dict[str, Any]]:
    async with Gateway(needed_credentials(login)) as gateway:
        return await gateway.webhook_deliveries(webhook_id, query)
