"""Reading entities: one, a list, all pages, and many values of a field at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from prestashop.errors import ShopAnswerUnreadable, ShopRefusal
from prestashop.filters import Display, Filter, available_fields, look_ups, query
from prestashop.identities import key_of, oldest, same
from prestashop.merging import left_out
from prestashop.names import checked
from prestashop.nodes import Node, NodesToWrite, Value, id_of, text_of
from prestashop.settings import ClientSettings
from prestashop.transport import Carrier
from prestashop.xml import from_xml

# Reader.list hides the builtin from the annotations of its own class.
Nodes: TypeAlias = list[Node]
NodesOrNone: TypeAlias = list[Node | None]

_NO_FIELD: Final = "no_such_field"
_UNKNOWN_FIELD: Final = 35
"""The code of a display of fields that do not exist (measured on 1.7.8.11 and 8.2.1)."""


@dataclass(frozen=True, slots=True)
class Reader:
    """Reads over HTTP; every method raises a ShopError when it fails."""

    transport: Carrier
    settings: ClientSettings
    showable: dict[str, tuple[str, ...]] = field(default_factory=dict)
    """The fields of resources that cannot be shown in full."""

    async def get(self, resource: str, entity_id: int) -> Node | None:
        """Read one entity; None when the shop does not have it."""
        try:
            answer = await self.transport.request("GET", f"{checked(resource)}/{int(entity_id)}")
        except ShopRefusal as refusal:
            if refusal.status == 404:
                return None
            raise
        nodes = from_xml(resource, answer.body)
        return nodes[0] if nodes else None

    async def list(self, resource: str, question: str) -> Nodes:
        """Read a list; ``question`` is the query string."""
        answer = await self.transport.request("GET", checked(resource), query=question)
        return from_xml(resource, answer.body)

    async def list_all(
        self,
        resource: str,
        *,
        display: Display,
        filters: Mapping[str, Filter] | None = None,
        raw_filters: Mapping[str, str] | None = None,
    ) -> Nodes:
        """Read all pages of a list, by id: in no order, as by default, a page may repeat or miss entities."""
        nodes: Nodes = []
        size = self.settings.page_size
        while True:
            question = query(
                display=display,
                filters=filters,
                raw_filters=raw_filters,
                sort=("id_ASC",),
                limit=(len(nodes), size),
            )
            page = await self.list(resource, question)
            nodes += page
            if len(page) < size:
                return nodes

    async def find(
        self, resource: str, field: str, values: Sequence[str], display: Sequence[str] = ()
    ) -> dict[str, Nodes]:
        """Find the entities of each value, in order of id; [] for a value that the shop does not have."""
        most = self.settings.max_values_per_look_up
        found: dict[str, Nodes] = {value: [] for value in values}
        for look_up in look_ups(values, most_values=most, most_bytes=self.settings.max_filter_bytes):
            nodes = await self.list_all(
                resource, display=("id", field, *display), raw_filters={field: look_up.filter_text}
            )
            for value in look_up.values:
                found[value] += [node for node in _once_each(nodes) if _has(node, field, value)]
        return found

    async def identify(self, resource: str, nodes: NodesToWrite, identity: Sequence[str]) -> NodesOrNone:
        """Find each entity by its identity; the oldest where the shop has several, None where it has none."""
        keys = [key_of(node, identity) for node in nodes]
        found = await self.find(resource, identity[0], keys, identity)
        return [
            oldest(candidate for candidate in found[key] if same(node, candidate, identity))
            for key, node in zip(keys, nodes, strict=True)
        ]

    async def stored(self, resource: str, ids: Sequence[int], fields: Sequence[str]) -> dict[int, Node]:
        """Read fields of entities as they are stored, by id."""
        most = self.settings.max_values_per_look_up
        nodes: Nodes = []
        for start in range(0, len(ids), most):
            question = query(display=("id", *fields), filters={"id": [*ids[start : start + most]]})
            nodes += await self.list(resource, question)
        return {id_of(node): node for node in nodes}

    async def whole(self, resource: str, ids: Sequence[int]) -> dict[int, Node]:
        """Read entities, by id, with all fields that a PUT has to hold.

        With PHP notices on, PrestaShop 1.7.8.11 answers 500 to a product without a picture, unless its cover
        is not asked for: then all other fields are, by name.
        """
        most = self.settings.max_values_per_look_up
        nodes: Nodes = []
        for start in range(0, len(ids), most):
            some = ids[start : start + most]
            if resource not in self.showable:
                try:
                    nodes += await self.list(resource, query(display="full", filters={"id": [*some]}))
                    continue
                except ShopRefusal as refusal:
                    if not refusal.from_php:
                        raise
                self.showable[resource] = await self._showable_fields(resource)
            nodes += await self.list(
                resource, query(display=self.showable[resource], filters={"id": [*some]})
            )
        return {id_of(node): node for node in nodes}

    async def _showable_fields(self, resource: str) -> tuple[str, ...]:
        """Ask for the names of all fields: the shop lists them when one is asked for that it does not have.

        The synopsis would tell them too, but is another 500 where this is needed.
        """
        try:
            await self.list(resource, query(display=(_NO_FIELD,), limit=1))
        except ShopRefusal as refusal:
            names = available_fields(refusal.message)
            if refusal.code != _UNKNOWN_FIELD or not names:
                raise
            return tuple(name for name in names if name not in left_out(resource))
        raise ShopAnswerUnreadable("a field that does not exist was shown")


def _once_each(nodes: Sequence[Node]) -> list[Node]:
    """Drop repetitions: a filter on a text matches an entity once per language that has it."""
    return list({text_of(node, "id"): node for node in nodes}.values())


def _has(node: Mapping[str, Value], field: str, value: str) -> bool:
    stored = node.get(field)
    return value in stored.values() if isinstance(stored, Mapping) else stored == value
