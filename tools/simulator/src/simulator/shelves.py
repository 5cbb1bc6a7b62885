"""Which products a page of the shop shows: all, those of a category, those that a search finds."""

import json
from dataclasses import dataclass

from simulator.selection import like_text
from simulator.shop import Shop
from simulator.shop_state import Product, products, texts

BELOW = """
    WITH RECURSIVE below (id) AS (
        SELECT ? UNION SELECT c.id FROM categories c JOIN below b ON c.id_parent = b.id)"""
CHILDREN = """
    SELECT id, name FROM categories WHERE id_parent = ? AND active = 1 ORDER BY position, id"""


@dataclass(frozen=True, slots=True)
class Category:
    """A category with its names per language id."""

    id: int
    parent: int
    names: dict[str, str]


def category(shop: Shop, number: int) -> Category | None:
    """One category, or None."""
    statement = "SELECT id_parent, name FROM categories WHERE id = ?"
    row = shop.connection.execute(statement, (number,)).fetchone()
    return Category(number, row["id_parent"], texts(row["name"])) if row else None


def children(shop: Shop, parent: int) -> list[Category]:
    """The categories right below one, in the shop's order."""
    rows = shop.connection.execute(CHILDREN, (parent,))
    return [Category(row["id"], parent, texts(row["name"])) for row in rows]


def trail(shop: Shop, number: int, home: int) -> list[Category]:
    """The way from below Home to a category."""
    found: list[Category] = []
    while number > home and (one := category(shop, number)) and one not in found:
        found.insert(0, one)
        number = one.parent
    return found


def page_of(
    shop: Shop, *, category_id: int | None, search: str, limit: int, offset: int
) -> tuple[int, list[Product]]:
    """How many products there are in a category (and below) that a search finds, and a page of them."""
    head, where, arguments = "", "1", []
    if category_id is not None:
        head, arguments = BELOW, [category_id]
        where = "id IN (SELECT id_product FROM category_product WHERE id_category IN (SELECT id FROM below))"
    if search:
        pattern = f"%{like_text(json.dumps(search, ensure_ascii=False)[1:-1])}%"
        where += r" AND (name LIKE ? ESCAPE '\' OR reference LIKE ? ESCAPE '\' OR ean13 = ?)"
        arguments = [*arguments, pattern, pattern, search]  # type: ignore[list-item]  # ids and texts
    connection = shop.connection
    total = connection.execute(f"{head} SELECT count(*) FROM products WHERE {where}", arguments).fetchone()[0]  # noqa: S608 (constants above)
    statement = f"{head} SELECT id FROM products WHERE {where} ORDER BY id LIMIT ? OFFSET ?"  # noqa: S608 (constants above)
    ids = [row["id"] for row in connection.execute(statement, (*arguments, limit, offset))]
    return total, products(shop, only=ids)
