"""What became of a cell, by the simulated shop's own tables: lost, twice, wrong."""

import json
import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import closing
from dataclasses import dataclass, field, fields
from decimal import Decimal
from pathlib import Path

from bench.cell_products import Wanted

PRODUCTS = """
    SELECT p.id, p.reference, p.name, p.price, m.name AS brand, m.description AS brand_text,
        (SELECT name FROM suppliers s WHERE s.id = p.id_supplier) AS supplier,
        (SELECT quantity FROM stock_availables s
            WHERE s.id_product = p.id AND s.id_product_attribute = 0) AS stock,
        (SELECT count(*) FROM image i WHERE i.id_product = p.id) AS pictures
    FROM products p LEFT JOIN manufacturers m ON m.id = p.id_manufacturer
    WHERE substr(p.reference, 1, length(:prefix)) = :prefix"""
FEATURES = """
    SELECT fp.id_product, f.name AS feature, v.value FROM feature_product fp
    JOIN product_features f ON f.id = fp.id_feature
    JOIN product_feature_values v ON v.id = fp.id_feature_value
    JOIN products p ON p.id = fp.id_product WHERE substr(p.reference, 1, length(:prefix)) = :prefix"""
REDUCTIONS = """
    SELECT s.id_product, s.from_quantity, s.reduction FROM specific_prices s
    JOIN products p ON p.id = s.id_product WHERE substr(p.reference, 1, length(:prefix)) = :prefix"""
SUPPLIER_ROWS = """
    SELECT r.id_product, s.name, r.product_supplier_reference AS reference FROM product_suppliers r
    JOIN products p ON p.id = r.id_product JOIN suppliers s ON s.id = r.id_supplier
    WHERE substr(p.reference, 1, length(:prefix)) = :prefix"""
VARIANTS = """
    SELECT c.id_product, c.reference, v.name AS value, s.quantity, c.price FROM combinations c
    JOIN products p ON p.id = c.id_product
    LEFT JOIN combination_value cv ON cv.id_combination = c.id
    LEFT JOIN product_option_values v ON v.id = cv.id_option_value
    LEFT JOIN stock_availables s ON s.id_product = c.id_product AND s.id_product_attribute = c.id
    WHERE substr(p.reference, 1, length(:prefix)) = :prefix"""
BRAND_NAMES = "SELECT name FROM manufacturers WHERE substr(name, 1, length(:prefix)) = :prefix"
SUPPLIER_NAMES = "SELECT name FROM suppliers WHERE substr(name, 1, length(:prefix)) = :prefix"
FEATURE_NAMES = "SELECT name FROM product_features WHERE instr(name, :prefix)"
OPTION_NAMES = "SELECT name FROM product_options WHERE instr(name, :prefix)"
OPTION_VALUES = "SELECT id_attribute_group, name FROM product_option_values WHERE instr(name, :prefix)"
VALUES = """
    SELECT f.name AS feature, v.value FROM product_feature_values v
    JOIN product_features f ON f.id = v.id_feature
    WHERE instr(v.value, :prefix)"""


@dataclass(frozen=True)
class Shown:
    """A product row of the shop with all that hangs on it."""

    reference: str
    name: str
    price: Decimal
    quantity: int | None
    brand: str | None = None
    brand_text: str | None = None
    features: frozenset[tuple[str, str]] = frozenset()
    supplier: str | None = None
    supplier_rows: tuple[tuple[str, str], ...] = ()
    reductions: tuple[tuple[int, Decimal], ...] = ()
    pictures: int = 0
    variants: tuple[tuple[str, str, int, Decimal], ...] = ()


@dataclass(frozen=True)
class ShopTables:
    """The rows of one cell; `names` are those of all that products share, brands or options, one per row."""

    products: Sequence[Shown]
    names: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True)
class Verdict:
    """What is not as it should be; empty lists when all is well."""

    lost: list[str] = field(default_factory=list)
    duplicates: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        return not (self.lost or self.duplicates or self.wrong)


def judge(wanted: Iterable[Wanted], tables: ShopTables) -> Verdict:
    """Compare what the shop holds with what it should hold. Pure.

    A picture, a reduction, a variant or a supplier's row too many is a duplicate, as is a second row of a
    reference or of a name; one too few makes the product wrong, and so does one that should be gone.
    """
    rows: defaultdict[str, list[Shown]] = defaultdict(list)
    for shown in tables.products:
        rows[shown.reference].append(shown)
    verdict = Verdict(duplicates=_twice(reference for reference, found in rows.items() for _ in found))
    verdict.duplicates.extend(_twice(f"{kind} {name}" for kind, name in tables.names))
    for product in wanted:
        found = rows[product.reference]
        if product.is_gone:
            verdict.wrong.extend(f"{product.reference}: not gone" for _ in found[:1])
        elif not found:
            verdict.lost.append(product.reference)
        elif too_many := _too_many(product, found[0]):
            verdict.duplicates.append(f"{product.reference}: {too_many}")
        elif differences := _differences(product, found[0]):
            verdict.wrong.append(f"{product.reference}: {differences}")
    return verdict


def _twice(names: Iterable[str]) -> list[str]:
    return sorted(name for name, count in Counter(names).items() if count > 1)


def _too_many(wanted: Wanted, shown: Shown) -> str:
    counts = {
        "pictures": shown.pictures - wanted.pictures,
        "reductions": len(shown.reductions) - len(wanted.reductions),
        "variants": len(shown.variants) - len(wanted.variants),
        "supplier rows": len(shown.supplier_rows) - len(wanted.supplier_rows),
    }
    return ", ".join(name for name, surplus in counts.items() if surplus > 0)


def _differences(wanted: Wanted, shown: Shown) -> str:
    told = {field.name for field in fields(Wanted)} - {"is_gone"}
    if wanted.brand_text is None:
        told.discard("brand_text")  # nothing was said of it, and the shop has an empty one
    return ", ".join(sorted(name for name in told if getattr(wanted, name) != getattr(shown, name)))


def read_tables(database: Path, prefix: str) -> ShopTables:
    """The rows of one cell, read beside the running shop."""
    with closing(sqlite3.connect(f"file:{database}?mode=ro", uri=True)) as connection:
        connection.row_factory = sqlite3.Row

        def rows(statement: str) -> list[sqlite3.Row]:
            return connection.execute(statement, {"prefix": prefix}).fetchall()

        beside = Beside()
        for row in rows(FEATURES):
            beside.features[row["id_product"]].append((_text(row["feature"]), _text(row["value"])))
        for row in rows(SUPPLIER_ROWS):
            beside.supplier_rows[row["id_product"]].append((row["name"], row["reference"] or ""))
        for row in rows(REDUCTIONS):
            beside.reductions[row["id_product"]].append((row["from_quantity"], Decimal(row["reduction"])))
        for row in rows(VARIANTS):
            value = _text(row["value"]) if row["value"] else ""
            variant = (row["reference"], value, row["quantity"], Decimal(row["price"] or 0))
            beside.variants[row["id_product"]].append(variant)
        names = [("brand", row["name"]) for row in rows(BRAND_NAMES)]
        names += [("supplier", row["name"]) for row in rows(SUPPLIER_NAMES)]
        names += [("feature", _text(row["name"])) for row in rows(FEATURE_NAMES)]
        names += [("value", f"{_text(row['feature'])} = {_text(row['value'])}") for row in rows(VALUES)]
        names += [("option", _text(row["name"])) for row in rows(OPTION_NAMES)]
        names += [
            ("option value", f"{row['id_attribute_group']} = {_text(row['name'])}")
            for row in rows(OPTION_VALUES)
        ]
        return ShopTables([_shown(row, beside) for row in rows(PRODUCTS)], names)


@dataclass
class Beside:
    """What the shop keeps of products in tables of its own, by the id of the product."""

    features: dict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    supplier_rows: dict[int, list[tuple[str, str]]] = field(default_factory=lambda: defaultdict(list))
    reductions: dict[int, list[tuple[int, Decimal]]] = field(default_factory=lambda: defaultdict(list))
    variants: dict[int, list[tuple[str, str, int, Decimal]]] = field(
        default_factory=lambda: defaultdict(list)
    )


def _shown(row: sqlite3.Row, beside: Beside) -> Shown:
    return Shown(
        reference=row["reference"],
        name=_text(row["name"]),
        price=Decimal(row["price"]),
        quantity=row["stock"],
        brand=row["brand"],
        brand_text=_text(row["brand_text"]) if row["brand_text"] else None,
        features=frozenset(beside.features[row["id"]]),
        supplier=row["supplier"],
        supplier_rows=tuple(sorted(beside.supplier_rows[row["id"]])),
        reductions=tuple(sorted(beside.reductions[row["id"]])),
        pictures=row["pictures"],
        variants=tuple(sorted(beside.variants[row["id"]])),
    )


def _text(stored: str) -> str:
    """The text of the shop's first language."""
    texts: dict[str, str] = json.loads(stored)
    return texts[min(texts, key=int)]
