"""What became of an entity that was to be written: exactly one of three."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from prestashop.errors import ShopError
from prestashop.nodes import Node


@dataclass(frozen=True, slots=True)
class Written:
    """The shop has it.

    ``node`` is the shop's answer, which repeats what was sent rather than what is stored, with the id and the
    links (``associations/stock_availables``) that the shop added. It holds only the id and the fields of the
    identity when the answer was lost and a look-up found the entity, and nothing after a DELETE.
    """

    id: int
    node: Node = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Refused:
    """The shop says no to this entity, and will say no again. ``code`` is PrestaShop's, where it gave one."""

    code: int | None
    message: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The entity may or may not be written; when not ``sent``, surely it is not."""

    error: ShopError
    sent: bool


Outcome: TypeAlias = Written | Refused | Unknown


class NotWritten(Exception):
    """An entity that was to be written is not, or perhaps not; ``outcome`` is what became of it."""

    def __init__(self, outcome: Refused | Unknown) -> None:
        self.outcome = outcome
        reason = outcome.message if isinstance(outcome, Refused) else str(outcome.error)
        super().__init__(f"{type(outcome).__name__.lower()}: {reason}")


def ids_of(outcomes: Sequence[Outcome]) -> list[int]:
    """Return the ids of what was written, in order; raise NotWritten for the first that was not."""
    ids = []
    for outcome in outcomes:
        if not isinstance(outcome, Written):
            raise NotWritten(outcome)
        ids.append(outcome.id)
    return ids
