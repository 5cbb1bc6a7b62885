"""What is sent about shops, read."""

import re
from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from common.shops import ShopSettings
from gateway.errors import Refusal
from gateway.shops.forms import (
    AddressRules,
    NewShop,
    ShopChange,
    TermsWanted,
    ids_for,
    plain_address,
    read_address,
    read_shop,
    stated_terms,
)

KEY = "9DV2UJM8C4RX7ZKPL3BNQ6TWHY5GFA1E"
PUBLIC = AddressRules(allow_http=False, allow_private=False, test_addresses=frozenset())


def named(name: str) -> NewShop:
    return NewShop.model_construct(id=None, name=name, url="https://x.example.com", key=SecretStr(KEY))


@given(st.text(max_size=120))
def test_every_name_becomes_ids_that_a_shop_may_have(name: str) -> None:
    for shop_id in islice(ids_for(named(name)), 12):
        ShopSettings(id=shop_id, url="https://x.example.com", key=SecretStr(KEY))


def test_an_id_that_is_asked_for_is_the_only_one() -> None:
    wanted = read_shop({"id": "milano", "name": "M", "url": "https://x.example.com", "key": KEY}, NewShop)
    assert list(ids_for(wanted)) == ["milano"]


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("https://Shop.Example.com/", "https://shop.example.com"),
        ("https://shop.example.com:443/api/", "https://shop.example.com"),
        ("https://shop.example.com/it/api", "https://shop.example.com/it"),
    ],
)
def test_an_address_has_one_spelling(sent: str, kept: str) -> None:
    assert read_address(sent, PUBLIC, test=False) == kept
    assert plain_address(kept) == kept


@pytest.mark.parametrize(
    "url",
    [
        "", "shop", "ftp://shop.example.com", "http://shop.example.com", "https://10.0.0.1", "https://[::1]",
        "https://localhost", "https://shop.example.com:8443", "https://user:pass@shop.example.com",
        "https://shop.example.com/?key=1", "https://2130706433", "https://shop.example.com/ x",
    ],
)  # fmt: skip
def test_an_address_that_nobody_may_send_us_to_is_refused_by_its_field(url: str) -> None:
    with pytest.raises(Refusal) as refused:
        read_address(url, PUBLIC, test=False)
    assert [reason.field for reason in refused.value.details] == ["url"]


def test_a_test_shop_is_where_the_operator_has_one() -> None:
    rules = AddressRules(
        allow_http=False, allow_private=False, test_addresses=frozenset({"https://lab.example.com"})
    )
    assert read_address("https://lab.example.com/", rules, test=True) == "https://lab.example.com"
    with pytest.raises(Refusal) as refused:
        read_address("https://shop.example.com", rules, test=True)
    assert [reason.field for reason in refused.value.details] == ["test"]


def test_only_what_is_said_is_kept_of_the_settings() -> None:
    change = read_shop({"settings": {"concurrency": 4, "requests_per_minute": 60}}, ShopChange)
    assert stated_terms(change.settings) == {"concurrency": 4, "requests_per_minute": 60}
    assert change.model_fields_set == {"settings"}


@pytest.mark.parametrize("value", [0, 51, 1e9, True, "20", None])
def test_a_tenant_cannot_ask_for_a_time_that_no_lease_outlasts(value: object) -> None:
    with pytest.raises(Refusal) as refused:
        read_shop({"settings": {"request_timeout_seconds": value}}, ShopChange)
    assert [reason.field for reason in refused.value.details] == ["settings.request_timeout_seconds"]


def test_the_settings_of_a_shop_have_the_defaults_of_the_file() -> None:
    defaults = {name: ShopSettings.model_fields[name].default for name in TermsWanted.model_fields}
    assert {name: field.default for name, field in TermsWanted.model_fields.items()} == defaults


def test_no_key_is_in_what_is_refused() -> None:
    with pytest.raises(Refusal) as refused:
        read_shop({"name": "M", "url": "https://x.example.com", "key": KEY * 10}, NewShop)
    assert KEY not in str(refused.value.details)
    assert re.fullmatch("key: .* 128 .*", refused.value.details[0].message)
