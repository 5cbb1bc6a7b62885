"""The shop as a person or a test would describe it: its products with all that a visitor sees of them."""

import json
import sqlite3
from collections import defaultdict
from typing import Any

from simulator.shop import Shop

COUNTS = """
    SELECT (SELECT count(*) FROM products) AS products, (SELECT count(*) FROM manufacturers) AS manufacturers,
        (SELECT count(*) FROM categories) AS categories,
        (SELECT count(*) FROM product_features) AS product_features,
        (SELECT count(*) FROM product_feature_values) AS product_feature_values,
        (SELECT count(*) FROM combinations) AS combinations,
        (SELECT count(*) FROM specific_prices) AS specific_prices,
        (SELECT count(*) FROM image) AS images, (SELECT count(*) FROM requests) AS requests"""
PAGE_STATEMENT = """
    SELECT p.*, m.name AS brand, s.quantity AS stock FROM products p
    LEFT JOIN manufacturers m ON m.id = p.id_manufacturer
    LEFT JOIN stock_availables s ON s.id_product = p.id AND s.id_product_attribute = 0
    WHERE p.id IN (SELECT value FROM json_each(?)) ORDER BY p.id"""
FEATURES = """
    SELECT fp.id_product, f.name AS feature, v.value AS value, v.custom FROM feature_product fp
    LEFT JOIN product_features f ON f.id = fp.id_feature
    LEFT JOIN product_feature_values v ON v.id = fp.id_feature_value
    WHERE fp.id_product IN (SELECT value FROM json_each(?)) ORDER BY fp.id_feature, fp.id_feature_value"""

Texts = dict[str, str]
Product = dict[str, Any]


def texts(raw: str | None) -> Texts:
    """A stored language text by language id."""
    return dict(json.loads(raw or "{}"))


def counts(shop: Shop) -> dict[str, int]:
    """How much of everything there is."""
    return dict(shop.connection.execute(COUNTS).fetchone())


def product_ids(shop: Shop, *, limit: int, offset: int) -> list[int]:
    """A page of all products, in the order of their ids."""
    statement = "SELECT id FROM products ORDER BY id LIMIT ? OFFSET ?"
    return [row["id"] for row in shop.connection.execute(statement, (limit, offset))]


def products(shop: Shop, only: list[int]) -> list[Product]:
    """Products in the order of their ids, with all that a visitor sees of them."""
    ids = json.dumps(only)
    rows = shop.connection.execute(PAGE_STATEMENT, (ids,)).fetchall()
    features, categories, images = features_of(shop, ids), categories_of(shop, ids), images_of(shop, ids)
    return [
        {
            "id": row["id"],
            "reference": row["reference"],
            "ean13": row["ean13"],
            "names": texts(row["name"]),
            "descriptions": texts(row["description"]),
            "short_descriptions": texts(row["description_short"]),
            "price": row["price"],
            "wholesale_price": row["wholesale_price"],
            "weight": row["weight"],
            "active": bool(row["active"]),
            "available_for_order": bool(row["available_for_order"]),
            "visibility": row["visibility"],
            "condition": row["condition"],
            "tax_rules_group": row["id_tax_rules_group"],
            "quantity": row["stock"],
            "brand": row["brand"],
            "features": features[row["id"]],
            "categories": categories[row["id"]],
            "image_ids": [one["id"] for one in images[row["id"]]],
            "shown_image_ids": [one["id"] for one in images[row["id"]] if one["mime"]],
            "cover_id": next((one["id"] for one in images[row["id"]] if one["cover"] and one["mime"]), None),
            "date_upd": row["date_upd"],
        }
        for row in rows
    ]


def features_of(shop: Shop, ids: str) -> dict[int, list[dict[str, object]]]:
    """The features of many products, names and values by language id."""
    found: dict[int, list[dict[str, object]]] = defaultdict(list)
    for row in shop.connection.execute(FEATURES, (ids,)):
        one = {"name": texts(row["feature"]), "value": texts(row["value"]), "custom": bool(row["custom"])}
        found[row["id_product"]].append(one)
    return found


def categories_of(shop: Shop, ids: str) -> dict[int, list[int]]:
    """The category ids of many products."""
    found: dict[int, list[int]] = defaultdict(list)
    statement = """SELECT id_product, id_category FROM category_product
        WHERE id_product IN (SELECT value FROM json_each(?)) ORDER BY id_category"""
    for row in shop.connection.execute(statement, (ids,)):
        found[row["id_product"]].append(row["id_category"])
    return found


def images_of(shop: Shop, ids: str) -> dict[int, list[sqlite3.Row]]:
    """The pictures of many products in their order; one without a type is a row whose file never came."""
    found: dict[int, list[sqlite3.Row]] = defaultdict(list)
    statement = """SELECT id, id_product, cover, mime FROM image
        WHERE id_product IN (SELECT value FROM json_each(?)) ORDER BY position"""
    for row in shop.connection.execute(statement, (ids,)):
        found[row["id_product"]].append(row)
    return found
