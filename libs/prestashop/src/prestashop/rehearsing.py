"""A transport that sends what reads, answers what writes, and counts both."""

import re
from collections import Counter
from dataclasses import dataclass
from typing import Final

from prestashop.answers import Answer
from prestashop.capabilities import Capabilities
from prestashop.errors import Complaint, ShopMethodNotAllowed, ShopRefusal
from prestashop.nodes import Node
from prestashop.pacing import Pace
from prestashop.rehearsed import RehearsedEntities, read_question
from prestashop.transport import Carrier, Upload
from prestashop.xml import from_xml, to_xml

_LISTED_IDS: Final = re.compile(r"\d+")


@dataclass(frozen=True, slots=True)
class PlannedRequests:
    """Requests of one kind that would be sent, and the entities in those that write."""

    method: str
    resource: str
    requests: int
    entities: int


class RehearsedTransport:
    """Requests to a shop of which those that write are not sent.

    They are taken for successful where the key has the right to them. Pictures are not rehearsed.
    """

    def __init__(self, carrier: Carrier, capabilities: Capabilities) -> None:
        self._carrier = carrier
        self._capabilities = capabilities
        self._entities = RehearsedEntities()
        self._filled: set[tuple[str, str]] = set()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._sent: Counter[tuple[str, str]] = Counter()

    @property
    def address(self) -> str:
        """The address of the real shop."""
        return self._carrier.address

    @property
    def pace(self) -> Pace:
        """The pace of the real shop."""
        return self._carrier.pace

    @property
    def planned(self) -> tuple[PlannedRequests, ...]:
        """All requests so far, by method and resource in order of first use."""
        return tuple(
            PlannedRequests(method, resource, number, self._sent[method, resource])
            for (method, resource), number in self._requests.items()
        )

    async def close(self) -> None:
        """Leave the connections to the real shop's client."""

    async def request(
        self,
        method: str,
        path: str,
        *,
        query: str = "",
        body: bytes | Upload | None = None,
        entities: int = 0,
        keep_bytes: int | None = None,
    ) -> Answer:
        """Send a GET and put its answer right; answer anything else. Raises like ``Transport.request``."""
        resource, _, rest = path.partition("/")
        if isinstance(body, Upload) or (resource == "images" and method != "GET"):
            raise ValueError("pictures are not rehearsed")
        self._requests[method, resource] += 1
        self._sent[method, resource] += entities
        if method == "GET":
            return await self._read(resource, rest, path, query, keep_bytes)
        if not self._capabilities.allows(method, resource):
            raise ShopMethodNotAllowed(f"{method} {resource}")
        return self._answer(resource, self._write(method, resource, rest or query, body or b""))

    def _write(self, method: str, resource: str, ids: str, body: bytes) -> list[Node]:
        if method == "DELETE":
            self._entities.delete(resource, [int(number) for number in _LISTED_IDS.findall(_plain(ids))])
            return []
        nodes = from_xml(resource, body)
        if method == "POST":
            return self._entities.create(resource, nodes)
        return self._entities.change(resource, nodes)

    async def _read(
        self, resource: str, entity_id: str, path: str, query: str, keep_bytes: int | None
    ) -> Answer:
        if entity_id.isdecimal():
            made = self._entities.entity(resource, int(entity_id))
            if made is not None:
                return self._answer(resource, [made])
        answer = await self._carrier.request("GET", path, query=query, keep_bytes=keep_bytes)
        if not self._entities.concerns(resource):
            return answer
        nodes = from_xml(resource, answer.body)
        shown = self._entities.corrected(resource, nodes)
        if not entity_id:
            shown += self._following(resource, query, len(nodes))
        elif not shown:
            raise ShopRefusal(404, [Complaint(None, "not found")])
        return self._answer(resource, shown)

    def _following(self, resource: str, query: str, number: int) -> list[Node]:
        """List new entities behind those of the real shop: on the first page that it does not fill."""
        question = read_question(query)
        pages = (resource, str(sorted(question.filters.items())))
        if question.offset == 0:
            self._filled.discard(pages)
        if question.size is not None:
            if number >= question.size or pages in self._filled:
                return []
            self._filled.add(pages)
        return self._entities.matching(resource, question)

    def _answer(self, resource: str, nodes: list[Node]) -> Answer:
        return Answer(status=200, version=self._capabilities.version, body=to_xml(resource, nodes))


def _plain(ids: str) -> str:
    """Drop what a query says beside the ids: ``id=%5B3,4%5D``."""
    return ids.removeprefix("id=").replace("%5B", "").replace("%5D", "")
