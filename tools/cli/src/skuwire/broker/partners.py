"""What is kept of partners is kept in the broker alone: a queue, its bindings, a user of the same name."""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aio_pika
from aio_pika.abc import AbstractChannel, AbstractConnection
from aio_pika.exceptions import AMQPError, ChannelNotFoundEntity
from pydantic import SecretStr
from yarl import URL

from common.messaging.partner_queues import (
    PREFIX,
    NotAPartner,
    Partner,
    bind_partner_queue,
    declare_partner_queue,
    partner_of,
)
from common.messaging.topology import EVENTS
from skuwire.broker.control import Binding, BrokerControl, ControlFailed, UserExists

CONNECT_SECONDS = 10.0
PASSWORD_BYTES = 32


class PartnerExists(Exception):
    """There is a partner of this name, or what is left of one."""


class NoSuchPartner(Exception):
    """There is no queue of this name."""


@dataclass(frozen=True)
class KeptPartner:
    """A partner as the broker knows it; `partner` is None where the queue is bound in no way of ours."""

    queue: str
    partner: Partner | None
    messages: int
    consumers: int


class Partners:
    """Of one virtual host. Everything raises `ControlFailed` where the broker does not do it."""

    def __init__(self, amqp_url: SecretStr, control: BrokerControl, address: str | None = None) -> None:
        """`address` is where partners connect, where that is not where we do: `amqps://host:5671`."""
        self._amqp_url = amqp_url
        self._control = control
        self._address = URL(address or amqp_url.get_secret_value()).origin()

    async def add(self, partner: Partner) -> SecretStr:
        """Make queue and user; the URL with the password, which nobody can tell a second time.

        Raises `PartnerExists`, also where a queue of the name is left: it may hold what another may not see.
        """
        password = secrets.token_urlsafe(PASSWORD_BYTES)
        async with self._connection() as connection:
            await _check_events(await connection.channel())
            if await _exists(await connection.channel(), partner.queue):
                raise PartnerExists(partner.queue)
            try:
                await self._control.add_user(partner.queue, password)
            except UserExists:
                raise PartnerExists(partner.queue) from None
            await declare_partner_queue(await connection.channel(), partner)
        await self._control.allow_reading(partner.queue, partner.queue)
        return self._url(partner.queue, password)

    async def change(self, wanted: Partner) -> None:
        """Other shops, other events; what waits in the queue stays. Raises `NoSuchPartner`, `NotAPartner`."""
        async with self._connection() as connection:
            await _must_exist(await connection.channel(), wanted.queue)
            known = partner_of(wanted.queue, _bindings(wanted.queue, await self._control.bindings()))
            if known.tenant != wanted.tenant:
                raise NotAPartner(f"{wanted.queue} is a queue of the tenant {known.tenant}")
            await bind_partner_queue(await connection.channel(), wanted, known.binding_keys())

    async def rotate(self, name: str, *, close: bool) -> SecretStr:
        """A new password. `close` ends connections that were opened with the old one.

        Raises `NoSuchPartner`.
        """
        queue, password = PREFIX + name, secrets.token_urlsafe(PASSWORD_BYTES)
        async with self._connection() as connection:
            await _must_exist(await connection.channel(), queue)
        await self._control.change_password(queue, password)
        if close:
            await self._control.close_connections(queue)
        return self._url(queue, password)

    async def remove(self, name: str) -> None:
        """Queue, what waits in it, and user; what is gone already is no error."""
        async with self._connection() as connection:
            await (await connection.channel()).queue_delete(PREFIX + name)
        await self._control.remove_user(PREFIX + name)

    async def all(self) -> list[KeptPartner]:
        """Every queue of a partner, by name."""
        bindings = await self._control.bindings()
        return [
            KeptPartner(
                queue.name,
                _partner_of(queue.name, bindings),
                queue.messages,
                queue.consumers,
            )
            for queue in sorted(await self._control.queues(), key=lambda queue: queue.name)
            if queue.name.startswith(PREFIX)
        ]

    async def one(self, name: str) -> KeptPartner:
        """Raises `NoSuchPartner`."""
        for kept in await self.all():
            if kept.queue == PREFIX + name:
                return kept
        raise NoSuchPartner(name)

    def _url(self, user: str, password: str) -> SecretStr:
        path = URL(self._amqp_url.get_secret_value()).raw_path
        url = self._address.with_path(path, encoded=True).with_user(user).with_password(password)
        return SecretStr(str(url))

    @asynccontextmanager
    async def _connection(self) -> AsyncIterator[AbstractConnection]:
        url = self._amqp_url.get_secret_value()
        try:
            async with await aio_pika.connect(url, timeout=CONNECT_SECONDS) as connection:
                yield connection
        except (AMQPError, OSError, TimeoutError) as error:
            where = URL(url)  # the error's text may show the password
            raise ControlFailed(
                f"RabbitMQ at {where.host}:{where.port} does not do it: {type(error).__name__}"
            ) from error


async def _exists(channel: AbstractChannel, queue: str) -> bool:
    try:
        await channel.get_queue(queue)
    except ChannelNotFoundEntity:
        return False
    return True


async def _check_events(channel: AbstractChannel) -> None:
    """See that the services have been here: it is they who declare the exchange."""
    try:
        await channel.get_exchange(EVENTS)
    except ChannelNotFoundEntity:
        raise ControlFailed(f"there is no exchange {EVENTS} here; start the services once") from None


async def _must_exist(channel: AbstractChannel, queue: str) -> None:
    if not await _exists(channel, queue):
        raise NoSuchPartner(queue.removeprefix(PREFIX))


def _bindings(queue: str, bindings: list[Binding]) -> list[tuple[str, str]]:
    return [(one.exchange, one.key) for one in bindings if one.queue == queue]


def _partner_of(queue: str, bindings: list[Binding]) -> Partner | None:
    try:
        return partner_of(queue, _bindings(queue, bindings))
    except NotAPartner:
        return None
