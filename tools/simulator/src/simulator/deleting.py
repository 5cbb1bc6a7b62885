"""What goes with an entity when it is deleted."""

import shutil

from simulator.failures import fail
from simulator.fields import Resource
from simulator.pictures import picture_folder
from simulator.shop import Shop

ROOT_CATEGORY = 1

# For each resource: the statements that take away what belongs to id ?, before the row itself goes.
GOES_WITH: dict[str, tuple[str, ...]] = {
    "products": (
        "DELETE FROM stock_availables WHERE id_product = ?",
        """DELETE FROM combination_value
            WHERE id_combination IN (SELECT id FROM combinations WHERE id_product = ?)""",
        """DELETE FROM link WHERE owner = 'combinations'
            AND owner_id IN (SELECT id FROM combinations WHERE id_product = ?)""",
        "DELETE FROM combinations WHERE id_product = ?",
        "DELETE FROM category_product WHERE id_product = ?",
        "DELETE FROM feature_product WHERE id_product = ?",
        "DELETE FROM specific_prices WHERE id_product = ?",
        "DELETE FROM product_suppliers WHERE id_product = ?",
        "DELETE FROM image WHERE id_product = ?",
    ),
    "combinations": (
        "DELETE FROM stock_availables WHERE id_product_attribute = ?",
        "DELETE FROM combination_value WHERE id_combination = ?",
        "UPDATE products SET cache_default_attribute = 0 WHERE cache_default_attribute = ?",
    ),
    "product_features": (
        "DELETE FROM product_feature_values WHERE id_feature = ?",
        "DELETE FROM feature_product WHERE id_feature = ?",
    ),
    "product_feature_values": ("DELETE FROM feature_product WHERE id_feature_value = ?",),
    "product_options": (
        """DELETE FROM combination_value WHERE id_option_value IN
            (SELECT id FROM product_option_values WHERE id_attribute_group = ?)""",
        "DELETE FROM product_option_values WHERE id_attribute_group = ?",
    ),
    "product_option_values": ("DELETE FROM combination_value WHERE id_option_value = ?",),
    "categories": ("DELETE FROM category_product WHERE id_category = ?",),
}


def delete_entity(shop: Shop, resource: Resource, number: int) -> None:
    """Delete an entity and what hangs on it. Code 88 for the root category."""
    connection = shop.connection
    if resource.name == "categories":
        if number == ROOT_CATEGORY:
            raise fail(500, 88, f"Id(s) wasn't deleted: {number}")
        children = connection.execute("SELECT id FROM categories WHERE id_parent = ?", (number,)).fetchall()
        for child in children:
            delete_entity(shop, resource, child["id"])
    if resource.name == "products":
        for row in connection.execute("SELECT id FROM image WHERE id_product = ?", (number,)).fetchall():
            shutil.rmtree(picture_folder(shop.pictures, "products", row["id"]), ignore_errors=True)
    for statement in GOES_WITH.get(resource.name, ()):
        connection.execute(statement, (number,))
    connection.execute("DELETE FROM link WHERE owner = ? AND owner_id = ?", (resource.name, number))
    connection.execute(f"DELETE FROM {resource.name} WHERE id = ?", (number,))  # noqa: S608 (our own table name)
