"""The requests that write, one method each: what writing.py decides about."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from prestashop.answers import check_deletion
from prestashop.errors import Complaint, ShopAnswerUnreadable, ShopBlocked, ShopRefusal
from prestashop.merging import merge
from prestashop.names import checked
from prestashop.nodes import Node, NodesToWrite, Value, id_of
from prestashop.reading import Reader
from prestashop.settings import ClientSettings
from prestashop.transport import Carrier
from prestashop.xml import enclose, entity_xml, from_xml

_NO_SUCH_ENTITY: Final = 92
"""The code of a PUT or PATCH of an id that the shop does not have (measured on 1.7.8.11 and 8.2.1)."""


@dataclass(frozen=True, slots=True)
class WritingRequests:
    """Requests over HTTP; see ``writing.Requests`` for what each promises."""

    transport: Carrier
    reader: Reader

    async def send(self, method: str, resource: str, nodes: NodesToWrite) -> list[Node]:
        """Write entities in one request; the answer holds as many, in order."""
        path = checked(resource)
        if method != "POST" and len(nodes) == 1:
            path += f"/{id_of(nodes[0])}"
        answer = await self.transport.request(
            method,
            path,
            body=enclose([entity_xml(resource, node) for node in nodes]),
            entities=len(nodes),
        )
        accepted = answer.version is not None
        try:
            written = from_xml(resource, answer.body)
            ids = [id_of(node) for node in written]
        except (ShopAnswerUnreadable, ValueError) as error:
            raise ShopAnswerUnreadable(str(error), accepted=accepted) from error
        if len(ids) != len(nodes) or (method != "POST" and ids != [id_of(node) for node in nodes]):
            raise ShopAnswerUnreadable("not the entities that were sent", accepted=accepted)
        return written

    async def send_delete(self, resource: str, ids: Sequence[int]) -> None:
        """Delete all of them in one request, or none."""
        if len(ids) == 1:
            path, query = f"{checked(resource)}/{int(ids[0])}", ""
        else:
            listed = ",".join(str(int(entity_id)) for entity_id in ids)
            path, query = f"{checked(resource)}/", f"id=%5B{listed}%5D"
        check_deletion(await self.transport.request("DELETE", path, query=query, entities=len(ids)))

    async def identify(
        self, resource: str, nodes: NodesToWrite, identity: Sequence[str]
    ) -> list[Node | None]:
        """Find each entity in the shop; None where there is none."""
        return await self.reader.identify(resource, nodes, identity)

    async def stored(self, resource: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, Node]:
        """Read fields of entities as they are stored, by id."""
        return await self.reader.stored(resource, ids, fields)


@dataclass(frozen=True, slots=True)
class MergedPuts:
    """The requests of ``writing.modify`` for a shop without PATCH: read what is stored, merge, PUT.

    What somebody else changes of the same entity between the two requests is undone: PrestaShop has no way to
    write only what has not changed since.
    """

    requests: WritingRequests
    reader: Reader
    settings: ClientSettings

    async def send(self, _method: str, resource: str, nodes: NodesToWrite) -> list[Node]:
        """Apply changes in two requests."""
        stored = await self.reader.whole(resource, [id_of(node) for node in nodes])
        if any(id_of(node) not in stored for node in nodes):
            raise ShopRefusal(404, [Complaint(_NO_SUCH_ENTITY, "Invalid ID")])
        merged = [merge(resource, stored[id_of(node)], node) for node in nodes]
        if len([*bodies(resource, merged, self.settings)]) > 1:
            raise ShopBlocked(413, "the merged entities are too large for one request")
        return await self.requests.send("PUT", resource, merged)

    async def stored(self, resource: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, Node]:
        """Read fields of entities as they are stored, by id."""
        return await self.reader.stored(resource, ids, fields)


def bodies(
    resource: str, nodes: NodesToWrite, settings: ClientSettings
) -> Iterator[list[Mapping[str, Value]]]:
    """Split entities into as few requests as the bounds on number and size allow, in order."""
    batch: list[Mapping[str, Value]] = []
    size = 0
    for node in nodes:
        length = len(entity_xml(resource, node))
        full = len(batch) == settings.max_entities_per_request or size + length > settings.max_body_bytes
        if batch and full:
            yield batch
            batch, size = [], 0
        batch.append(node)
        size += length
    if batch:
        yield batch
