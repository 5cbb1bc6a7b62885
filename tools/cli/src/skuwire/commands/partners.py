"""`skuwire partners …`: a queue of public events for somebody outside, who reads it as a broker user."""

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Annotated

import typer
from rich.markup import escape
from rich.table import Table
from yarl import URL

from common.messaging.partner_queues import PREFIX, NotAPartner, Partner
from skuwire.broker.control import ControlFailed
from skuwire.broker.management_api import ManagementApi
from skuwire.broker.partners import KeptPartner, NoSuchPartner, PartnerExists, Partners
from skuwire.broker.rabbitmqctl import Rabbitmqctl
from skuwire.commands.opening import works_with
from skuwire.commands.options import (
    AmqpUrlOption,
    DataDirOption,
    ManagementUrlOption,
    PartnersAddressOption,
    RabbitmqctlOption,
    console,
    errors,
)
from skuwire.places import BrokerAddress, find_broker
from skuwire.problems import SKUWIRE, ExitCode, Problem
from skuwire.showing import key_value_table
from stack.servers import Command

partners = typer.Typer(
    help="Look after partners, who read public events from a queue of their own: for the operator.",
    no_args_is_help=True,
)

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="Up to 40 of a-z, 0-9 and -.")]
TenantOption = Annotated[str, typer.Option("--tenant", help="Whose events.")]
ShopsOption = Annotated[
    str,
    typer.Option(
        "--shops", metavar="IDS", help="Of these shops: milano,roma. Default: of all, later ones too."
    ),
]
EventsOption = Annotated[
    str,
    typer.Option(
        "--events", metavar="NAMES", help="These: product.synced,shop.*. Default: all, later ones too."
    ),
]


@asynccontextmanager
async def at_the_broker(
    amqp_url: AmqpUrlOption = None,
    rabbitmqctl: RabbitmqctlOption = None,
    management_url: ManagementUrlOption = None,
    address: PartnersAddressOption = None,
    data_dir: DataDirOption = None,
) -> AsyncIterator[Partners]:
    """The partners of the broker that is meant."""
    amqp, how = find_broker(BrokerAddress(amqp_url, rabbitmqctl, management_url, data_dir))
    vhost = URL(amqp.get_secret_value()).path[1:] or "/"
    control = (
        Rabbitmqctl(how.argv, vhost, how.environment)
        if isinstance(how, Command)
        else ManagementApi(how, vhost)
    )
    try:
        yield Partners(amqp, control, address)
    except (NotAPartner, ControlFailed) as error:
        raise Problem(str(error), code=ExitCode.REFUSED) from None
    except NoSuchPartner as error:
        step = f"Look with: {SKUWIRE} partners list"
        raise Problem(f"there is no partner {error}", step, code=ExitCode.REFUSED) from None
    except PartnerExists as error:
        step = f"Look with: {SKUWIRE} partners list. What a broken add has left: {SKUWIRE} partners remove"
        raise Problem(f"there is a queue or user {error} already", step, code=ExitCode.REFUSED) from None


@partners.command("list")
@works_with(at_the_broker)
async def list_(kept: Partners) -> None:
    """Show the partners, and how much waits for each.

    Example: skuwire partners list
    """
    table = Table("name", "tenant", "shops", "events", "waiting", "reading")
    for one in await kept.all():
        name, tenant, shops, events = _described(one)
        table.add_row(*map(escape, (name, tenant, shops, events, str(one.messages), str(one.consumers))))
    console.print(table)


@partners.command()
@works_with(at_the_broker)
async def show(kept: Partners, name: NameArgument) -> None:
    """Show one partner.

    Example: skuwire partners show erp
    """
    one = await kept.one(name)
    _, tenant, shops, events = _described(one)
    rows = [("queue and user", one.queue), ("tenant", tenant), ("shops", shops), ("events", events)]
    console.print(key_value_table(name, [*rows, ("waiting", one.messages), ("reading", one.consumers)]))


@partners.command()
@works_with(at_the_broker)
async def add(
    kept: Partners,
    name: NameArgument,
    tenant: TenantOption,
    *,
    shops: ShopsOption = "",
    events: EventsOption = "",
) -> None:
    """Make a queue and its user, and write the user's URL, this once, to standard output and nothing else.

    Example: skuwire partners add erp --tenant acme --shops milano,roma --events product.synced,product.failed
    """
    partner = Partner(name, tenant, _parts(shops), _parts(events))
    typer.echo((await kept.add(partner)).get_secret_value())
    errors.print(escape(f"{_told(partner)} The queue is called {partner.queue}; the URL holds the password."))


@partners.command()
@works_with(at_the_broker)
async def change(
    kept: Partners,
    name: NameArgument,
    tenant: TenantOption,
    *,
    shops: ShopsOption = "",
    events: EventsOption = "",
) -> None:
    """Tell a partner of other shops or events from now on; what waits in the queue stays.

    Example: skuwire partners change erp --tenant acme --events product.*
    """
    partner = Partner(name, tenant, _parts(shops), _parts(events))
    await kept.change(partner)
    console.print(escape(_told(partner)))


@partners.command()
@works_with(at_the_broker)
async def rotate(
    kept: Partners,
    name: NameArgument,
    *,
    close: Annotated[bool, typer.Option("--close", help="End what is connected with the old one.")] = False,
) -> None:
    """Give the user another password and write its URL to standard output; the queue stays as it is.

    Example: skuwire partners rotate erp --close

    Without --close whoever is connected goes on, until the connection ends.
    """
    typer.echo((await kept.rotate(name, close=close)).get_secret_value())


@partners.command()
@works_with(at_the_broker)
async def remove(kept: Partners, name: NameArgument) -> None:
    """End a partner: the user, the queue and what still waits in it.

    Example: skuwire partners remove erp
    """
    await kept.remove(name)
    console.print(escape(f"{PREFIX}{name} is removed"))


def _parts(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.split(",") if part.strip())


def _described(kept: KeptPartner) -> tuple[str, str, str, str]:
    name, partner = kept.queue.removeprefix(PREFIX), kept.partner
    if partner is None:
        return name, "?", "?", "bound by hand: remove it, or look with rabbitmqctl list_bindings"
    return name, partner.tenant, _listed(partner.shops), _listed(partner.events)


def _told(partner: Partner) -> str:
    events, shops = _listed(partner.events), _listed(partner.shops)
    return f"{partner.name} is told of tenant {partner.tenant}: {events} events of {shops} shops."


def _listed(names: Iterable[str]) -> str:
    return " ".join(sorted(names)) or "all"
