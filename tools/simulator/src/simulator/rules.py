"""What the shop does on its own when an entity is created, changed or deleted."""

from collections.abc import Callable

from simulator.cleaning import web_address
from simulator.database import now
from simulator.entities import Entity
from simulator.failures import EmptyFailure, Failure, fail
from simulator.shop import Shop
from simulator.validators import is_valid

Rule = Callable[[Shop, Entity], None]


def no_names(shop: Shop, model: str, line: int) -> Failure:
    """What PHP says of an entity without a `<name><language>` node, and the shop takes for an error."""
    source = f"(/var/www/html/classes/{model}.php, line {line})"
    return Failure(500, ((3, f"[PHP Warning #2] {shop.edition.no_names} {source}"),))


def make_addresses(shop: Shop, entity: Entity) -> None:
    """Fill each language's `link_rewrite` from the name, on create only.

    A product without a `<name><language>` node trips a PHP warning here, which the shop answers as an error.
    """
    names = entity.values.get("name")
    if not isinstance(names, dict):
        raise no_names(shop, "Product", shop.edition.no_product_names_line)
    given = entity.values.get("link_rewrite")
    addresses = dict(given) if isinstance(given, dict) else {}
    for language, name in names.items():
        address = addresses.get(language, "")
        if not address:
            addresses[language] = web_address(name)
        elif not is_valid("isLinkRewrite", address):
            addresses[language] = web_address(address)
    entity.values["link_rewrite"] = addresses


def make_category_addresses(shop: Shop, entity: Entity) -> None:
    """Fill a new category's `link_rewrite`. Without names PHP warns, which is an error.

    Without any address PHP 8 warns too; before, a letter went where a text was wanted, which is no address.
    """
    names, given = entity.values.get("name"), entity.values.get("link_rewrite")
    if not isinstance(names, dict):
        raise no_names(shop, "Category", shop.edition.no_category_names_line)
    if not isinstance(given, dict) and not shop.edition.php8:
        raise fail(
            400, 84, f'Validation error: "Property Category{shop.edition.arrow}link_rewrite is not valid"'
        )
    if not isinstance(given, dict):
        source = "(/var/www/html/classes/Category.php, line 2070)"
        message = f"Only the first byte will be assigned to the string offset {source}"
        raise Failure(500, tuple((3, f"[PHP Warning #2] {message}") for _ in names))
    filled = {language: given.get(language) or web_address(name) for language, name in names.items()}
    entity.values["link_rewrite"] = given | filled


def add_stock_row(shop: Shop, product: int, combination: int) -> None:
    """The stock row that comes with every product and combination: quantity 0, sold out follows the shop."""
    shop.connection.execute(
        "INSERT INTO stock_availables (id_product, id_product_attribute, id_shop, id_shop_group, quantity,"
        " depends_on_stock, out_of_stock, location) VALUES (?, ?, 1, 0, 0, 0, 2, '')",
        (product, combination),
    )


def index_product(shop: Shop, entity: Entity) -> None:
    """The search index takes a visible, active product right after it was written."""
    statement = (
        "UPDATE products SET indexed = 1 WHERE id = ? AND active = 1 AND visibility IN ('both', 'search')"
    )
    shop.connection.execute(statement, (entity.number,))


def product_added(shop: Shop, entity: Entity) -> None:
    """A product gets its stock row."""
    add_stock_row(shop, entity.number, 0)
    index_product(shop, entity)


def product_changing(shop: Shop, entity: Entity) -> None:
    """The ratio of the unit price is 0 when it was not sent, in versions that know the unit price itself."""
    knows = any(field.name == "unit_price" for field in shop.resources["products"].fields)
    if knows and entity.values.get("unit_price_ratio") is None:
        entity.values["unit_price_ratio"] = "0"


def next_position(shop: Shop, entity: Entity) -> None:
    """Features and options without a position come last."""
    if entity.values.get("position") is None:
        table = entity.resource.name
        group = ""
        arguments: tuple[int, ...] = ()
        if table == "product_option_values":
            group, arguments = " WHERE id_attribute_group = ?", (entity.whole("id_attribute_group"),)
        statement = f"SELECT coalesce(max(position) + 1, 0) FROM {table}{group}"  # noqa: S608 (our own table name)
        entity.values["position"] = str(shop.connection.execute(statement, arguments).fetchone()[0])


def mark_colours(shop: Shop, entity: Entity) -> None:
    """An option is a colour exactly when its group type says so."""
    is_colour = entity.text("group_type") == "color"
    entity.values["is_color_group"] = "1" if is_colour else shop.edition.not_a_colour


def option_adding(shop: Shop, entity: Entity) -> None:
    """A new option."""
    mark_colours(shop, entity)
    next_position(shop, entity)


def place_category(shop: Shop, entity: Entity) -> None:
    """A category hangs under its parent; a missing parent crashes the shop (500 without a body)."""
    parent = entity.whole("id_parent")
    row = shop.connection.execute("SELECT level_depth FROM categories WHERE id = ?", (parent,)).fetchone()
    if row is None:
        raise EmptyFailure
    entity.values["level_depth"] = str(row["level_depth"] + 1)


def category_added(shop: Shop, entity: Entity) -> None:
    """A new category comes last among its sisters."""
    statement = """
        UPDATE categories SET position = (SELECT count(*) FROM categories WHERE id_parent = ? AND id <> ?)
        WHERE id = ?"""
    shop.connection.execute(statement, (entity.whole("id_parent"), entity.number, entity.number))


def combination_saving(_shop: Shop, entity: Entity) -> None:
    """A combination is the default or says nothing of it: the shop's own key bears only one."""
    if entity.text("default_on") != "1":
        entity.values["default_on"] = None


def combination_saved(shop: Shop, entity: Entity) -> None:
    """The product knows its default combination and that it has combinations."""
    product = entity.whole("id_product")
    shop.connection.execute(
        "UPDATE products SET product_type = 'combinations', cache_default_attribute ="
        " coalesce((SELECT id FROM combinations WHERE id_product = ? AND default_on = 1), 0) WHERE id = ?",
        (product, product),
    )


def combination_added(shop: Shop, entity: Entity) -> None:
    """A combination gets its own stock row."""
    add_stock_row(shop, entity.whole("id_product"), entity.number)
    combination_saved(shop, entity)


def sum_stock(shop: Shop, entity: Entity) -> None:
    """The row of a product with combinations is the sum of their rows."""
    product = entity.whole("id_product")
    if entity.whole("id_product_attribute"):
        shop.connection.execute(
            "UPDATE stock_availables SET quantity = (SELECT sum(quantity) FROM stock_availables"
            " WHERE id_product = ? AND id_product_attribute > 0)"
            " WHERE id_product = ? AND id_product_attribute = 0",
            (product, product),
        )


def nothing(_shop: Shop, _entity: Entity) -> None:
    """No rule."""


BEFORE_CHECK_OF_NEW: dict[str, Rule] = {"products": make_addresses, "categories": make_category_addresses}
BEFORE_ADD: dict[str, Rule] = {
    "product_features": next_position,
    "product_options": option_adding,
    "product_option_values": next_position,
    "categories": place_category,
    "combinations": combination_saving,
}
AFTER_ADD: dict[str, Rule] = {
    "products": product_added,
    "categories": category_added,
    "combinations": combination_added,
}
BEFORE_UPDATE: dict[str, Rule] = {
    "products": product_changing,
    "product_options": mark_colours,
    "categories": place_category,
    "combinations": combination_saving,
}
AFTER_UPDATE: dict[str, Rule] = {
    "products": index_product,
    "stock_availables": sum_stock,
    "combinations": combination_saved,
}


def stamp(entity: Entity, *, created: bool) -> None:
    """Set the dates: the change always, the creation on create and, measured, when a PUT did not send it."""
    names = {field.name for field in entity.resource.fields}
    if "date_add" in names and (created or not entity.text("date_add")):
        entity.values["date_add"] = now()
    if "date_upd" in names:
        entity.values["date_upd"] = now()
