"""What the webservice calls things: a resource, its entity, and the entries of an association."""

import re
from typing import Final

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_ENTITIES: Final = {
    "addresses": "address",
    "content_management_system": "content",
    "product_customization_fields": "customization_field",
    "stock_movements": "stock_mvt",
    "taxes": "tax",
}
"""Resources whose entity is not named by the rules for English plurals."""

_ENTRIES: Final = {
    "accessories": "product",
    "product_bundle": "product",
}
"""Associations whose entries are not named like the association (measured on PrestaShop 8.2.1)."""


def checked(name: str) -> str:
    """Return the name of a resource or a field unchanged, or raise ValueError when it cannot be one."""
    if not _NAME.fullmatch(name):
        raise ValueError(f"not a name of the webservice: {name!r}")
    return name


def entity_of(resource: str) -> str:
    """Name one entity of a resource: products → product, categories → category, taxes → tax."""
    checked(resource)
    if resource in _ENTITIES:
        return _ENTITIES[resource]
    if resource.endswith("ies"):
        return resource[:-3] + "y"
    return resource.removesuffix("s")


def entry_of(association: str) -> str:
    """Name one entry of an association: product_features → product_feature, accessories → product."""
    return _ENTRIES.get(association) or entity_of(association)
