"""What the shop holds of a product that was read in full, as the writer remembers it. Pure."""

from prestashop import Node, id_of, links_of, text_of, texts_of
from prestashop_writer.plan import QUANTITY
from prestashop_writer.target import (
    SHOP_DECIMALS,
    SHOP_FLAGS,
    SHOP_TEXTS,
    SHOP_VALUES,
    Content,
    ShopProfile,
    plain_decimal,
)


def held_content(node: Node, quantity: int | None, profile: ShopProfile) -> Content:
    """The content, but for what is written to resources of its own and features, whose names are not told."""
    content: Content = {}
    for name in SHOP_TEXTS.values():
        texts = texts_of(node, name)
        content[name] = {language.iso_code: texts.get(language.id, "") for language in profile.languages}
    content |= {name: plain_decimal(text_of(node, name)) for name in SHOP_DECIMALS.values()}
    content |= {name: text_of(node, name) for name in SHOP_FLAGS}
    content |= {name: text_of(node, name) for name, _ in SHOP_VALUES.values()}
    content["id_category_default"] = text_of(node, "id_category_default")
    content["categories"] = sorted(id_of(link) for link in links_of(node, "categories"))
    content["brand"] = text_of(node, "manufacturer_name")
    return content if quantity is None else {**content, QUANTITY: quantity}
