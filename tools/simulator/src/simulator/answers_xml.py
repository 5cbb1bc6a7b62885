"""Answers in XML, byte for byte as PrestaShop 8.2.1 writes them."""

from dataclasses import dataclass

from simulator.computed import GETTERS
from simulator.entities import Entity
from simulator.fields import Association, Field, Resource
from simulator.links import read_links
from simulator.shop import Shop

OPENING = '<?xml version="1.0" encoding="UTF-8"?>\n<prestashop xmlns:xlink="http://www.w3.org/1999/xlink">\n'
CLOSING = "</prestashop>\n"


def cdata(value: object) -> str:
    """A value in CDATA. Measured: a `]]>` inside is not escaped, the answer is then no well-formed XML."""
    return f"<![CDATA[{'' if value is None or value is False else value}]]>"


def document(body: str) -> str:
    """A whole answer."""
    return OPENING + body + CLOSING


def errors(found: tuple[tuple[int, str], ...]) -> str:
    """The answer of a failed request."""
    nodes = "".join(
        f"<error>\n<code>{cdata(code)}</code>\n<message>{cdata(message)}</message>\n</error>\n"
        for code, message in found
    )
    return document(f"<errors>\n{nodes}</errors>\n")


@dataclass(frozen=True, slots=True)
class XmlWriter:
    """Writes entities for one request: which fields (None = all), which languages."""

    shop: Shop
    shown: set[str] | None
    languages: list[int]

    def entities(self, found: list[Entity]) -> str:
        """The answer of a write, or of a read of one."""
        return document("".join(self.entity(one) for one in found))

    def listing(self, resource: Resource, found: list[Entity]) -> str:
        """The answer of a list: ids only, or entities."""
        if self.shown == set():
            link = f"{self.shop.api_url}{resource.name}"
            nodes = "".join(
                f'<{resource.node} id="{one.id}" xlink:href="{link}/{one.id}"/>\n' for one in found
            )
        else:
            nodes = "".join(self.entity(one) for one in found)
        return document(f"<{resource.name}>\n{nodes}</{resource.name}>\n")

    def entity(self, entity: Entity) -> str:
        """One entity."""
        resource = entity.resource
        parts = [f"<{resource.node}>\n"]
        if self.shown is None or "id" in self.shown:
            parts.append(f"\t<id>{cdata(entity.id)}</id>\n")
        parts.extend(
            self.field(entity, one) for one in resource.fields if self.shown is None or one.name in self.shown
        )
        if self.shown is None and resource.associations:
            inside = "".join(self.association(entity, one) for one in resource.associations)
            parts.append(f"<associations>\n{inside}</associations>\n")
        parts.append(f"</{resource.node}>\n")
        return "".join(parts)

    def field(self, entity: Entity, field: Field) -> str:
        """One field."""
        if field.localized:
            return f"\t<{field.name}>{self.texts(entity, field)}</{field.name}>\n"
        if field.computed:
            value: object = GETTERS[entity.resource.name, field.name](self.shop, entity)
        else:
            value = entity.values.get(field.name)
        link = ""
        if field.link and value not in (None, "", "0", 0, False):
            path = field.link.replace("{owner}", str(entity.id))
            link = f' xlink:href="{self.shop.api_url}{path}/{value}"'
        mark = ' notFilterable="true"' if field.computed else ""
        return f"\t<{field.name}{link}{mark}>{cdata(value)}</{field.name}>\n"

    def texts(self, entity: Entity, field: Field) -> str:
        """A text per language. A plain text is indexed by the language's number, as PHP indexes a string."""
        value = entity.values.get(field.name)
        nodes = []
        for language in self.languages:
            if isinstance(value, dict):
                link = f' xlink:href="{self.shop.api_url}languages/{language}"'
                text = value.get(language, "")
            else:
                link, text = "", ("" if value is None else str(value))[language : language + 1]
            nodes.append(f'<language id="{language}"{link}>{cdata(text)}</language>')
        return "".join(nodes)

    def association(self, entity: Entity, association: Association) -> str:
        """One list of related ids."""
        items = read_links(self.shop, entity, association.name)
        head = f'{association.name} nodeType="{association.node}" api="{association.api}"'
        if not items:
            return f"<{head}/>\n"
        nodes = "".join(self.item(entity, association, item) for item in items)
        return f"<{head}>\n{nodes}</{association.name}>\n"

    def item(self, entity: Entity, association: Association, item: dict[str, str]) -> str:
        """One related id, with what belongs to it."""
        link = ""
        if association.item_link:
            path = association.item_link.replace("{owner}", str(entity.id))
            path = path.replace("{id_product}", entity.text("id_product"))
            link = f' xlink:href="{self.shop.api_url}{path}/{item.get("id", "")}"'
        parts = [f"\t<{association.node}{link}>\n"]
        for part in association.parts:
            value = item.get(part.name, "")
            href = f' xlink:href="{self.shop.api_url}{part.link}/{value}"' if part.link and value else ""
            parts.append(f"\t<{part.name}{href}>{cdata(value)}</{part.name}>\n")
        parts.append(f"\t</{association.node}>\n")
        return "".join(parts)
