"""The lists of related ids inside an entity: how each is read and how it is written."""

import json
from collections.abc import Callable, Iterable

from simulator.entities import Entity, whole_number
from simulator.failures import Failure
from simulator.shop import Shop

Item = dict[str, str]
Reader = Callable[[Shop, Entity], list[Item]]
Writer = Callable[[Shop, Entity, list[Item]], None]

READS = {
    ("products", "categories"): """
        SELECT cp.id_category AS id FROM category_product cp JOIN categories c ON c.id = cp.id_category
        WHERE cp.id_product = ? ORDER BY cp.id_category""",
    ("products", "images"): "SELECT id FROM image WHERE id_product = ? ORDER BY position",
    ("products", "combinations"): "SELECT id FROM combinations WHERE id_product = ? ORDER BY default_on, id",
    ("products", "product_option_values"): """
        SELECT v.id_option_value AS id FROM combinations c JOIN combination_value v ON v.id_combination = c.id
        WHERE c.id_product = ? GROUP BY v.id_option_value ORDER BY min(coalesce(c.default_on, 0)),
        min(c.id)""",
    ("products", "product_features"): """
        SELECT id_feature AS id, id_feature_value FROM feature_product WHERE id_product = ?
        ORDER BY id_feature, id_feature_value""",
    ("products", "stock_availables"): """
        SELECT id, id_product_attribute FROM stock_availables WHERE id_product = ? AND id_shop = 1 ORDER BY
        id""",
    ("categories", "categories"): "SELECT id FROM categories WHERE id_parent = ? ORDER BY position, id",
    ("categories", "products"): """
        SELECT cp.id_product AS id FROM category_product cp JOIN products p ON p.id = cp.id_product
        WHERE cp.id_category = ? ORDER BY cp.position""",
    ("product_options", "product_option_values"): """
        SELECT id FROM product_option_values WHERE id_attribute_group = ? ORDER BY id""",
    ("combinations", "product_option_values"): """
        SELECT cv.id_option_value AS id FROM combination_value cv JOIN product_option_values v
        ON v.id = cv.id_option_value WHERE cv.id_combination = ? ORDER BY cv.id_option_value""",
    ("combinations", "images"): """
        SELECT place AS id FROM link WHERE owner = 'combinations' AND name = 'images' AND owner_id = ?
        ORDER BY place""",
}


def read_links(shop: Shop, entity: Entity, name: str) -> list[Item]:
    """The items of one association, as texts, in the shop's order."""
    statement = READS.get((entity.resource.name, name))
    if statement is None:
        return read_plain(shop, entity, name)
    rows = shop.connection.execute(statement, (entity.number,))
    return [{key: str(row[key]) for key in row.keys()} for row in rows]  # noqa: SIM118 (a Row iterates its values)


def read_plain(shop: Shop, entity: Entity, name: str) -> list[Item]:
    """An association without rules of its own, kept as sent."""
    statement = "SELECT item FROM link WHERE owner = ? AND owner_id = ? AND name = ? ORDER BY place"
    rows = shop.connection.execute(statement, (entity.resource.name, entity.number, name))
    return [json.loads(row["item"]) for row in rows]


def write_links(shop: Shop, entity: Entity, name: str, items: list[Item]) -> None:
    """Replace an association by what was sent. IntegrityError where the shop's own table has a unique key."""
    writer = WRITERS.get((entity.resource.name, name), write_plain(name))
    writer(shop, entity, items)


def write_plain(name: str) -> Writer:
    """A writer for an association without rules of its own."""

    def write(shop: Shop, entity: Entity, items: list[Item]) -> None:
        owner = (entity.resource.name, entity.number, name)
        shop.connection.execute("DELETE FROM link WHERE owner = ? AND owner_id = ? AND name = ?", owner)
        shop.connection.executemany(
            "INSERT INTO link (owner, owner_id, name, place, item) VALUES (?, ?, ?, ?, ?)",
            [(*owner, place, json.dumps(item)) for place, item in enumerate(items)],
        )

    return write


def write_categories(shop: Shop, entity: Entity, items: list[Item]) -> None:
    """Put a product into exactly these categories; a kept one keeps its position, a new one comes last."""
    connection, product = shop.connection, entity.number
    rows = connection.execute(
        "SELECT id_category, position FROM category_product WHERE id_product = ?", (product,)
    )
    kept = {row["id_category"]: row["position"] for row in rows}
    wanted = ids_of(items)
    last = {category: last_position(shop, category) for category in wanted if category not in kept}
    connection.execute("DELETE FROM category_product WHERE id_product = ?", (product,))
    connection.executemany(
        "INSERT INTO category_product (id_category, id_product, position) VALUES (?, ?, ?)",
        [(category, product, kept.get(category) or last[category] + 1) for category in wanted],
    )


def last_position(shop: Shop, category: int) -> int:
    """The highest position of a product in a category, 0 when it is empty."""
    statement = "SELECT coalesce(max(position), 0) FROM category_product WHERE id_category = ?"
    return int(shop.connection.execute(statement, (category,)).fetchone()[0])


def write_features(shop: Shop, entity: Entity, items: list[Item]) -> None:
    """Give a product exactly these feature values.

    Measured on 8.2.1: the same pair twice fails after the old links are gone and the first pair is written; a
    pair without value is written with value 0 and reported as a warning. 1.7.8.11 takes both.
    """
    connection = shop.connection
    once = "" if shop.edition.refuses_duplicates else "OR IGNORE"
    connection.execute("DELETE FROM feature_product WHERE id_product = ?", (entity.number,))
    for item in items:
        connection.execute(
            f"INSERT {once} INTO feature_product VALUES (?, ?, ?)",  # noqa: S608 (one of two constants)
            (entity.number, whole_number(item.get("id", "")), whole_number(item.get("id_feature_value", ""))),
        )
    if shop.edition.php8 and any("id_feature_value" not in item for item in items):
        message = 'Undefined array key "id_feature_value" (/var/www/html/classes/Product.php, line 6944)'
        raise Failure(500, ((3, f"[PHP Warning #2] {message}"),))


def write_option_values(shop: Shop, entity: Entity, items: list[Item]) -> None:
    """Give a combination exactly these option values; the pictures that it shows go with the old ones.

    The pictures from the shop's sources, not measured.
    """
    shop.connection.execute("DELETE FROM combination_value WHERE id_combination = ?", (entity.number,))
    owner = ("combinations", entity.number, "images")
    shop.connection.execute("DELETE FROM link WHERE owner = ? AND owner_id = ? AND name = ?", owner)
    shop.connection.executemany(
        "INSERT INTO combination_value (id_combination, id_option_value) VALUES (?, ?)",
        [(entity.number, value) for value in ids_of(items)],
    )


def write_pictures_shown(shop: Shop, entity: Entity, items: list[Item]) -> None:
    """Let a combination show exactly these pictures, whether they exist or not.

    From the shop's sources, not measured: all are inserted at once under a key that is unique, so that one
    that is sent twice fails after the old ones are gone; 1.7 says nothing of it.
    """
    ids = [whole_number(item.get("id", "")) for item in items]
    owner = ("combinations", entity.number, "images")
    shop.connection.execute("DELETE FROM link WHERE owner = ? AND owner_id = ? AND name = ?", owner)
    if len(set(ids)) < len(ids) and not shop.edition.refuses_duplicates:
        return
    shop.connection.executemany(
        "INSERT INTO link (owner, owner_id, name, place, item) VALUES (?, ?, ?, ?, '{}')",
        [(*owner, number) for number in ids],
    )


def ids_of(items: Iterable[Item]) -> list[int]:
    """The ids of sent items, each once, in order."""
    return list(dict.fromkeys(whole_number(item.get("id", "")) for item in items))


WRITERS: dict[tuple[str, str], Writer] = {
    ("products", "categories"): write_categories,
    ("products", "product_features"): write_features,
    ("combinations", "product_option_values"): write_option_values,
    ("combinations", "images"): write_pictures_shown,
}
