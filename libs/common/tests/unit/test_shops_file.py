"""The shops file: what is wrong is said with its place and its fix, and never with a value."""

from pathlib import Path

import pytest
from pydantic import SecretStr

from common.settings import ServiceSettings
from common.shops import ShopsFileError, load_shops

SHOP = """
[[shop]]
id = "milano"
tenant = "acme"
url = "https://shop.example.com"
key = "PLANTEDKEY"
"""


def load(tmp_path: Path, text: str) -> list[str]:
    file = tmp_path / "shops.toml"
    file.write_text(text)
    return list(load_shops(ServiceSettings(shops_file=file)).by_id)


def test_shops_keep_the_order_of_the_file_and_the_first_is_the_default(tmp_path: Path) -> None:
    assert load(tmp_path, SHOP + SHOP.replace("milano", "roma")) == ["milano", "roma"]


def test_a_key_may_come_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MILANO_KEY", "from there")
    file = tmp_path / "shops.toml"
    file.write_text(SHOP.replace('key = "PLANTEDKEY"', 'key_env = "MILANO_KEY"'))

    shop = load_shops(ServiceSettings(shops_file=file)).by_id["milano"]

    assert shop.key.get_secret_value() == "from there"
    assert "from there" not in repr(shop)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SHOP.replace("[[shop]]", "[shop]"), "begin each shop with [[shop]]"),
        (SHOP.replace("[[shop]]", "[[shops]]"), "found: shops"),
        (SHOP.replace('key = "PLANTEDKEY"', ""), "shop 1 (milano): no key; give `key`, or `key_env`"),
        (SHOP.replace('key = "PLANTEDKEY"', 'key_env = "NOT_SET"'), "NOT_SET, which is not set"),
        (SHOP.replace('url = "https://shop.example.com"', ""), "shop 1 (milano): url: Field required"),
        (SHOP + "timeout = 3", "timeout is not known here; known are id,"),
        (SHOP.replace("milano", "Milano Shop"), "id: String should match"),
        (SHOP + "concurrency = 99", "concurrency: Input should be less than or equal to 16"),
        (SHOP + SHOP, "two shops have the same id"),
        (SHOP + "key =", "is no TOML"),
    ],
)
def test_a_mistake_is_named_with_its_place_and_fix(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(ValueError, match="shop") as raised:
        load(tmp_path, text)

    assert says in str(raised.value)
    assert "PLANTEDKEY" not in str(raised.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ShopsFileError, match=r"none.toml is not there; make it, or unset SKUWIRE_SHOPS_FILE"):
        load_shops(ServiceSettings(shops_file=tmp_path / "none.toml"))


def test_a_single_shop_needs_address_and_key() -> None:
    with pytest.raises(ValueError, match="SKUWIRE_SHOP_KEY is not"):
        load_shops(ServiceSettings(shop_url="https://shop.example.com"))
    shops = load_shops(ServiceSettings(shop_url="https://shop.example.com", shop_key=SecretStr("k")))
    assert list(shops.by_id) == ["shop"]


def test_a_field_may_belong_to_the_shop_or_to_the_first_write(tmp_path: Path) -> None:
    assert load(tmp_path, SHOP + 'owners = {description = "shop", name = "first-write", price = "erp"}')


@pytest.mark.parametrize(
    ("owners", "problem"),
    [
        ('{colour = "shop"}', "colour cannot have an owner; these can: active, "),
        ('{images = "shop"}', "images cannot have an owner"),
        ('{variant_quantities = "shop"}', "variant_quantities cannot have an owner"),
        ('{variants = "first-write"}', "variants is written after the product was created"),
        (
            '{quantity = "first-write"}',
            "quantity is written after the product was created; choose erp or shop",
        ),
        ('{name = "nobody"}', "owners.name: "),
    ],
)
def test_an_owner_that_cannot_be_is_named_with_what_can(tmp_path: Path, owners: str, problem: str) -> None:
    with pytest.raises(ShopsFileError) as error:
        load(tmp_path, SHOP + f"owners = {owners}")
    assert problem in str(error.value)
    assert "Value error" not in str(error.value)
