"""A shop as it would be after writes that were not sent. Pure.

It answers a write from the body of the request, as the shop answers from what it stored: with the entities
and their ids, and with the stock row that the shop makes for each new product and combination. What is read
of the real shop is put right by it: changed, deleted and new entities.
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import parse_qsl

from prestashop.nodes import Associations, Node, Value, as_text, id_of, language_texts, text_of

FIRST_REHEARSED_ID: Final = 2_000_000_000
"""Above every id of a real shop (they count from 1) and below the greatest that its database can hold."""

_PATTERN: Final = re.compile(r"(%?)\[(.*)\](%?)", re.DOTALL)
_NOTHING: Final = ("", "0")


@dataclass(frozen=True, slots=True)
class Question:
    """A list that is asked for: its filters by field, and which page of it."""

    filters: Mapping[str, str]
    offset: int = 0
    size: int | None = None

    def matches(self, node: Mapping[str, Value]) -> bool:
        """Tell whether the shop would list an entity: values are equal but for case, in any language."""
        return all(_matches(node.get(name), wanted) for name, wanted in self.filters.items())


def read_question(text: str) -> Question:
    """Read a query string as ``filters.query`` writes it."""
    parameters = dict(parse_qsl(text, keep_blank_values=True))
    filters = {name[7:-1]: value for name, value in parameters.items() if name.startswith("filter[")}
    numbers = [int(number) for number in parameters.get("limit", "").split(",") if number]
    return Question(filters, numbers[0] if len(numbers) > 1 else 0, numbers[-1] if numbers else None)


@dataclass(slots=True)
class RehearsedEntities:
    """What writes would have brought about: entities made, fields changed, ids gone, by resource."""

    made: dict[str, dict[int, Node]] = field(default_factory=lambda: defaultdict(dict))
    changed: dict[str, dict[int, Node]] = field(default_factory=lambda: defaultdict(dict))
    gone: dict[str, set[int]] = field(default_factory=lambda: defaultdict(set))
    last_id: int = FIRST_REHEARSED_ID - 1

    def create(self, resource: str, nodes: Sequence[Node]) -> list[Node]:
        """Make entities; return what the shop would answer."""
        return [self._create(resource, node) for node in nodes]

    def change(self, resource: str, nodes: Sequence[Node]) -> list[Node]:
        """Change entities, those of the shop and those made here; return what the shop would answer."""
        for node in nodes:
            entity_id = id_of(node)
            if entity_id in self.made[resource]:
                self.made[resource][entity_id] = _changed(self.made[resource][entity_id], node)
            else:
                self.changed[resource][entity_id] = _changed(self.changed[resource].get(entity_id, {}), node)
        return list(nodes)

    def delete(self, resource: str, ids: Sequence[int]) -> None:
        """Delete entities; what belongs to a product goes with it."""
        self.gone[resource] |= set(ids)

    def concerns(self, resource: str) -> bool:
        """Tell whether an answer about a resource may differ from that of the real shop."""
        return bool(
            self.made[resource] or self.changed[resource] or self.gone[resource] or self.gone["products"]
        )

    def entity(self, resource: str, entity_id: int) -> Node | None:
        """Return an entity that was made here; None when it was not, or is gone again."""
        node = self.made[resource].get(entity_id)
        return None if node is None or self._is_gone(resource, node) else node

    def corrected(self, resource: str, nodes: Sequence[Node]) -> list[Node]:
        """Put entities of the real shop right: without what is gone, with the changes of what is shown."""
        return [
            _shown(node, self.changed[resource].get(id_of(node), {}))
            for node in nodes
            if not self._is_gone(resource, node)
        ]

    def matching(self, resource: str, question: Question) -> list[Node]:
        """List the entities made here that a question asks for, in order of id."""
        nodes = [node for node in self.made[resource].values() if not self._is_gone(resource, node)]
        return [node for node in nodes if question.matches(node)]

    def _create(self, resource: str, sent: Node) -> Node:
        node: Node = {**sent, "id": str(self._next_id())}
        match resource:
            case "products":
                row = self._make_stock_row(id_of(node), 0)
                link: Node = {name: row[name] for name in ("id", "id_product_attribute")}
                node = _changed(node, {"associations": {"stock_availables": [link]}})
            case "combinations":
                self._make_stock_row(int(text_of(node, "id_product")), id_of(node))
        self.made[resource][id_of(node)] = node
        return node

    def _make_stock_row(self, product_id: int, combination_id: int) -> Node:
        row_id = self._next_id()
        row: Node = {
            "id": str(row_id),
            "id_product": str(product_id),
            "id_product_attribute": str(combination_id),
            "id_shop": "1",
            "id_shop_group": "0",
            "quantity": "0",
            "depends_on_stock": "0",
            "out_of_stock": "2",
        }
        self.made["stock_availables"][row_id] = row
        return row

    def _next_id(self) -> int:
        self.last_id += 1
        return self.last_id

    def _is_gone(self, resource: str, node: Node) -> bool:
        owner = node.get("id_product")
        return id_of(node) in self.gone[resource] or (
            isinstance(owner, str) and owner.isdecimal() and int(owner) in self.gone["products"]
        )


def _changed(node: Node, change: Mapping[str, Value]) -> Node:
    """Apply a change: languages and associations that it does not name stay."""
    return node | {name: _merged(node.get(name), value) for name, value in change.items()}


def _merged(held: Value, value: Value) -> Value:
    if not isinstance(held, Mapping) or not isinstance(value, Mapping):
        return value
    return language_texts(held) | language_texts(value) or _links(held) | _links(value)


def _links(associations: Mapping[int, str] | Mapping[str, Sequence[Mapping[str, Value]]]) -> Associations:
    return {
        str(name): [dict(entry) for entry in entries]
        for name, entries in associations.items()
        if not isinstance(entries, str)
    }


def _shown(node: Node, change: Mapping[str, Value]) -> Node:
    return _changed(node, {name: value for name, value in change.items() if name in node})


def _matches(value: Value, wanted: str) -> bool:
    texts = [*language_texts(value).values()] if isinstance(value, Mapping) else [as_text(value)]
    return any(_text_matches(text.casefold(), wanted.casefold()) for text in texts)


def _text_matches(text: str, wanted: str) -> bool:
    pattern = _PATTERN.fullmatch(wanted)
    before, inner, after = pattern.groups() if pattern else ("", wanted, "")
    if before or after:
        anything = "".join(
            "." if letter == "_" else re.escape(letter) for letter in inner
        )  # as in SQL's LIKE
        whole = f"{'.*' if before else ''}{anything}{'.*' if after else ''}"
        return re.fullmatch(whole, text, re.DOTALL) is not None
    either = inner.split("|") if pattern else [inner]
    return text in either or (text in _NOTHING and any(one in _NOTHING for one in either))
