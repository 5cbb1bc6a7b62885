"""Brands, features and feature values: found by name in the shop, or created once. Pure part.

Nothing is unique in PrestaShop. The writer therefore keeps each name with its id, looks a new one up before
it creates it, and records the intent before each create, exactly as for products.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from prestashop import Node, text_of, texts_of
from prestashop_writer.create_protocol import Post
from prestashop_writer.plan import BRAND, FEATURE, FEATURE_VALUE, Name, NameIds
from prestashop_writer.target import ShopProfile

RESOURCES = {BRAND: "manufacturers", FEATURE: "product_features", FEATURE_VALUE: "product_feature_values"}
# The first field is looked up, the others are compared.
IDENTITIES = {BRAND: ("name",), FEATURE: ("name",), FEATURE_VALUE: ("value", "id_feature")}
LABELS = {BRAND: "name", FEATURE: "name", FEATURE_VALUE: "value"}


@dataclass(frozen=True)
class KnownName:
    """A name as the writer keeps it: with the shop's id, or with an outstanding create."""

    name: Name
    presta_id: int | None
    post: Post | None = None


def matching(wanted: Iterable[Name], nodes: Iterable[Node], ids: NameIds) -> dict[Name, int]:
    """Which of the wanted names the shop already has.

    Letter by letter first, then ignoring case, as the shop's own search does; of several the oldest.
    """
    exact: dict[tuple[str, str], int] = {}
    folded: dict[tuple[str, str], int] = {}
    for node in nodes:
        node_id, parent = int(text_of(node, "id")), text_of(node, "id_feature")
        for label in _labels(node):
            exact[parent, label] = min(node_id, exact.get((parent, label), node_id))
            key = (parent, label.casefold())
            folded[key] = min(node_id, folded.get(key, node_id))
    found = {}
    for name in wanted:
        parent = str(ids[Name(FEATURE, name.parent)]) if name.kind == FEATURE_VALUE else ""
        presta_id = exact.get((parent, name.name)) or folded.get((parent, name.name.casefold()))
        if presta_id:
            found[name] = presta_id
    return found


def name_node(name: Name, detail: str | None, ids: NameIds, profile: ShopProfile) -> Node:
    """The entity that creates a name in the shop, the same text in every language."""
    texts = {language.id: name.name for language in profile.languages}
    if name.kind == BRAND:
        brand: Node = {"name": name.name, "active": True}
        if detail:
            brand["description"] = {language.id: detail for language in profile.languages}
        return brand
    if name.kind == FEATURE:
        return {"name": texts}
    return {"id_feature": ids[Name(FEATURE, name.parent)], "custom": False, "value": texts}


def missing(wanted: Iterable[Name], ids: Mapping[Name, int], kind: str) -> list[Name]:
    """The names of one kind that have no id yet, each once, in order."""
    return [name for name in dict.fromkeys(wanted) if name.kind == kind and name not in ids]


def _labels(node: Node) -> set[str]:
    if "value" in node:
        return set(texts_of(node, "value").values())
    texts = texts_of(node, "name")
    return set(texts.values()) if texts else {text_of(node, "name")}
