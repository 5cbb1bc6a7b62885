"""`skuwire dead-letters …`: messages that no service could handle."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Annotated, Any

import click
import typer
from rich.console import Group
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn
from rich.syntax import Syntax
from rich.table import Table

from skuwire.commands.opening import works_with
from skuwire.commands.options import (
    DataDirOption,
    EmailOption,
    GatewayOption,
    OperatorTokenOption,
    PasswordOption,
    console,
)
from skuwire.dead_letters import OF_OPERATOR, OF_TENANT, DeadLetters
from skuwire.gateway import Gateway
from skuwire.places import Login, credentials_of
from skuwire.problems import SKUWIRE, Problem
from skuwire.showing import key_value_table

LOOK_AGAIN_SECONDS = 0.5

dead_letters = typer.Typer(
    help="Repair messages that no service could handle: of your tenant, or with --operator of all.",
    no_args_is_help=True,
)

IdArgument = Annotated[str, typer.Argument(metavar="LETTER", help="As `skuwire dead-letters list` shows it.")]
ReplayArgument = Annotated[str, typer.Argument(metavar="REPLAY", help="rpl_…, as `replays` shows it.")]
ServiceOption = Annotated[str | None, typer.Option("--service", help="Of those that this service failed on.")]
TypeOption = Annotated[str | None, typer.Option("--type", help="Of this type, as chunk.validated.v1.")]
ReasonOption = Annotated[str | None, typer.Option("--reason", help="With this in the reason.")]
ShopOption = Annotated[str | None, typer.Option("--shop", help="About this shop.")]
SinceOption = Annotated[
    str | None, typer.Option("--since", help="Parked from then on: 2026-05-01T08:00:00Z.")
]
UntilOption = Annotated[str | None, typer.Option("--until", help="Parked before.")]
OperatorOption = Annotated[bool, typer.Option("--operator", help="Those of all tenants, and of nobody.")]


@asynccontextmanager
async def letters_of(
    gateway: GatewayOption = None,
    email: EmailOption = None,
    password: PasswordOption = None,
    data_dir: DataDirOption = None,
    *,
    operator: OperatorOption = False,
    operator_token: OperatorTokenOption = None,
) -> AsyncIterator[DeadLetters]:
    """The letters of the tenant that the options name, or with `--operator` of all."""
    login = Login(gateway, email, password, data_dir)
    credentials = credentials_of(login, operator=operator, token=operator_token)
    async with Gateway(credentials) as opened:
        yield DeadLetters(opened, OF_OPERATOR if operator else OF_TENANT)


@dead_letters.command("list")
@works_with(letters_of)
async def list_(
    letters: DeadLetters,
    *,
    service: ServiceOption = None,
    message_type: TypeOption = None,
    reason: ReasonOption = None,
    shop: ShopOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    state: Annotated[str, typer.Option("--state", help="waiting, replayed, discarded, or all.")] = "waiting",
    page: Annotated[int, typer.Option("--page", help="From 1; 20 letters each.")] = 1,
) -> None:
    """Show letters, those that were parked last first.

    Example: skuwire dead-letters list --service prestashop-writer --reason KeyError
    """
    query = _filter(
        service=service, type=message_type, reason=reason, shop=shop, since=since, until=until
    ) | {"page": str(page)}
    found = await letters.page(query if state == "all" else query | {"state": state})
    table = Table("id", "parked", "service", "type", "shop", "attempts", "reason")
    table.columns[0].no_wrap = True
    for one in found["dead_letters"]:
        row = (one["id"], one["last_seen"], one["service"], one["type"], one["shop"] or "-")
        parked = one["reason"] if one["state"] == "waiting" else f"({one['state']}) {one['reason']}"
        table.add_row(*map(escape, row), str(one["attempts"]), escape(parked))
    console.print(table)
    console.print(f"{found['total']} letters, page {found['page']} of {max(found['pages'], 1)}")


@dead_letters.command()
@works_with(letters_of)
async def show(letters: DeadLetters, letter_id: IdArgument) -> None:
    """Show why a letter was parked, its body, and what became of it.

    Example: skuwire dead-letters show 6f0a2c9e-6b0f-5d0b-9d53-6d1f0f5d2f1c
    """
    letter = await letters.letter(letter_id)
    names = (
        "service",
        "type",
        "message_id",
        "tenant",
        "shop",
        "submission_id",
        "state",
        "attempts",
        "reason",
    )
    parts: list[Any] = [key_value_table(letter["id"], [(name, letter[name] or "-") for name in names])]
    parts += [_history(letter["history"])]
    parts += [
        f"[red]unreadable[/] {escape(one['field'])}: {escape(one['message'])}" for one in letter["unreadable"]
    ]
    if letter["traceback"]:
        parts.append(Syntax(letter["traceback"], "pytb", word_wrap=True))
    parts.append(_shown_body("body", letter["body"]))
    if letter["edit"]:
        parts.append(
            _shown_body(f"edited by {letter['edit']['by']} at {letter['edit']['at']}", letter["edit"])
        )
    console.print(Group(*parts))


@dead_letters.command()
@works_with(letters_of)
async def replay(
    letters: DeadLetters,
    letter_id: Annotated[
        str | None, typer.Argument(metavar="[LETTER]", help="One letter; without it, all that wait and fit.")
    ] = None,
    *,
    service: ServiceOption = None,
    message_type: TypeOption = None,
    reason: ReasonOption = None,
    shop: ShopOption = None,
    since: SinceOption = None,
    until: UntilOption = None,
    rate: Annotated[float, typer.Option("--rate", help="Messages a second, 0.1 to 100.")] = 10.0,
    everything: Annotated[
        bool, typer.Option("--all", help="All that wait, where no filter is given.")
    ] = False,
    follow: Annotated[
        bool, typer.Option("--follow/--no-follow", help="Look on until all are sent; it goes on without you.")
    ] = True,
) -> None:
    """Send a letter back to its service, or all that fit, one after the other.

    Example: skuwire dead-letters replay --service prestashop-writer --rate 20
    """
    wanted = _filter(service=service, type=message_type, reason=reason, shop=shop, since=since, until=until)
    if letter_id is not None:
        if wanted or everything:
            raise Problem("a letter and a filter are given", "Leave one of them out.")
        await letters.replay(letter_id)
        console.print(f"{escape(letter_id)} is sent back")
        return
    if not wanted and not everything:
        raise Problem("neither a letter nor a filter is given", "Say which, or --all for all that wait.")
    started = await letters.start_replay(wanted, rate)
    console.print(f"{started['id']}: {started['total']} letters, {rate:g} a second")
    if follow:
        await _follow(letters, started)


@dead_letters.command()
@works_with(letters_of)
async def edit(
    letters: DeadLetters,
    letter_id: IdArgument,
    *,
    body: Annotated[
        Path | None, typer.Option("--body", help="A JSON file; without it $EDITOR opens what was parked.")
    ] = None,
) -> None:
    """Send a letter back with another body, which its service must be able to read.

    Example: skuwire dead-letters edit 6f0a2c9e-6b0f-5d0b-9d53-6d1f0f5d2f1c --body repaired.json
    """
    text = body.read_text() if body is not None else await _edited(letters, letter_id)
    try:
        wanted = json.loads(text)
    except ValueError as error:
        raise Problem(f"this is not JSON: {error}", "Nothing was sent; correct it and try again.") from None
    await letters.replay(letter_id, wanted)
    console.print(f"{escape(letter_id)} is sent back with another body; the parked one is kept beside it")


@dead_letters.command()
@works_with(letters_of)
async def discard(
    letters: DeadLetters,
    letter_id: IdArgument,
    reason: Annotated[str, typer.Option("--why", help="Why nobody needs the message; it stays on record.")],
) -> None:
    """Leave a letter alone from now on; it is kept for 30 days.

    Example: skuwire dead-letters discard 6f0a2c9e-6b0f-5d0b-9d53-6d1f0f5d2f1c --why "the ERP sent it anew"
    """
    await letters.discard(letter_id, reason)
    console.print(f"{escape(letter_id)} is discarded")


@dead_letters.command()
@works_with(letters_of)
async def replays(letters: DeadLetters) -> None:
    """Show the newest replays of many letters, and how far they are.

    Example: skuwire dead-letters replays
    """
    table = Table("id", "started", "by", "state", "sent", "failed", "of", "a second", "filter")
    for one in await letters.replays():
        wanted = " ".join(f"{name}={value}" for name, value in one["filter"].items())
        counts = (one["sent"], one["failed"], one["total"], f"{one['rate']:g}")
        row = (one["id"], one["started_at"], one["started_by"], one["state"], *map(str, counts), wanted)
        table.add_row(*map(escape, row))
    console.print(table)


@dead_letters.command()
@works_with(letters_of)
async def stop(letters: DeadLetters, replay_id: ReplayArgument) -> None:
    """Send nothing more of a replay.

    Example: skuwire dead-letters stop rpl_0123456789abcdef
    """
    ended = await letters.stop_replay(replay_id)
    console.print(f"{escape(replay_id)} is {ended['state']}: {ended['sent']} of {ended['total']} were sent")


def _filter(**given: str | None) -> dict[str, str]:
    return {name: value for name, value in given.items() if value is not None}


async def _follow(letters: DeadLetters, replay: Mapping[str, Any]) -> None:
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bars:
        task = bars.add_task("sent", total=replay["total"])
        while replay["state"] == "running":
            await asyncio.sleep(LOOK_AGAIN_SECONDS)
            replay = await letters.replay_state(replay["id"])
            bars.update(task, completed=replay["sent"])
    console.print(f"{replay['state']}: {replay['sent']} sent, {replay['failed']} not taken by any queue")


async def _edited(letters: DeadLetters, letter_id: str) -> str:
    letter = await letters.letter(letter_id)
    shown = letter["edit"] or letter["body"]
    text = shown["text"] if shown["json"] is None else json.dumps(shown["json"], indent=2, ensure_ascii=False)
    edited = await asyncio.to_thread(click.edit, text, extension=".json")
    if edited is None or edited == text:
        step = f"To send it as it is: {SKUWIRE} dead-letters replay {letter_id}"
        raise Problem("nothing was changed, so nothing was sent", step)
    return str(edited)


def _history(history: list[dict[str, Any]]) -> Table:
    table = Table("at", "what", "by", "reason", title="history", title_justify="left")
    for entry in history:
        attempts = (
            f"{entry['event']} after {entry['attempts']} attempts" if entry["attempts"] else entry["event"]
        )
        table.add_row(entry["at"], attempts, escape(entry["by"] or "-"), escape(entry["reason"] or ""))
    return table


def _shown_body(title: str, body: Mapping[str, Any]) -> Group:
    told = f"[bold]{escape(title)}[/] ({body['bytes']} bytes)"
    if body["json"] is None:
        return Group(told, escape(body["text"] or ""))
    return Group(told, Syntax(json.dumps(body["json"], indent=2, ensure_ascii=False), "json", word_wrap=True))
