"""Several entities in one request, and an outcome for each of them, in order."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from prestashop.errors import (
    ShopAnswerUnreadable,
    ShopBlocked,
    ShopCrashed,
    ShopError,
    ShopRefusal,
)
from prestashop.identities import comparable_fields, same
from prestashop.nodes import Node, NodesToWrite, id_of
from prestashop.outcomes import Outcome, Refused, Unknown, Written
from prestashop.verdicts import judge_create, judge_single_write, too_large

_MOST_CRASHES: Final = 8
"""Crashes of the shop in one call after which the rest is left alone: it is the shop, not an entity."""

_MISSING_IDS: Final = 87
"""The code of a DELETE of ids that the shop does not have; nothing is deleted then."""


class Changes(Protocol):
    """What changing entities needs of the shop. Every method raises a ShopError when it fails."""

    async def send(self, method: str, resource: str, nodes: NodesToWrite) -> list[Node]:
        """Write entities in one request; the answer holds as many, in order."""

    async def stored(self, resource: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, Node]:
        """Read fields of entities as they are stored, by id."""


class Requests(Changes, Protocol):
    """What creating and deleting need beside that."""

    async def send_delete(self, resource: str, ids: Sequence[int]) -> None:
        """Delete all of them in one request, or none."""

    async def identify(
        self, resource: str, nodes: NodesToWrite, identity: Sequence[str]
    ) -> list[Node | None]:
        """Find each entity in the shop; None where there is none."""


@dataclass(slots=True)
class _Work:
    """What is decided so far: outcomes by position; positions without one wait, the first first."""

    requests: Changes
    resource: str
    nodes: NodesToWrite
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    crashes: int = 0

    @property
    def waiting(self) -> list[int]:
        return [at for at in range(len(self.nodes)) if at not in self.outcomes]

    async def send(self, method: str, batch: Sequence[int]) -> None:
        nodes = [self.nodes[at] for at in batch]
        answers = await self.requests.send(method, self.resource, nodes)
        self.outcomes |= {at: Written(id_of(node), node) for at, node in zip(batch, answers, strict=True)}

    def give_up(self, error: ShopError, reached: Sequence[int], *, sent: bool) -> None:
        """Leave everything unknown; only what the requests so far ``reached`` can have been written."""
        for at in self.waiting:
            self.outcomes[at] = Unknown(error, sent=sent and at in reached)

    def count_crash(self, error: ShopError) -> bool:
        """Count a crash of the shop; true when it is one too many."""
        self.crashes += isinstance(error, ShopCrashed)
        return self.crashes >= _MOST_CRASHES

    def in_order(self) -> list[Outcome]:
        return [self.outcomes[at] for at in range(len(self.nodes))]


async def create(
    requests: Requests, resource: str, nodes: NodesToWrite, identity: Sequence[str]
) -> list[Outcome]:
    """POST entities; after a failure find out what was written before anything is sent again."""
    work = _Work(requests, resource, nodes)
    most = len(nodes)
    suspect: int | None = None
    while waiting := work.waiting:
        batch = waiting[:most] if suspect is None else [suspect]
        try:
            await work.send("POST", batch)
            suspect = None
        except (ShopRefusal, ShopCrashed, ShopAnswerUnreadable) as error:
            again_alone = suspect is not None
            found = await _look_up(requests, work, identity, batch)
            suspect = _after_failed_create(work, found, batch, error, again_alone=again_alone)
        except ShopError as error:
            if too_large(error):
                most = _smaller(work, batch)
            else:
                work.give_up(error, batch, sent=error.sent)
    return work.in_order()


async def _look_up(
    requests: Requests, work: _Work, identity: Sequence[str], batch: Sequence[int]
) -> list[Node | None] | None:
    """Find what a failed POST has written; None when the look-up fails too, which is never "not found"."""
    try:
        return await requests.identify(work.resource, [work.nodes[at] for at in batch], identity)
    except ShopError:
        return None


def _after_failed_create(
    work: _Work,
    found: list[Node | None] | None,
    batch: Sequence[int],
    error: ShopError,
    *,
    again_alone: bool,
) -> int | None:
    """Record what a look-up tells about a failed POST; return the position to be sent again alone."""
    if found is None:
        work.give_up(error, batch, sent=True)
        return None
    verdict = judge_create(error, found, again_alone=again_alone)
    work.outcomes |= {batch[at]: outcome for at, outcome in verdict.outcomes.items()}
    if isinstance(error, ShopAnswerUnreadable) or work.count_crash(error):
        work.give_up(error, batch, sent=True)
        return None
    return None if verdict.suspect is None else batch[verdict.suspect]


def _smaller(work: _Work, batch: Sequence[int]) -> int:
    """Halve the body that was too large for the shop; an entity too large on its own is refused."""
    if len(batch) == 1:
        work.outcomes[batch[0]] = Refused(None, "larger than the shop takes")
    return max(len(batch) // 2, 1)


async def modify(requests: Changes, method: str, resource: str, nodes: NodesToWrite) -> list[Outcome]:
    """PUT or PATCH entities; both may be repeated, so that a failed request is halved down to its culprit."""
    work = _Work(requests, resource, nodes)
    everything = list(range(len(nodes)))
    batches = [everything]
    while batches:
        batch = [at for at in batches.pop() if at not in work.outcomes]
        if not batch:
            continue
        try:
            await work.send(method, batch)
        except (ShopRefusal, ShopCrashed, ShopAnswerUnreadable, ShopBlocked) as error:
            batches += await _after_failed_write(work, batch, error)
        except ShopError as error:
            # Any may be written already, by an earlier request of this call that stopped at one of them.
            work.give_up(error, everything, sent=error.sent or batch != everything)
    return work.in_order()


async def _after_failed_write(work: _Work, batch: list[int], error: ShopError) -> list[list[int]]:
    """Record what is certain about a failed PUT or PATCH; return what is to be sent again, the last first."""
    if _says_nothing(error):
        work.give_up(error, work.waiting, sent=error.sent or len(batch) < len(work.nodes))
        return []
    if isinstance(error, ShopRefusal) and error.from_php:
        try:
            work.outcomes |= await _written_all_the_same(work, batch, only_notices=error.only_notices)
        except ShopError:  # what cannot be read back stays unknown
            work.give_up(error, work.waiting, sent=True)
            return []
    if len(batch) == 1:
        work.outcomes.setdefault(batch[0], judge_single_write(error, id_of(work.nodes[batch[0]])))
        return []
    if work.count_crash(error):
        work.give_up(error, work.waiting, sent=True)
        return []
    return _halves(batch)


def _says_nothing(error: ShopError) -> bool:
    """Tell whether a smaller request would fare no better: a page of something else, a firewall."""
    if isinstance(error, ShopAnswerUnreadable):
        return not error.accepted
    return isinstance(error, ShopBlocked) and not too_large(error)


def _halves(batch: list[int]) -> list[list[int]]:
    middle = (len(batch) + 1) // 2
    return [batch[middle:], batch[:middle]]


async def _written_all_the_same(
    work: _Work, batch: Sequence[int], *, only_notices: bool
) -> dict[int, Outcome]:
    """Read back what was written although PHP complained (1.7.8.11 with notices on: nearly every write).

    Links cannot be read back there. Where nothing else was sent, notices count as written: they are raised
    while the answer is put together, and whatever stops a write is told as an error beside them.
    """
    fields = {at: comparable_fields(work.nodes[at]) for at in batch}
    ids = {at: id_of(work.nodes[at]) for at in batch if fields[at] or only_notices}
    if not ids:
        return {}
    shown = sorted(set().union(*fields.values()))
    stored = await work.requests.stored(work.resource, list(ids.values()), shown)
    return {
        at: Written(entity_id, stored[entity_id])
        for at, entity_id in ids.items()
        if entity_id in stored and same(work.nodes[at], stored[entity_id], fields[at], loosely=True)
    }


async def delete(requests: Requests, resource: str, ids: Sequence[int]) -> list[Outcome]:
    """DELETE entities; one that the shop does not have is as good as deleted.

    One request after the other: parallel DELETEs run into deadlocks (3 of 200, measured on PrestaShop 8.2.1).
    """
    work = _Work(requests, resource, [{"id": entity_id} for entity_id in ids])
    batches = [list(range(len(ids)))]
    while batches:
        batch = [at for at in batches.pop() if at not in work.outcomes]
        if not batch:
            continue
        try:
            await requests.send_delete(resource, [ids[at] for at in batch])
            work.outcomes |= {at: Written(ids[at]) for at in batch}
        except (ShopRefusal, ShopCrashed) as error:
            batches += _after_failed_delete(ids, work, batch, error)
        except ShopError as error:
            work.give_up(error, work.waiting, sent=error.sent)
    return work.in_order()


def _after_failed_delete(
    ids: Sequence[int], work: _Work, batch: list[int], error: ShopRefusal | ShopCrashed
) -> list[list[int]]:
    """Record what is certain about a failed DELETE; return what is to be sent again, the last first."""
    gone = _missing_ids(error)
    work.outcomes |= {at: Written(ids[at]) for at in batch if ids[at] in gone}
    if any(at in work.outcomes for at in batch):
        return [batch]
    if len(batch) == 1:
        work.outcomes[batch[0]] = judge_single_write(error, ids[batch[0]])
        return []
    if work.count_crash(error):
        work.give_up(error, work.waiting, sent=True)
        return []
    return _halves(batch)


def _missing_ids(error: ShopError) -> set[int]:
    """Read the ids of ``Id(s) not exists: 999``: the shop deletes nothing when one of several is missing."""
    if not isinstance(error, ShopRefusal) or error.code != _MISSING_IDS:
        return set()
    return {int(number) for number in re.findall(r"\d+", error.message)}
