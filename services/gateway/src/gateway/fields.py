"""The fields of a product as senders call them, and how each is read: the tables of all dialects."""

from collections.abc import Mapping

from gateway.reading import FieldReader, Reading
from gateway.strict_json import Json
from gateway.variant_reading import supplier, variant_quantities, variants

FIELDS: dict[str, tuple[str, FieldReader]] = {
    "name": ("name", Reading.texts),
    "summary": ("summary", Reading.texts),
    "description": ("description", Reading.texts),
    "slug": ("slug", Reading.texts),
    "meta_title": ("meta_title", Reading.texts),
    "meta_description": ("meta_description", Reading.texts),
    "price": ("price", Reading.number),
    "quantity": ("quantity", Reading.integer),
    "minimal_quantity": ("minimal_quantity", Reading.integer),
    "active": ("active", Reading.flag),
    "available_for_order": ("available_for_order", Reading.flag),
    "visibility": ("visibility", Reading.text),
    "condition": ("condition", Reading.text),
    "tax_rules_group": ("tax_rules_group", Reading.integer),
    "categories": ("categories", Reading.categories),
    "default_category": ("default_category", Reading.integer),
    "ean13": ("ean13", Reading.text),
    "weight": ("weight", Reading.number),
    "width": ("width", Reading.number),
    "height": ("height", Reading.number),
    "depth": ("depth", Reading.number),
    "brand": ("brand", Reading.brand),
    "images": ("images", Reading.images),
    "technical_data": ("technical_data", Reading.technical_data),
    "productWarehouses": ("warehouses", Reading.warehouses),
    "quantities": ("warehouses", Reading.warehouses),
    "discounts": ("discounts", Reading.discounts),
    "supplier": ("supplier", supplier),
    "variants": ("variants", variants),
    "variant_quantities": ("variant_quantities", variant_quantities),
}
"""The fields that all dialects read alike: the sender's name → ours, and how it is read."""

ALIASES: dict[str, str] = {
    "sku": "reference",
    "code": "reference",
    "part_number": "reference",
    "stock": "quantity",
    "ean": "ean13",
    "code_upc": "ean13",
    "is_active": "active",
    "status": "active",
    "minimum_quantity": "minimal_quantity",
    "id_tax_rules_group": "tax_rules_group",
    "length": "depth",
}
"""Other names of the same fields: sku = code = reference = part_number, stock = quantity, …"""

READ_OTHERWISE: dict[str, FieldReader] = {"status": Reading.status}
"""Those of the other names that have words of their own."""


OUR_IDS = ("id", "product_id")
"""Both are our product id."""

IDS = (*OUR_IDS, "presta_id")
"""What names a product that there is, beside its reference; `presta_id` is the shop's id."""


def product_id_of(item: Mapping[str, Json], reading: Reading) -> int | None:
    """Our id of the product that an item is about, by whichever name it was sent."""
    sent = [reading.identifier(item[key], key) for key in OUR_IDS if key in item]
    ids = {number for number in sent if number is not None}
    if len(ids) > 1:
        reading.wrong("product_id", "Is another product than id says.", "fields_contradict")
    return min(ids, default=None)


def without_picture_bytes(item: Mapping[str, Json]) -> Mapping[str, Json]:
    """The item as it may be shown again: an image's base64 is left out."""
    images = item.get("images")
    if not isinstance(images, list):
        return item
    shown = [
        {key: value for key, value in image.items() if key != "base64"} if isinstance(image, dict) else image
        for image in images
    ]
    return {**item, "images": shown}
