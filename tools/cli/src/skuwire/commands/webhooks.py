"""`skuwire webhooks …`: where the results of chunks go, and what became of each delivery."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from skuwire.commands.opening import logged_in, shown_once, works_with
from skuwire.commands.options import console
from skuwire.gateway import Gateway
from skuwire.problems import ExitCode

webhooks = typer.Typer(help="Look after webhooks and their deliveries.", no_args_is_help=True)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="As `skuwire webhooks list` shows it.")]


@webhooks.command("list")
@works_with(logged_in)
async def list_(gateway: Gateway) -> None:
    """Show the webhooks of the tenant, and how they are.

    Example: skuwire webhooks list
    """
    table = Table("id", "url", "shops", "state", "failing since")
    for webhook in await gateway.webhooks():
        state = " ".join(filter(None, (webhook["state"], webhook["state_reason"])))
        shops = " ".join(webhook["shops"] or ["all"])
        since = webhook["failing_since"] or ""
        table.add_row(webhook["id"], escape(webhook["url"]), escape(shops), escape(state), since)
    console.print(table)


@webhooks.command()
@works_with(logged_in)
async def create(
    gateway: Gateway,
    url: Annotated[str, typer.Argument(metavar="URL", help="https://…, where webhooks are to go.")],
    *,
    shop: Annotated[
        list[str] | None, typer.Option("--shop", help="Only of this shop; several times. Default: of all.")
    ] = None,
) -> None:
    """Make a webhook and write its secret, this once, to standard output and nothing else.

    Example: skuwire webhooks create https://erp.example.com/skuwire --shop milano
    """
    with shown_once("webhook", "webhooks list"):
        typer.echo((await gateway.post_webhook(url, shop or []))["secret"])


@webhooks.command()
@works_with(logged_in)
async def pause(gateway: Gateway, webhook_id: IdArgument) -> None:
    """Send nothing for a while; what is to be told is recorded and waits.

    Example: skuwire webhooks pause 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    await gateway.change_webhook(webhook_id, {"state": "paused"})
    console.print(f"{escape(webhook_id)} is paused")


@webhooks.command()
@works_with(logged_in)
async def enable(gateway: Gateway, webhook_id: IdArgument) -> None:
    """Send again, to one that was paused or disabled: first what has waited.

    Example: skuwire webhooks enable 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    await gateway.change_webhook(webhook_id, {"state": "enabled"})
    console.print(f"{escape(webhook_id)} is enabled")


@webhooks.command()
@works_with(logged_in)
async def remove(gateway: Gateway, webhook_id: IdArgument) -> None:
    """End a webhook; what was still to be delivered to it is not.

    Example: skuwire webhooks remove 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    await gateway.delete_webhook(webhook_id)
    console.print(f"{escape(webhook_id)} is removed")


@webhooks.command()
@works_with(logged_in)
async def rotate(gateway: Gateway, webhook_id: IdArgument) -> None:
    """Write a new secret to standard output; the one before signs beside it for 24 hours.

    Example: skuwire webhooks rotate 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    typer.echo((await gateway.ask_of_webhook(webhook_id, "rotate-secret"))["secret"])


@webhooks.command("test")
@works_with(logged_in)
async def try_out(gateway: Gateway, webhook_id: IdArgument) -> None:
    """Send a signed test webhook now, and show what comes back. Ends with 1 where it was not taken.

    Example: skuwire webhooks test 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c
    """
    told = await gateway.ask_of_webhook(webhook_id, "test")
    heard = told["cause"] or f"{told['status']} {told['answer']}".strip()
    console.print(escape(f"{heard} after {told['seconds']} s"))
    raise typer.Exit(ExitCode.OK if told["delivered"] else ExitCode.NOT_AS_PROMISED)


@webhooks.command()
@works_with(logged_in)
async def deliveries(
    gateway: Gateway,
    webhook_id: IdArgument,
    *,
    state: Annotated[
        str | None, typer.Option(help="pending, delivered, exhausted, gone or cancelled.")
    ] = None,
) -> None:
    """Show the newest deliveries.

    Example: skuwire webhooks deliveries 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c --state exhausted
    """
    query = {} if state is None else {"state": state}
    found = await gateway.webhook_deliveries(webhook_id, query)
    table = Table("id", "made", "chunk", "shop", "state", "attempts", "last answer")
    for one in found:
        last = str(one["last_status"] or one["last_cause"] or "")
        row = (one["id"], one["created_at"], one["subject"], one["shop"], one["state"], str(one["attempts"]))
        table.add_row(*(escape(text) for text in (*row, last)))
    console.print(table)


@webhooks.command()
@works_with(logged_in)
async def replay(
    gateway: Gateway,
    webhook_id: IdArgument,
    delivery_id: Annotated[
        str, typer.Argument(metavar="DELIVERY", help="As `skuwire webhooks deliveries` shows it.")
    ],
) -> None:
    """Send a delivery again, under its own webhook-id.

    Example: skuwire webhooks replay 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c 0b6bbd70-40f6-4b6e-8c0f-6b8f1d1c7f3a
    """
    await gateway.ask_of_webhook(webhook_id, f"deliveries/{delivery_id}/replay")
    console.print(f"{escape(delivery_id)} is sent again")


@webhooks.command()
@works_with(logged_in)
async def recover(
    gateway: Gateway,
    webhook_id: IdArgument,
    since: Annotated[str, typer.Option(help="With a time zone: 2026-11-20T06:00:00Z.")],
) -> None:
    """Send again whatever was not delivered since a time.

    Example: skuwire webhooks recover 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c --since 2026-11-20T06:00:00Z
    """
    told = await gateway.ask_of_webhook(webhook_id, "recover", {"since": since})
    console.print(f"{told['replayed']} are sent again")
