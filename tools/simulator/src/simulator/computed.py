"""The fields that the shop works out when it reads an entity, and how some of them are written."""

from collections.abc import Callable

from simulator.cleaning import web_address
from simulator.entities import Entity, whole_number
from simulator.failures import fail
from simulator.shop import Shop

Getter = Callable[[Shop, Entity], str | int | bool | None]
Setter = Callable[[Shop, Entity, str], None]


def cover(shop: Shop, entity: Entity) -> str:
    """The id of the cover picture."""
    statement = "SELECT id FROM image WHERE id_product = ? AND cover = 1"
    row = shop.connection.execute(statement, (entity.number,)).fetchone()
    return str(row["id"]) if row else ""


def default_combination(shop: Shop, entity: Entity) -> str | int:
    """The id of the combination that is on by default, the number 0 when there is none."""
    statement = "SELECT id FROM combinations WHERE id_product = ? AND default_on = 1"
    row = shop.connection.execute(statement, (entity.number,)).fetchone()
    return str(row["id"]) if row else 0


def position_in_category(shop: Shop, entity: Entity) -> str:
    """The product's place in its default category."""
    statement = "SELECT position FROM category_product WHERE id_product = ? AND id_category = ?"
    row = shop.connection.execute(statement, (entity.number, entity.whole("id_category_default"))).fetchone()
    return str(row["position"]) if row else ""


def manufacturer_name(shop: Shop, entity: Entity) -> str | bool:
    """The brand's name; false without a brand, which JSON lists show."""
    statement = "SELECT name FROM manufacturers WHERE id = ?"
    row = shop.connection.execute(statement, (entity.whole("id_manufacturer"),)).fetchone()
    return str(row["name"]) if row else False


def product_type(shop: Shop, entity: Entity) -> str:
    """What kind of product it is."""
    bundle = "SELECT 1 FROM link WHERE owner = 'products' AND name = 'product_bundle' AND owner_id = ?"
    if shop.connection.execute(bundle, (entity.number,)).fetchone():
        return "pack"
    return "virtual" if entity.text("is_virtual") == "1" else "simple"


def product_quantity(_shop: Shop, entity: Entity) -> str | None:
    """Always 0 for a product that was read, whatever its stock rows say; empty after a create."""
    return None if entity.values.get("quantity") is None else "0"


def products_below(shop: Shop, entity: Entity) -> str | int:
    """The number of products in a category and those under it; the number -1 when there are none."""
    statement = """
        WITH RECURSIVE below (id) AS (
            SELECT ? UNION SELECT c.id FROM categories c JOIN below b ON c.id_parent = b.id)
        SELECT count(DISTINCT id_product) FROM category_product WHERE id_category IN (SELECT id FROM below)"""
    count = shop.connection.execute(statement, (entity.number,)).fetchone()[0]
    return str(count) if count else -1


def brand_address(_shop: Shop, entity: Entity) -> str:
    """The brand's web address, made of its name."""
    return web_address(entity.text("name"))


GETTERS: dict[tuple[str, str], Getter] = {
    ("products", "id_default_image"): cover,
    ("products", "id_default_combination"): default_combination,
    ("products", "position_in_category"): position_in_category,
    ("products", "manufacturer_name"): manufacturer_name,
    ("products", "quantity"): product_quantity,
    ("products", "type"): product_type,
    ("categories", "nb_products_recursive"): products_below,
    ("manufacturers", "link_rewrite"): brand_address,
}


def set_cover(shop: Shop, entity: Entity, value: str) -> None:
    """Make a picture the cover."""
    statement = "UPDATE image SET cover = (id = ?) WHERE id_product = ?"
    shop.connection.execute(statement, (whole_number(value), entity.number))


def set_default_combination(shop: Shop, entity: Entity, value: str) -> None:
    """Make a combination the default one, no other being it any more; an empty value changes nothing."""
    if chosen := whole_number(value):
        product = (entity.number,)
        shop.connection.execute("UPDATE combinations SET default_on = NULL WHERE id_product = ?", product)
        statement = "UPDATE combinations SET default_on = 1 WHERE id = ? AND id_product = ?"
        shop.connection.execute(statement, (chosen, entity.number))
        entity.values["cache_default_attribute"] = str(chosen)


def set_position(shop: Shop, entity: Entity, value: str) -> None:
    """Move the product inside its default category. Measured: codes 134 and 135 with status 500."""
    wanted, category = whole_number(value), entity.whole("id_category_default")
    if wanted < 1:
        raise fail(500, 134, "You cannot set 0 or a negative position, the minimum is 1.")
    statement = "SELECT id_product FROM category_product WHERE id_category = ? ORDER BY position"
    order = [row["id_product"] for row in shop.connection.execute(statement, (category,))]
    if wanted > len(order):
        limit = "the total number of products in the category, starting at 1."
        raise fail(500, 135, f"You cannot set a position greater than {limit}")
    if entity.number in order:
        order.remove(entity.number)
        order.insert(wanted - 1, entity.number)
        update = "UPDATE category_product SET position = ? WHERE id_category = ? AND id_product = ?"
        shop.connection.executemany(update, [(place, category, one) for place, one in enumerate(order, 1)])


def set_type(_shop: Shop, _entity: Entity, _value: str) -> None:
    """The kind follows from what the product holds; sending it changes nothing here."""


SETTERS: dict[str, Setter] = {
    "id_default_image": set_cover,
    "id_default_combination": set_default_combination,
    "position_in_category": set_position,
    "type": set_type,
}
