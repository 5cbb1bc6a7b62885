"""Entities to be created, with everything that PrestaShop needs and does not fill in itself. Pure.

The webservice stores 0 or nothing for every field that is not sent, where the back office has defaults: a
product made of a name and a price alone is inactive, in no category and cannot be ordered (measured on
PrestaShop 8.2.1). Every draft takes further fields by name, which replace its own. Texts are given in every
language of the shop.
"""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Final

from prestashop.nodes import LanguageTexts, Node, Value

HOME_CATEGORY: Final = 2
"""The category under which a fresh shop shows its catalogue; it must never be deleted."""

NO_DATE: Final = "0000-00-00 00:00:00"
"""A specific price that begins or ends with this has no beginning or no end."""


def product(
    reference: str,
    name: LanguageTexts,
    price: Decimal | str,
    *,
    categories: Sequence[int] = (HOME_CATEGORY,),
    brand: int | None = None,
    features: Mapping[int, int] | None = None,
    **fields: Value,
) -> Node:
    """Draft a product that visitors see and can order; ``price`` is without tax, ``features`` ids of values.

    >>> bracket = product("SKU-1", {1: "Steel bracket", 2: "Staffa"}, "12.50", brand=3, features={1: 5})
    >>> bracket["active"], bracket["id_category_default"], bracket["id_manufacturer"]
    (True, 2, 3)
    >>> bracket["associations"]["product_features"]
    [{'id': 1, 'id_feature_value': 5}]
    """
    links: dict[str, Sequence[Mapping[str, Value]]] = {"categories": _links(categories)}
    if features:
        links["product_features"] = [
            {"id": feature_id, "id_feature_value": value_id} for feature_id, value_id in features.items()
        ]
    node: Node = {
        "reference": reference,
        "name": name,
        "price": price,
        "id_category_default": categories[0] if categories else 0,
        "active": True,
        "state": 1,
        "available_for_order": True,
        "show_price": True,
        "minimal_quantity": 1,
        "visibility": "both",
        "condition": "new",
        "associations": links,
    }
    if brand is not None:
        node["id_manufacturer"] = brand
    return node | fields


def category(
    name: LanguageTexts, link_rewrite: LanguageTexts, *, parent: int = HOME_CATEGORY, **fields: Value
) -> Node:
    """Draft a category; ``link_rewrite`` is its address: small letters, digits and ``-``.

    >>> category({1: "Tools"}, {1: "tools"})["id_parent"]
    2
    """
    node: Node = {"name": name, "link_rewrite": link_rewrite, "id_parent": parent, "active": True}
    return node | fields


def brand(name: str, **fields: Value) -> Node:
    """Draft a manufacturer.

    >>> brand("Acme")
    {'name': 'Acme', 'active': True}
    """
    node: Node = {"name": name, "active": True}
    return node | fields


supplier = brand
"""Draft a supplier: it needs the same."""


def feature(name: LanguageTexts, **fields: Value) -> Node:
    """Draft a feature.

    >>> feature({1: "Colour"})
    {'name': {1: 'Colour'}}
    """
    node: Node = {"name": name}
    return node | fields


def feature_value(feature_id: int, value: LanguageTexts, *, custom: bool = False, **fields: Value) -> Node:
    """Draft a value of a feature; a ``custom`` one belongs to one product and must not be shared.

    >>> feature_value(1, {1: "Red"})
    {'id_feature': 1, 'value': {1: 'Red'}, 'custom': False}
    """
    node: Node = {"id_feature": feature_id, "value": value, "custom": custom}
    return node | fields


def option(name: LanguageTexts, *, group_type: str = "select", **fields: Value) -> Node:
    """Draft an option of combinations; ``group_type`` is select, radio or color.

    >>> option({1: "Size"})
    {'name': {1: 'Size'}, 'public_name': {1: 'Size'}, 'group_type': 'select'}
    """
    node: Node = {"name": name, "public_name": name, "group_type": group_type}
    return node | fields


def option_value(option_id: int, name: LanguageTexts, **fields: Value) -> Node:
    """Draft a value of an option.

    >>> option_value(4, {1: "Large"})
    {'id_attribute_group': 4, 'name': {1: 'Large'}}
    """
    node: Node = {"id_attribute_group": option_id, "name": name}
    return node | fields


def combination(product_id: int, reference: str, option_values: Sequence[int], **fields: Value) -> Node:
    """Draft a combination; ``price`` among the fields is added to the product's.

    >>> large = combination(1, "SKU-1-L", [9], price="5.00")
    >>> large["minimal_quantity"], large["price"], large["associations"]
    (1, '5.00', {'product_option_values': [{'id': 9}]})
    """
    node: Node = {
        "id_product": product_id,
        "reference": reference,
        "minimal_quantity": 1,
        "associations": {"product_option_values": _links(option_values)},
    }
    return node | fields


def specific_price(
    product_id: int,
    *,
    reduction: Decimal | str = "0",
    reduction_type: str = "amount",
    price: Decimal | str = "-1",
    from_quantity: int = 1,
    starts: str = NO_DATE,
    ends: str = NO_DATE,
    **fields: Value,
) -> Node:
    """Draft a specific price, by default for every shop, currency, country, group and customer (0 means all).

    A ``reduction`` is a share of 1 when its type is ``percentage``, else an ``amount`` with tax; ``price`` is
    a price of its own, or -1 to keep the product's.

    >>> tenth_off = specific_price(7, reduction="0.10", reduction_type="percentage", id_group=1)
    >>> tenth_off["price"], tenth_off["id_group"], tenth_off["id_customer"], tenth_off["from"]
    ('-1', 1, 0, '0000-00-00 00:00:00')
    """
    everybody: Node = dict.fromkeys(
        (
            "id_product_attribute",
            "id_shop",
            "id_shop_group",
            "id_cart",
            "id_currency",
            "id_country",
            "id_group",
            "id_customer",
        ),
        0,
    )
    node: Node = {
        "id_product": product_id,
        "price": price,
        "from_quantity": from_quantity,
        "reduction": reduction,
        "reduction_tax": True,
        "reduction_type": reduction_type,
        "from": starts,
        "to": ends,
    }
    return everybody | node | fields


def product_supplier(product_id: int, supplier_id: int, reference: str = "", **fields: Value) -> Node:
    """Draft what a supplier calls a product.

    >>> product_supplier(7, 2, "S-77")["product_supplier_reference"]
    'S-77'
    """
    node: Node = {
        "id_product": product_id,
        "id_product_attribute": 0,
        "id_supplier": supplier_id,
        "product_supplier_reference": reference,
    }
    return node | fields


def _links(ids: Sequence[int]) -> list[Node]:
    return [{"id": entity_id} for entity_id in ids]
