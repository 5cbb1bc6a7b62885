"""What the demo sends besides its own products: the seeds' examples and ten common mistakes."""

from collections.abc import Iterator
from dataclasses import dataclass

from skuwire.demo.catalogue_products import Item, ean13, slug

WRITTEN = None
"""The outcome of an example that the shop can take."""


@dataclass(frozen=True, slots=True)
class Example:
    """An item beyond the generated ones; `refused` is the reason's code, or None when it is to be written."""

    item: Item
    refused: str | None


def seed_creates() -> tuple[Example, ...]:
    """Seed "Products Bulk", its four create examples, in their order; the shop speaks en and it, not es."""
    test = {"name": "Test", "slug": "test", "summary": "Summary", "description": "Description"}
    product_x = {
        "name": "Producto x",
        "slug": "producto-x",
        "description": "esta es una prueba",
        "summary": "Esto es una prueba",
    }
    stock = {"quantity": 9999, "price": "20000"}
    warehouses = [{"warehouse_id": 2, "quantity": 15}]
    discounts = [{"quantity": 5, "discount": 5, "date_start": "2024-12-06", "date_end": "2024-12-10"}]
    return (
        Example({"category_id": "1", "en": dict(test)}, WRITTEN),
        Example(
            {"category_id": "1", "en": dict(test), **stock, "productWarehouses": warehouses},
            "duplicate_in_submission",
        ),
        Example({"en": dict(product_x), "category_id": 1, **stock, "productWarehouses": warehouses}, WRITTEN),
        Example(
            {"es": dict(product_x), "category_id": 1, **stock, "discounts": discounts}, "language_unknown"
        ),
    )


def seed_updates() -> list[Item]:
    """Seed "Products Bulk", its four update examples, in their order."""
    return [
        {"id": 9999, "category_id": "2"},
        {"id": 9999, "productWarehouses": [{"warehouse_id": 2, "quantity": 15}]},
        {"id": 9999, "productWarehouses": [{"warehouse_id": 2, "quantity": 20}]},
        {
            "id": 9999,
            "discounts": [
                {"quantity": 10, "discount": 5, "date_start": "2024-12-06", "date_end": "2024-12-20"}
            ],
        },
    ]


def seed_sync_example() -> Item:
    """Seed "Products Sync API", the body of its code example."""
    return {
        "operation": "create",
        "reference": "PROD001",
        "name": "Professional Coffee Machine",
        "description": "High-end espresso machine",
        "price": 1299.99,
        "quantity": 50,
        "active": True,
        "categories": [5, 12],
        "brand": {"name": "CoffeePro"},
    }


def mistakes() -> Iterator[Example]:
    """Ten items that must be refused, one for each kind of reason; all else in them is right."""
    right = "803999000001"
    wrong_check_digit = ean13(right)[:-1] + str((int(ean13(right)[-1]) + 1) % 10)
    yield _mistake("ean13_check_digit", "KE-BOL-901", "Bollente Rapido KE 901", ean13=wrong_check_digit)
    yield _mistake("character_forbidden", "CD-TOR-902", "Torvik Kraft <NEW> {CD 902}")
    yield _mistake(
        "category_unknown", "VC-TUR-903", "Turbinella Brezza VC 903", category_id="999", categories=[999]
    )
    yield _mistake("price_negative", "LB-LUM-904", "Lumenta Base LB 904", price="-12.50")
    yield _mistake(
        "name_too_long", "EM-CAL-905", "Caldora Classica EM 905 " + "espresso machine with accessories " * 4
    )
    yield _mistake("reference_too_long", "CABLE-REEL-" + "0" * 50 + "-906", "Connexa Casa CR 906")
    yield Example({"id": 424242, "price": "19.90", "quantity": 7}, "product_not_found")
    never_sent = {"fileName": "fan-front.jpg", "sha256": "5f" * 32}
    yield _mistake("media_unknown", "FA-ARI-908", "Ariosa Soffio FA 908", images=[never_sent])
    yield _mistake("type_wrong", "TO-CUC-909", "Cucinova Alba TO 909", price="abc")
    datum = {
        "Gruppo": "Measuring",
        "Descrizione": "Deviation",
        "Valore": "<5 %",
        "Suffisso": "",
        "PrintOrder": 10,
    }
    yield _mistake("feature_value_forbidden", "MM-MIS-910", "Misurex Uno MM 910", technical_data=[datum])


def _mistake(reason: str, reference: str, name: str, **wrong: object) -> Example:
    text = {
        "name": name.strip(),
        "slug": slug(name)[:128],
        "summary": "<p>Sold by the piece.</p>",
        "description": "<p>See the maker's data sheet.</p>",
    }
    item: Item = {
        "reference": reference,
        "category_id": "17",
        "en": text,
        "it": text | {"summary": "<p>Venduto al pezzo.</p>", "description": "<p>Vedi scheda tecnica.</p>"},
        "price": "49.90",
        "quantity": 12,
        "active": True,
    }
    return Example(item | wrong, reason)
