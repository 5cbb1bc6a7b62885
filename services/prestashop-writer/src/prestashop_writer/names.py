"""Brands, suppliers, features, options and values: found by name in the shop, or created once. Pure part.

Nothing is unique in PrestaShop. The writer therefore keeps each name with its id, looks a new one up before
it creates it, and records the intent before each create, exactly as for products.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from common.create_protocol import Post
from prestashop import Node, drafts, text_of, texts_of
from prestashop_writer.plan import (
    BRAND,
    FEATURE,
    FEATURE_VALUE,
    OPTION,
    OPTION_VALUE,
    SUPPLIER,
    Name,
    NameIds,
)
from prestashop_writer.target import ShopProfile

RESOURCES = {
    BRAND: "manufacturers",
    SUPPLIER: "suppliers",
    FEATURE: "product_features",
    FEATURE_VALUE: "product_feature_values",
    OPTION: "product_options",
    OPTION_VALUE: "product_option_values",
}
CHAINS = ((BRAND,), (SUPPLIER,), (FEATURE, FEATURE_VALUE), (OPTION, OPTION_VALUE))
"""Kinds that need the ids of those before them, and nothing of the other chains."""
"""Each kind after that of its parents, whose ids it needs."""

# The first field is looked up, the others are compared.
IDENTITIES = {
    BRAND: ("name",),
    SUPPLIER: ("name",),
    FEATURE: ("name",),
    FEATURE_VALUE: ("value", "id_feature"),
    OPTION: ("name",),
    OPTION_VALUE: ("name", "id_attribute_group"),
}
LABELS = {kind: identity[0] for kind, identity in IDENTITIES.items()}
PARENTS = {FEATURE_VALUE: FEATURE, OPTION_VALUE: OPTION}
FIELDS_IN_NEED = {SUPPLIER: "supplier", OPTION: "variants", OPTION_VALUE: "variants"}
"""What needs a kind that not every key may use: without the right, products with that field are refused."""


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
        node_id, parent = int(text_of(node, "id")), _parent_of(node)
        for label in _labels(node):
            exact[parent, label] = min(node_id, exact.get((parent, label), node_id))
            key = (parent, label.casefold())
            folded[key] = min(node_id, folded.get(key, node_id))
    found = {}
    for name in wanted:
        parent = str(ids[parent_of(name)]) if name.kind in PARENTS else ""
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
    if name.kind == SUPPLIER:
        return drafts.supplier(name.name)
    if name.kind == FEATURE:
        return drafts.feature(texts)
    if name.kind == OPTION:
        return drafts.option(texts)
    draft = drafts.option_value if name.kind == OPTION_VALUE else drafts.feature_value
    return draft(ids[parent_of(name)], texts)


def parent_of(name: Name) -> Name:
    """The feature or option that a value belongs to."""
    return Name(PARENTS[name.kind], name.parent)


def missing(wanted: Iterable[Name], ids: Mapping[Name, int], kind: str) -> list[Name]:
    """The names of one kind that have no id yet, each once, in order."""
    return [name for name in dict.fromkeys(wanted) if name.kind == kind and name not in ids]


def _parent_of(node: Node) -> str:
    return text_of(node, "id_feature") or text_of(node, "id_attribute_group")


def _labels(node: Node) -> set[str]:
    if "value" in node:
        return set(texts_of(node, "value").values())
    texts = texts_of(node, "name")
    return set(texts.values()) if texts else {text_of(node, "name")}
