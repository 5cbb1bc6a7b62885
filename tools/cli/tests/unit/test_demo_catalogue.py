"""The demo's catalogue keeps what it promises: 300 items that a shop takes and 12 that it must not see."""

import json
import re
import subprocess
import sys
from decimal import Decimal

import pytest

from skuwire.demo.catalogue import (
    catalogue,
    categories,
    label,
    price_and_stock_changes,
    seed_sync_example,
    seed_updates,
)
from skuwire.demo.catalogue_products import Item, products, shop

SHOP_FORBIDS_IN_NAMES = re.compile("[<>;=#{}]")  # measured on PrestaShop 8.2.1
SHOP_FORBIDS_IN_FEATURES = re.compile("[<>={}]")
CATEGORY_IDS = {1, 2} | {category["id"] for category in categories()}


def written() -> list[Item]:
    ours = catalogue()
    return [item for position, item in enumerate(ours.items) if position not in ours.expected]


def test_there_are_312_items_of_which_12_must_be_refused_each_for_another_reason() -> None:
    ours = catalogue()
    assert len(ours.items) == 312
    assert len(products()) == 298
    assert {label(ours.items[position]): code for position, code in ours.expected.items()} == {
        "test": "duplicate_in_submission",
        "producto-x": "language_unknown",
        "KE-BOL-901": "ean13_check_digit",
        "CD-TOR-902": "character_forbidden",
        "VC-TUR-903": "category_unknown",
        "LB-LUM-904": "price_negative",
        "EM-CAL-905": "name_too_long",
        "CABLE-REEL-" + "0" * 50 + "-906": "reference_too_long",
        "id 424242": "product_not_found",
        "FA-ARI-908": "media_unknown",
        "TO-CUC-909": "type_wrong",
        "MM-MIS-910": "feature_value_forbidden",
    }


def test_every_mistake_is_really_made() -> None:
    ours = catalogue()
    wrong = {code: ours.items[position] for position, code in ours.expected.items()}
    assert not has_right_check_digit(wrong["ean13_check_digit"]["ean13"])
    assert SHOP_FORBIDS_IN_NAMES.search(wrong["character_forbidden"]["en"]["name"])
    assert 128 < len(wrong["name_too_long"]["en"]["name"]) <= 255
    assert len(wrong["reference_too_long"]["reference"]) == 65
    assert int(wrong["category_unknown"]["category_id"]) not in CATEGORY_IDS
    assert Decimal(wrong["price_negative"]["price"]) < 0
    assert SHOP_FORBIDS_IN_FEATURES.search(wrong["feature_value_forbidden"]["technical_data"][0]["Valore"])
    assert "en" not in wrong["language_unknown"]
    unknown = wrong["media_unknown"]["images"][0]["fileName"]
    assert unknown not in {picture.file_name for picture in ours.pictures}


def test_nothing_else_is_wrong() -> None:
    for item in written():
        assert int(item["category_id"]) in CATEGORY_IDS
        assert set(item.get("categories", [])) <= CATEGORY_IDS
        assert has_right_check_digit(item.get("ean13", "4006381333931"))
        assert Decimal(item.get("price", "0")) >= 0
        assert len(item.get("reference", "")) <= 64
        for language in ("en", "it"):
            text = item.get(language, {"name": "", "slug": "", "summary": "", "description": ""})
            assert len(text["name"]) <= 128
            assert not SHOP_FORBIDS_IN_NAMES.search(text["name"])
            assert len(text["summary"]) <= 800
            assert len(text["description"]) <= 10_000
            assert len(text["slug"]) <= 128
        for datum in item.get("technical_data", []):
            words = datum["Gruppo"] + datum["Descrizione"] + datum["Valore"] + datum["Suffisso"]
            assert not SHOP_FORBIDS_IN_FEATURES.search(words)


def has_right_check_digit(code: str) -> bool:
    weighted = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(code))
    return len(code) == 13 and weighted % 10 == 0


def test_no_two_products_share_a_name_an_address_a_code_or_a_picture() -> None:
    items = [product.item for product in products()]
    for what in ("reference", "ean13"):
        assert len({item[what] for item in items}) == len(items)
    for language in ("en", "it"):
        assert len({item[language]["name"] for item in items}) == len(items)
        assert len({item[language]["slug"] for item in items}) == len(items)
    pictures = [picture.file_name for picture in catalogue().pictures]
    assert len(set(pictures)) == len(pictures)


def test_no_text_shows_a_gap_and_both_languages_differ() -> None:
    for product in products():
        en, it = product.item["en"], product.item["it"]
        assert not re.search(r"[{}]|//|None|  ", " ".join([*en.values(), *it.values()]))
        assert en["name"] != it["name"]
        assert en["description"] != it["description"]


def test_the_data_sheets_are_ordered_and_name_each_feature_once() -> None:
    for product in products():
        sheet = product.item["technical_data"]
        assert 5 <= len(sheet) <= 15
        assert [datum["PrintOrder"] for datum in sheet] == sorted(datum["PrintOrder"] for datum in sheet)
        assert len({datum["Descrizione"] for datum in sheet}) == len(sheet)


def test_all_brands_and_leaf_categories_are_in_use() -> None:
    items = [product.item for product in products()]
    assert {item["brand"]["name"] for item in items} == {brand["name"] for brand in shop()["brand"]}
    assert len(shop()["brand"]) == 25
    used = {category for item in items for category in item["categories"]}
    assert used == set(range(3, 23))


def test_the_category_tree_hangs_below_home() -> None:
    known = {2}
    for category in categories():
        assert category["id_parent"] in known  # a parent stands before its children
        assert set(category["name"]) == {"en", "it"}
        known.add(category["id"])
    assert known == {2, *range(3, 23)}


def test_a_chunk_of_fifty_items_stays_below_its_limit() -> None:
    items = catalogue().items
    chunks = [items[start : start + 50] for start in range(0, len(items), 50)]
    assert max(len(json.dumps(chunk, ensure_ascii=False).encode()) for chunk in chunks) < 220_000


def test_the_later_delivery_really_changes_twenty_prices_and_the_stock_of_twenty_others() -> None:
    known = {product.reference: product.item for product in products()}
    changes = price_and_stock_changes()
    repriced = {change["reference"] for change in changes.prices}
    restocked = {change["reference"] for change in changes.quantities}
    assert len(repriced) == len(restocked) == 20
    assert not repriced & restocked
    assert all(
        Decimal(change["price"]) != Decimal(known[change["reference"]]["price"]) for change in changes.prices
    )
    assert all(change["quantity"] != known[change["reference"]]["quantity"] for change in changes.quantities)


def test_the_seeds_examples_are_sent_as_they_stand() -> None:
    items = catalogue().items
    assert {
        "category_id": "1",
        "en": {"name": "Test", "slug": "test", "summary": "Summary", "description": "Description"},
    } in items
    assert [list(update) for update in seed_updates()] == [
        ["id", "category_id"],
        ["id", "productWarehouses"],
        ["id", "productWarehouses"],
        ["id", "discounts"],
    ]
    assert seed_sync_example()["reference"] == "PROD001"
    assert seed_sync_example()["categories"] == [5, 12]
    with pytest.raises(KeyError):
        catalogue().with_pictures({})


def test_another_process_gives_the_same_catalogue() -> None:
    program = "import json; from skuwire.demo.catalogue import catalogue as c; print(json.dumps(c().items))"
    elsewhere = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, check=True, env={"PYTHONHASHSEED": "77"}
    )
    assert json.loads(elsewhere.stdout) == json.loads(json.dumps(catalogue().items))
