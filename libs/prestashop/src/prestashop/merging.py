"""Change without PATCH: what a PUT has to hold so that it changes what is meant and nothing else. Pure.

A PUT blanks every field that it does not hold and keeps the associations that it does not hold; a language
left out of a field is blanked (measured on PrestaShop 1.7.8.11 and 8.2.1). A PUT that changes a price
therefore holds all other fields as they are read, no associations, and nothing that the shop will not take.
"""

from collections.abc import Mapping
from typing import Final

from prestashop.nodes import Node, Value, language_texts

_LEFT_OUT: Final[Mapping[str, frozenset[str]]] = {
    "products": frozenset(
        {
            "manufacturer_name",  # read-only: 400, code 93
            "quantity",  # read-only: 400, code 93
            "position_in_category",  # without a category it is read as '' and refused: 500, code 134
            "id_default_image",  # kept when left out; put back, it could undo a cover set in between
            "id_default_combination",  # likewise
        }
    ),
    "categories": frozenset({"level_depth", "nb_products_recursive"}),  # read-only: 400, code 93
    "manufacturers": frozenset({"link_rewrite"}),  # read-only: 400, code 93
}
"""Fields that are read and not put back (measured; the read-only ones are marked so in the synopsis too)."""


def left_out(resource: str) -> frozenset[str]:
    """Name the fields of a resource that are read and must not be put back."""
    return _LEFT_OUT.get(resource, frozenset())


def merge(resource: str, stored: Mapping[str, Value], changes: Mapping[str, Value]) -> Node:
    """Make the body of a PUT that applies ``changes`` to an entity as it is ``stored``.

    Every value is put back as it was read ("10.000000", "0000-00-00"), but for empty ones, which a PUT
    without them leaves empty: a ``low_stock_threshold`` of '' put back becomes 0 (measured). Languages that
    a change does not name keep their texts; associations are those of the changes alone, as the shop keeps
    the others.
    """
    kept = {
        name: value
        for name, value in stored.items()
        if value != "" and name != "associations" and name not in left_out(resource)
    }
    return kept | {name: _changed(kept.get(name), value) for name, value in changes.items()}


def _changed(stored: Value, change: Value) -> Value:
    texts = language_texts(change)
    return language_texts(stored) | texts if texts else change
