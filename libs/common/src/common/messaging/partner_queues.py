"""Queues of partners: the public events of a tenant, for somebody outside with a broker user of their own.

```
skuwire.events ─#─▶ skuwire.events.tenants ─tenant─▶ skuwire.events.of.acme ─product.synced.*─▶ partner.erp
    topic                  headers                          topic                               quorum
```
What the broker asks is the header `tenant` of each event, not which shops a tenant has: a queue stays right
however they change, and no filter shows anything of another tenant. Reasons: `docs/decisions/0022`.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractChannel

from common.messaging.topology import EVENTS, NO_DELIVERY_LIMIT
from common.public.events import PUBLIC_EVENTS

PREFIX = "partner."
BY_TENANT = "skuwire.events.tenants"
OF_TENANT = "skuwire.events.of."

QUEUE_LENGTH = 100_000
QUEUE_BYTES = 256 * 1024 * 1024

EVENT_NAMES = tuple(event.event_name() for event in PUBLIC_EVENTS)
"""What is told on `skuwire.events`; a routing key is one of them and the shop's id."""

_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_TENANT = re.compile(r"[^\x00-\x1f\x7f]{1,100}")
_SHOP = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class NotAPartner(ValueError):
    """What is wanted cannot be a partner's queue; the message says why, and what could be."""


@dataclass(frozen=True)
class Partner:
    """Who hears of what: all shops of the tenant where none is named, all events where none is.

    An event may be a pattern, `product.*`. Raises `NotAPartner`.
    """

    name: str
    tenant: str
    shops: frozenset[str] = frozenset()
    events: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise NotAPartner(f"{self.name!r} is no name: up to 40 of a-z, 0-9 and -, and no - first")
        if not _TENANT.fullmatch(self.tenant):
            raise NotAPartner("the tenant's name has 1 to 100 characters, none of them a control character")
        for shop in sorted(self.shops):
            if not _SHOP.fullmatch(shop):
                raise NotAPartner(f"{shop!r} is no id of a shop")
        for event in sorted(self.events):
            if not any(_matches(event, name) for name in EVENT_NAMES):
                raise NotAPartner(
                    f"there is no event {event!r}; there are {', '.join(EVENT_NAMES)}; product.* is all such"
                )

    @property
    def queue(self) -> str:
        """The name of the queue, and of the broker user that may read it."""
        return PREFIX + self.name

    @property
    def exchange(self) -> str:
        """Where the events of the tenant come by."""
        return OF_TENANT + self.tenant

    def binding_keys(self) -> frozenset[str]:
        """What the queue is bound with."""
        return frozenset(
            f"{event}.{shop}" for event in self.events or {"*.*"} for shop in self.shops or {"*"}
        )


def partner_of(queue: str, bindings: Iterable[tuple[str, str]]) -> Partner:
    """The partner that was declared with these (exchange, key). The tenant is empty where there are none.

    Raises `NotAPartner` for a queue whose bindings somebody made by hand.
    """
    bound = [(exchange, key) for exchange, key in bindings if exchange]  # all are bound to the nameless one
    tenants = {exchange.removeprefix(OF_TENANT) for exchange, _ in bound}
    if len(tenants) != 1 or not all(exchange.startswith(OF_TENANT) for exchange, _ in bound):
        raise NotAPartner(f"{queue} is not bound as a partner's queue is")
    parts = [key.rpartition(".") for _, key in bound]
    return Partner(
        name=queue.removeprefix(PREFIX),
        tenant=tenants.pop(),
        shops=frozenset(shop for _, _, shop in parts) - {"*"},
        events=frozenset(event for event, _, _ in parts) - {"*.*"},
    )


async def declare_partner_queue(channel: AbstractChannel, partner: Partner) -> None:
    """Make the queue, and the way to it from `skuwire.events`, which has to be there."""
    by_tenant = await channel.declare_exchange(BY_TENANT, aio_pika.ExchangeType.HEADERS, durable=True)
    await by_tenant.bind(EVENTS, "#")
    of_tenant = await channel.declare_exchange(
        partner.exchange,
        aio_pika.ExchangeType.TOPIC,
        durable=True,
        auto_delete=True,  # goes with the last partner of the tenant
    )
    await of_tenant.bind(by_tenant, arguments={"x-match": "all", "tenant": partner.tenant})
    await channel.declare_queue(
        partner.queue,
        durable=True,
        arguments={
            "x-queue-type": "quorum",
            "x-max-length": QUEUE_LENGTH,
            "x-max-length-bytes": QUEUE_BYTES,
            "x-overflow": "drop-head",  # rejecting would hold up our publishing, to every other partner too
            "x-delivery-limit": NO_DELIVERY_LIMIT,
        },
    )
    await bind_partner_queue(channel, partner, frozenset())


async def bind_partner_queue(channel: AbstractChannel, partner: Partner, before: frozenset[str]) -> None:
    """Bind for what the partner wants now, then take away what was wanted `before` alone: no gap between."""
    queue = await channel.get_queue(partner.queue, ensure=False)
    for key in sorted(partner.binding_keys() - before):
        await queue.bind(partner.exchange, key)
    for key in sorted(before - partner.binding_keys()):
        await queue.unbind(partner.exchange, key)


def _matches(pattern: str, event: str) -> bool:
    words = zip(pattern.split("."), event.split("."), strict=False)
    return pattern.count(".") == event.count(".") and all(one in ("*", other) for one, other in words)
