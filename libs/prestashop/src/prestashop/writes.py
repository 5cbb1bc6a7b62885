"""Calls that write: checked, cut into bodies of bounded size, and carried out one body after the other."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import TypeAlias

from prestashop import writing
from prestashop.capabilities import Capabilities
from prestashop.errors import ShopCrashed, ShopError, ShopMethodNotAllowed
from prestashop.identities import IDENTITIES, identity_of, problem_with
from prestashop.nodes import NodesToWrite, Value, id_of
from prestashop.outcomes import Outcome, Refused, Unknown
from prestashop.requests import MergedPuts, WritingRequests, bodies
from prestashop.settings import ClientSettings

Outcomes: TypeAlias = list[Outcome]


class Writes:
    """Writes over HTTP; for what each call promises see ``Shop``."""

    def __init__(self, requests: WritingRequests, settings: ClientSettings) -> None:
        self._requests = requests
        self._merged_puts = MergedPuts(requests, requests.reader, settings)
        self._settings = settings
        self._has_patch: dict[str, bool] = {}

    def learn(self, capabilities: Capabilities) -> None:
        """Take note of where the key may use PATCH."""
        self._has_patch = {name: capabilities.allows("PATCH", name) for name in capabilities.methods}

    async def create(
        self, resource: str, nodes: NodesToWrite, identity: str | Sequence[str] | None
    ) -> Outcomes:
        """POST entities."""
        fields = _identity(resource, identity)
        if any("id" in node for node in nodes):
            raise ValueError("an entity to be created has no id")
        refused = _refused_unsent(nodes, fields)
        sendable = [node for at, node in enumerate(nodes) if at not in refused]
        sent = iter(
            await self._in_requests(
                resource, sendable, lambda batch: writing.create(self._requests, resource, batch, fields)
            )
        )
        return [refused[at] if at in refused else next(sent) for at in range(len(nodes))]

    async def modify(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PATCH entities, or read, merge and PUT them."""
        if self._has_patch.get(resource, True):
            outcomes = await self.patch(resource, nodes)
            if not any(_is_not_allowed(outcome) for outcome in outcomes):
                return outcomes
            self._has_patch[resource] = False
        return await self._change(self._merged_puts, "PUT", resource, nodes)

    def writes_whole(self, resource: str) -> bool:
        """Whether a change is merged and PUT, as far as the shop has told."""
        return not self._has_patch.get(resource, True)

    async def patch(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PATCH entities."""
        return await self._change(self._requests, "PATCH", resource, nodes)

    async def put(self, resource: str, nodes: NodesToWrite) -> Outcomes:
        """PUT entities."""
        return await self._change(self._requests, "PUT", resource, nodes)

    async def delete(self, resource: str, ids: Sequence[int]) -> Outcomes:
        """DELETE entities."""
        if any(entity_id < 1 for entity_id in ids) or len(set(ids)) != len(ids):
            raise ValueError("the ids to delete are positive, each given once")
        nodes = [{"id": entity_id} for entity_id in ids]
        return await self._in_requests(
            resource,
            nodes,
            lambda batch: writing.delete(self._requests, resource, [id_of(node) for node in batch]),
        )

    async def _change(
        self, requests: writing.Changes, method: str, resource: str, nodes: NodesToWrite
    ) -> Outcomes:
        if len({id_of(node) for node in nodes}) != len(nodes):
            raise ValueError("every entity is changed once in a call")
        return await self._in_requests(
            resource, nodes, lambda batch: writing.modify(requests, method, resource, batch)
        )

    async def _in_requests(
        self,
        resource: str,
        nodes: Sequence[Mapping[str, Value]],
        carry_out: Callable[[NodesToWrite], Awaitable[Outcomes]],
    ) -> Outcomes:
        """Carry out in bodies of bounded size; once the shop fails as a whole, the rest is not sent."""
        outcomes: Outcomes = []
        # All bodies first: what cannot be written as XML is told before anything is sent.
        for batch in [*bodies(resource, nodes, self._settings)]:
            failure = _failure_of_the_shop(outcomes)
            if failure is None:
                outcomes += await carry_out(batch)
            else:
                outcomes += [Unknown(failure, sent=False)] * len(batch)
        return outcomes


def _is_not_allowed(outcome: Outcome) -> bool:
    return isinstance(outcome, Unknown) and isinstance(outcome.error, ShopMethodNotAllowed)


def _failure_of_the_shop(outcomes: Sequence[Outcome]) -> ShopError | None:
    """Return the error for which nothing more should be sent; the crash over one entity is none."""
    for outcome in reversed(outcomes):
        if isinstance(outcome, Unknown) and not isinstance(outcome.error, ShopCrashed):
            return outcome.error
    return None


def _refused_unsent(nodes: NodesToWrite, identity: Sequence[str]) -> dict[int, Refused]:
    """Refuse those that could not be found again: without an identity, or with that of another."""
    refused: dict[int, Refused] = {}
    seen: set[tuple[object, ...]] = set()
    for at, node in enumerate(nodes):
        problem = problem_with(node, identity)
        key = identity_of(node, identity)
        if problem is None and key in seen:
            problem = f"another entity of this call has the same {', '.join(identity)}"
        if problem is not None:
            refused[at] = Refused(None, problem)
        seen.add(key)
    return refused


def _identity(resource: str, identity: str | Sequence[str] | None) -> tuple[str, ...]:
    if identity is None and resource not in IDENTITIES:
        raise ValueError(f"name the identity of {resource}: the fields that tell its entities apart")
    return (identity,) if isinstance(identity, str) else tuple(identity or IDENTITIES[resource])
