"""What a shop says about the fields of a resource: ``?schema=synopsis``. Pure.

What it does not say (measured on PrestaShop 8.2.1): a product needs a name too, and ``description_short`` is
bounded by a setting of the shop (800 characters) rather than by the size given here.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from lxml import etree

from prestashop.errors import ShopAnswerUnreadable
from prestashop.names import entity_of
from prestashop.xml import parse


@dataclass(frozen=True, slots=True)
class FieldRule:
    """One field of a resource.

    ``format`` names PrestaShop's own check (``isCatalogName``), '' for none; ``max_size`` counts characters.
    """

    name: str
    required: bool = False
    max_size: int | None = None
    format: str = ""
    read_only: bool = False
    filterable: bool = True
    has_languages: bool = False


@dataclass(frozen=True, slots=True)
class AssociationRule:
    """One association: what an entry is called in XML, the resource that it links to, and its fields."""

    name: str
    entry: str
    resource: str
    fields: Mapping[str, FieldRule]


@dataclass(frozen=True, slots=True)
class ResourceSchema:
    """The fields and associations of a resource, by name."""

    resource: str
    fields: Mapping[str, FieldRule]
    associations: Mapping[str, AssociationRule]

    @property
    def required(self) -> frozenset[str]:
        """The fields without which nothing is written."""
        return frozenset(name for name, rule in self.fields.items() if rule.required)

    @property
    def read_only(self) -> frozenset[str]:
        """The fields that are shown and not taken (400, code 93)."""
        return frozenset(name for name, rule in self.fields.items() if rule.read_only)


def read_schema(resource: str, data: bytes) -> ResourceSchema:
    """Read a synopsis; ShopAnswerUnreadable when it is none of this resource."""
    entity = parse(data).find(entity_of(resource))
    if entity is None:
        raise ShopAnswerUnreadable(f"no schema of {resource}")
    return ResourceSchema(
        resource=resource,
        fields={str(field.tag): _field(field) for field in entity if field.tag != "associations"},
        associations={str(links.tag): _association(links) for links in entity.iterfind("associations/*")},
    )


def _field(field: etree._Element) -> FieldRule:
    size = field.get("maxSize", "")
    return FieldRule(
        name=str(field.tag),
        required=field.get("required") == "true",
        max_size=int(size) if size.isdecimal() else None,
        format=field.get("format", ""),
        read_only="true" in (field.get("read_only"), field.get("readOnly")),
        filterable=field.get("notFilterable") != "true",
        has_languages=field.find("language") is not None,
    )


def _association(links: etree._Element) -> AssociationRule:
    entry = links[0] if len(links) else links
    return AssociationRule(
        name=str(links.tag),
        entry=links.get("nodeType", str(entry.tag)),
        resource=links.get("api", ""),
        fields={str(field.tag): _field(field) for field in entry} if entry is not links else {},
    )
