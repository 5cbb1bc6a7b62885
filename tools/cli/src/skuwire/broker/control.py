"""What an operator asks of RabbitMQ beside AMQP: users, their rights, what waits in the queues.

It goes by two ways, of which one is enough: the command `rabbitmqctl`, or the HTTP API of the management
plugin.
"""

import re
from dataclasses import dataclass
from typing import Protocol

NOTHING = "^$"
MOST_CONNECTIONS = 10
MOST_CHANNELS = 50
"""Of one user: room for a few processes and a rotation, and an end to what a broken client can open."""


class ControlFailed(Exception):
    """RabbitMQ could not be asked, or said no; the message says what it said."""


class UserExists(Exception):
    """There is a user of this name."""


@dataclass(frozen=True)
class QueueState:
    """What waits in a queue, and how many read it."""

    name: str
    messages: int
    consumers: int


@dataclass(frozen=True)
class Binding:
    """That a queue gets what comes to an exchange with this key."""

    exchange: str
    queue: str
    key: str


class BrokerControl(Protocol):
    """RabbitMQ's administration of one virtual host. Everything raises `ControlFailed`."""

    async def add_user(self, user: str, password: str) -> None:
        """One that may do nothing yet. Raises `UserExists`."""

    async def change_password(self, user: str, password: str) -> None:
        """Connections that are open stay."""

    async def remove_user(self, user: str) -> None:
        """With its connections; one that is gone is no error."""

    async def allow_reading(self, user: str, queue: str) -> None:
        """This queue and nothing else, over a few connections."""

    async def close_connections(self, user: str) -> None:
        """All that the user has open."""

    async def queues(self) -> list[QueueState]:
        """All queues."""

    async def bindings(self) -> list[Binding]:
        """All bindings of queues."""


def exactly(name: str) -> str:
    """The regular expression of a name and no other, as permissions are written."""
    return f"^{re.escape(name)}$"
