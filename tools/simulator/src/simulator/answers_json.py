"""Answers in JSON, with the losses that PrestaShop 8.2.1 has: single entities drop every falsy field."""

import json
from dataclasses import dataclass

from simulator.computed import GETTERS
from simulator.entities import Entity
from simulator.fields import Field, Resource
from simulator.links import read_links
from simulator.shop import Shop


def encode(value: object) -> str:
    """JSON as PHP writes it: letters as they are, slashes escaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("/", "\\/")


def errors(found: tuple[tuple[int, str], ...]) -> str:
    """The answer of a failed request."""
    return encode({"errors": [{"code": code, "message": message} for code, message in found]})


@dataclass(frozen=True, slots=True)
class JsonWriter:
    """Writes entities for one request: which fields (None = all), which languages (one: plain texts)."""

    shop: Shop
    shown: set[str] | None
    languages: list[int]

    def entities(self, found: list[Entity]) -> str:
        """The answer of a write, or of a read of one: only the last entity is shown, without falsy fields."""
        if not found:
            return "[]"
        last = found[-1]
        shown = self.entity(last)
        if self.shop.edition.drops_falsy:
            shown = {name: value for name, value in shown.items() if value not in (None, "", "0", 0, False)}
        return encode({last.resource.node: shown})

    def listing(self, resource: Resource, found: list[Entity]) -> str:
        """The answer of a list; an empty one is `[]`."""
        if not found:
            return "[]"
        if self.shown == set():
            return encode({resource.name: [{"id": one.id} for one in found]})
        return encode({resource.name: [self.entity(one) for one in found]})

    def entity(self, entity: Entity) -> dict[str, object]:
        """One entity with all its fields."""
        shown: dict[str, object] = {}
        if self.shown is None or "id" in self.shown:
            shown["id"] = entity.id
        for field in entity.resource.fields:
            if self.shown is None or field.name in self.shown:
                shown[field.name] = self.value(entity, field)
        if self.shown is None:
            lists = {
                one.name: read_links(self.shop, entity, one.name) for one in entity.resource.associations
            }
            if filled := {name: items for name, items in lists.items() if items}:
                shown["associations"] = filled
        return shown

    def value(self, entity: Entity, field: Field) -> object:
        """One field's value."""
        if field.computed:
            return GETTERS[entity.resource.name, field.name](self.shop, entity)
        value = entity.values.get(field.name)
        if not field.localized:
            return "" if value is None and field.name.startswith("id_") else value
        if not isinstance(value, dict):
            return value or ""
        if len(self.languages) == 1:
            return value.get(self.languages[0], "")
        return [{"id": str(number), "value": value.get(number, "")} for number in self.languages]
