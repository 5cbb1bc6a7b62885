"""The one SQLite file that holds a shop: one table per resource, made from the resource's description.

Language texts are a JSON object per field (`{"1": "Name", "2": "Nome"}`), so an entity is one row. WAL with
`synchronous=NORMAL` keeps every committed request over a `kill -9`.
"""

import json
import sqlite3
import unicodedata
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from simulator import catalogue, catalogue_17, lookups
from simulator.cleaning import web_address
from simulator.fields import Field, Kind, Resource
from simulator.settings import ShopSettings
from simulator.start_categories import HOME, StartCategory

RESOURCES: dict[str, Resource] = {found.name: found for found in (*catalogue.RESOURCES, *lookups.RESOURCES)}

LINKS = """
CREATE TABLE category_product (
    id_category INTEGER NOT NULL, id_product INTEGER NOT NULL, position INTEGER NOT NULL,
    PRIMARY KEY (id_product, id_category)) WITHOUT ROWID;
CREATE INDEX category_product_by_category ON category_product (id_category, position);
CREATE TABLE feature_product (
    id_product INTEGER NOT NULL, id_feature INTEGER NOT NULL, id_feature_value INTEGER NOT NULL,
    PRIMARY KEY (id_product, id_feature, id_feature_value)) WITHOUT ROWID;
CREATE INDEX feature_product_by_value ON feature_product (id_feature_value);
CREATE TABLE combination_value (
    id_combination INTEGER NOT NULL, id_option_value INTEGER NOT NULL,
    PRIMARY KEY (id_combination, id_option_value)) WITHOUT ROWID;
CREATE TABLE link (
    owner TEXT NOT NULL, owner_id INTEGER NOT NULL, name TEXT NOT NULL, place INTEGER NOT NULL,
    item TEXT NOT NULL,
    PRIMARY KEY (owner, owner_id, name, place)) WITHOUT ROWID;
CREATE TABLE image (
    id INTEGER PRIMARY KEY AUTOINCREMENT, id_product INTEGER NOT NULL, position INTEGER NOT NULL,
    cover INTEGER NOT NULL, mime TEXT NOT NULL DEFAULT '');
CREATE INDEX image_by_product ON image (id_product, position);
CREATE TABLE kind_image (
    kind TEXT NOT NULL, owner_id INTEGER NOT NULL, mime TEXT NOT NULL, PRIMARY KEY (kind, owner_id)) WITHOUT
    ROWID;
CREATE TABLE requests (
    id INTEGER PRIMARY KEY AUTOINCREMENT, at TEXT NOT NULL, method TEXT NOT NULL, path TEXT NOT NULL,
    query TEXT NOT NULL, status INTEGER NOT NULL, entities INTEGER NOT NULL, seconds REAL NOT NULL,
    bytes_in INTEGER NOT NULL);
CREATE INDEX products_by_reference ON products (reference COLLATE shop);
CREATE INDEX products_by_ean13 ON products (ean13);
CREATE INDEX products_by_manufacturer ON products (id_manufacturer);
CREATE INDEX stock_by_product ON stock_availables (id_product, id_product_attribute);
CREATE INDEX values_by_feature ON product_feature_values (id_feature);
CREATE INDEX combinations_by_product ON combinations (id_product);
CREATE UNIQUE INDEX one_default_combination ON combinations (id_product, default_on);
CREATE UNIQUE INDEX product_suppliers_once ON product_suppliers (
    id_product, id_product_attribute, id_supplier);
CREATE INDEX manufacturers_by_name ON manufacturers (name COLLATE shop);
CREATE UNIQUE INDEX specific_prices_once ON specific_prices (
    id_product, id_product_attribute, id_customer, id_cart, "from", "to", id_shop, id_shop_group, id_currency,
    id_country, id_group, from_quantity, id_specific_price_rule);
"""


def now() -> str:
    """The shop's clock, in its own format, UTC."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S")


def column_type(field: Field) -> str:
    """The SQLite type of a field's column. Decimals are text, so that what is stored is what is shown."""
    return "INTEGER" if field.kind is Kind.INTEGER and not field.localized else "TEXT"


@lru_cache(maxsize=16384)
def folded(text: str) -> str:
    """A text as the shop's database compares it: no case, no accents, no blanks at the end."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in plain if not unicodedata.combining(letter)).rstrip(" ")


def compare_texts(left: str, right: str) -> int:
    """The order of two texts, which is what MariaDB's `utf8mb4_general_ci` makes of filters and sorts."""
    one, other = folded(left), folded(right)
    return (one > other) - (one < other)


def open_database(settings: ShopSettings) -> sqlite3.Connection:
    """Open the shop's file, making and filling it at the first start."""
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    path = settings.data_dir / "shop.sqlite3"
    fresh = not path.exists()
    connection = connect(path)
    connection.execute("BEGIN IMMEDIATE")
    if fresh:
        create_tables(connection)
        fill(connection, settings)
    else:
        add_missing_columns(connection)
    connection.execute("COMMIT")
    return connection


def connect(path: Path) -> sqlite3.Connection:
    """A connection in autocommit mode; transactions are opened by whoever writes."""
    connection = sqlite3.connect(path, isolation_level=None, cached_statements=512)
    connection.row_factory = sqlite3.Row
    connection.create_collation("shop", compare_texts)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = NORMAL")
    connection.execute("PRAGMA busy_timeout = 5000")
    return connection


def columns_of(name: str) -> dict[str, str]:
    """The columns of a resource in any version, and their types."""
    described = (RESOURCES[name], catalogue_17.RESOURCES.get(name, RESOURCES[name]))
    return {field.name: column_type(field) for one in described for field in one.fields if field.stored}


def add_missing_columns(connection: sqlite3.Connection) -> None:
    """Bring the file of an older simulator up to date."""
    for name in RESOURCES:
        known = {row["name"] for row in connection.execute(f"PRAGMA table_info({name})")}
        for column, kind in columns_of(name).items():
            if column not in known:
                connection.execute(f'ALTER TABLE {name} ADD COLUMN "{column}" {kind}')


def create_tables(connection: sqlite3.Connection) -> None:
    """One table per resource, then the links between them."""
    for name in RESOURCES:
        columns = ", ".join(f'"{column}" {kind}' for column, kind in columns_of(name).items())
        connection.execute(f"CREATE TABLE {name} (id INTEGER PRIMARY KEY AUTOINCREMENT, {columns})")
    for statement in LINKS.split(";"):
        if statement.strip():
            connection.execute(statement)


def insert(connection: sqlite3.Connection, table: str, **values: object) -> int:
    """Insert one row and give its id."""
    names = ", ".join(f'"{name}"' for name in values)
    marks = ", ".join("?" * len(values))
    row = connection.execute(f"INSERT INTO {table} ({names}) VALUES ({marks})", tuple(values.values()))  # noqa: S608 (names come from our own tables)
    return row.lastrowid or 0


def fill(connection: sqlite3.Connection, settings: ShopSettings) -> None:
    """What an installed shop holds before anybody writes to it."""
    count = len(settings.languages)

    def everywhere(value: str) -> str:
        return json.dumps({str(number): value for number in range(1, count + 1)}, ensure_ascii=False)

    for iso in settings.languages:
        name, locale, day = lookups.KNOWN_LANGUAGES.get(iso, (iso, f"{iso}-{iso.upper()}", "Y-m-d"))
        insert(
            connection,
            "languages",
            name=name,
            iso_code=iso,
            locale=locale,
            language_code=locale.lower(),
            active=1,
            is_rtl=0,
            date_format_lite=day,
            date_format_full=f"{day} H:i:s",
        )
    fill_money(connection, settings, everywhere)
    for number, (name, width, height, kinds) in lookups.PICTURE_SIZES.items():
        uses = {
            kind: int(kind in kinds)
            for kind in ("categories", "products", "manufacturers", "suppliers", "stores")
        }
        insert(connection, "image_types", id=number, name=name, width=width, height=height, **uses)
    for name, value in lookups.SHOP_SETTINGS.items():
        insert(connection, "configurations", name=name, value=value, date_add=now(), date_upd=now())
    insert(
        connection,
        "shops",
        id_shop_group=1,
        id_category=2,
        active=1,
        deleted=0,
        name=settings.shop_name,
        color="",
        theme_name="classic",
    )
    fill_categories(connection, settings)


def fill_money(
    connection: sqlite3.Connection, settings: ShopSettings, everywhere: Callable[[str], str]
) -> None:
    """The currency and the tax groups."""
    names = {"1": "US Dollar"} | {
        str(number): "dollaro statunitense" if iso == "it" else "US Dollar"
        for number, iso in enumerate(settings.languages, 1)
    }
    insert(
        connection,
        "currencies",
        names=json.dumps(names),
        name="US Dollar",
        symbol=everywhere("$"),
        iso_code="USD",
        numeric_iso_code="840",
        precision=2,
        conversion_rate="1.000000",
        deleted=0,
        active=1,
        unofficial=0,
        modified=0,
        pattern=everywhere(""),
    )
    for name in lookups.TAX_GROUPS:
        insert(connection, "tax_rule_groups", name=name, active=1, deleted=0, date_add=now(), date_upd=now())


def fill_categories(connection: sqlite3.Connection, settings: ShopSettings) -> None:
    """Root, Home, and the categories that the settings name."""
    insert_category(connection, settings, StartCategory(("Root",), 0, 1), 0)
    insert_category(connection, settings, StartCategory(("Home",), 1, 2), 0)
    places: Counter[int] = Counter()
    for category in settings.categories:
        insert_category(connection, settings, category, places[category.parent])
        places[category.parent] += 1


def insert_category(
    connection: sqlite3.Connection, settings: ShopSettings, category: StartCategory, position: int
) -> None:
    """One category, under its parent."""
    parent = connection.execute(
        "SELECT level_depth FROM categories WHERE id = ?", (category.parent,)
    ).fetchone()
    names = category.names
    texts = {
        str(number): names[min(number, len(names)) - 1] for number in range(1, len(settings.languages) + 1)
    }
    blank = json.dumps(dict.fromkeys(texts, ""))
    slugs = {language: web_address(name) for language, name in texts.items()}
    insert(
        connection,
        "categories",
        id=category.id,
        id_parent=category.parent,
        level_depth=parent["level_depth"] + 1 if parent else 0,
        active=1,
        id_shop_default=1,
        is_root_category=int(category.id == HOME),
        position=position,
        date_add=now(),
        date_upd=now(),
        name=json.dumps(texts, ensure_ascii=False),
        link_rewrite=json.dumps(slugs, ensure_ascii=False),
        description=blank,
        additional_description=blank,
        meta_title=blank,
        meta_description=blank,
        meta_keywords=blank,
    )
