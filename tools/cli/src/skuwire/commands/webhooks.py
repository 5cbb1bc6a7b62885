"""`skuwire webhooks …`: where events go, and what became of each delivery."""

from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table

from common.public.asyncapi import summary_of
from common.public.webhooks import BODIES, CHUNK_COMPLETED
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
    table = Table("id", "url", "events", "shops", "state", "failing since")
    for webhook in await gateway.webhooks():
        state = " ".join(filter(None, (webhook["state"], webhook["state_reason"])))
        shops = " ".join(webhook["shops"] or ["all"])
        since = webhook["failing_since"] or ""
        events = " ".join(webhook["events"])
        row = (webhook["id"], webhook["url"], events, shops, state, since)
        table.add_row(*(escape(text) for text in row))
    console.print(table)


@webhooks.command()
def events() -> None:
    """Show what can be subscribed to.

    Example: skuwire webhooks events
    """
    table = Table("event", "told")
    for name, body in BODIES.items():
        table.add_row(name, escape(summary_of(body)))
    console.print(table)


@webhooks.command()
@works_with(logged_in)
async def create(
    gateway: Gateway,
    url: Annotated[str, typer.Argument(metavar="URL", help="https://…, where webhooks are to go.")],
    *,
    event: Annotated[
        list[str] | None,
        typer.Option(
            "--event",
            help=f"Such as product.failed or product.*; several times. `skuwire webhooks events` shows all. "
            f"Default: {CHUNK_COMPLETED}.",
        ),
    ] = None,
    shop: Annotated[
        list[str] | None, typer.Option("--shop", help="Only of this shop; several times. Default: of all.")
    ] = None,
) -> None:
    """Make a webhook and write its secret, this once, to standard output and nothing else.

    Example: skuwire webhooks create https://erp.example.com/skuwire --event 'product.*' --shop milano
    """
    with shown_once("webhook", "webhooks list"):
        typer.echo((await gateway.post_webhook(url, shop or [], event or []))["secret"])


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
async def try_out(
    gateway: Gateway,
    webhook_id: IdArgument,
    *,
    event: Annotated[
        str | None, typer.Option(help="Send an example of this event, such as product.synced.")
    ] = None,
) -> None:
    """Send a signed test webhook now, and show what comes back. Ends with 1 where it was not taken.

    Example: skuwire webhooks test 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c --event product.synced
    """
    told = await gateway.ask_of_webhook(webhook_id, "test", None if event is None else {"event": event})
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
    event: Annotated[str | None, typer.Option(help="Of this event only; product.* takes in several.")] = None,
) -> None:
    """Show the newest deliveries.

    Example: skuwire webhooks deliveries 6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c --state exhausted
    """
    query = {name: text for name, text in (("state", state), ("event", event)) if text is not None}
    found = await gateway.webhook_deliveries(webhook_id, query)
    table = Table("id", "made", "event", "about", "shop", "state", "attempts", "last answer")
    for one in found:
        last = str(one["last_status"] or one["last_cause"] or "")
        about = (one["event"], one["subject"], one["shop"])
        row = (one["id"], one["created_at"], *about, one["state"], str(one["attempts"]), last)
        table.add_row(*(escape(text) for text in row))
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
