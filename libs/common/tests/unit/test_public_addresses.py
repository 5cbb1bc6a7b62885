"""Where tenants may send us: hostile addresses stay outside, in whatever spelling."""

from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.http.addresses import (
    AddressRefused,
    UnusableUrl,
    check_url,
    is_public,
    refuse_unless_public,
)

HERE = Path(__file__).parent
HOSTILE_ADDRESSES = (HERE / "hostile_addresses.txt").read_text().split()
HOSTILE_URLS = (HERE / "hostile_urls.txt").read_text().split()

BROKEN_URLS = [
    "",
    " https://erp.example.com/",
    "https://erp.example.com/ x",
    "https://erp.example.com/\r\nX-Injected: 1",
    "https://erp.exa\nmple.com/",
    "https://erp.example.com/\0",
    "https://erp.example.com/" + "a" * 2048,
]


@pytest.mark.parametrize("address", HOSTILE_ADDRESSES)
def test_a_hostile_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        refuse_unless_public(address)


@pytest.mark.parametrize("address", ["", "erp.example.com", "127.1", "1.2.3.4.5", "/run/socket"])
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(AddressRefused):
        refuse_unless_public(address)


@pytest.mark.parametrize(
    "address", ["8.8.8.8", "1.1.1.1", "93.184.216.34", "2606:4700::1111", "2a00:1450::5", "::ffff:8.8.8.8"]
)
def test_a_public_address_is_allowed(address: str) -> None:
    refuse_unless_public(address)


@given(st.ip_addresses(v=4))
def test_an_address_is_judged_alike_mapped_into_ipv6(address: IPv4Address) -> None:
    mapped = ip_address(f"::ffff:{address}")
    assert isinstance(mapped, IPv6Address)
    assert is_public(mapped) == is_public(address)


@given(st.ip_addresses())
def test_what_python_calls_private_is_never_public(address: IPv4Address | IPv6Address) -> None:
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        return  # judged as the address in it, see above
    if address.is_private or address.is_multicast or address.is_loopback or address.is_link_local:
        assert not is_public(address)


@pytest.mark.parametrize("url", [*HOSTILE_URLS, *BROKEN_URLS])
def test_a_hostile_url_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(UnusableUrl) as refused:
        check_url(url)
    assert "password" not in str(refused.value).replace("a user or a password", "")


@pytest.mark.parametrize(
    "url",
    [
        "https://erp.example.com",
        "https://erp.example.com/hooks/skuwire?key=1",
        "https://erp.example.com:443/",
        "https://bücher.example/",
        "https://8.8.8.8/",
        "https://[2606:4700::1111]/",
        "https://3com.com/",
    ],
)
def test_a_public_https_url_is_accepted(url: str) -> None:
    check_url(url)


def test_http_is_accepted_only_when_allowed_and_then_on_its_own_port() -> None:
    check_url("http://erp.example.com/", allow_http=True)
    with pytest.raises(UnusableUrl):
        check_url("http://erp.example.com:8080/", allow_http=True)


def test_a_demonstration_may_reach_this_machine() -> None:
    check_url("http://127.0.0.1:9000/", allow_http=True, allow_private=True)
    with pytest.raises(UnusableUrl):
        check_url("http://127.0.0.1:9000/", allow_private=True)


def test_the_fragment_is_dropped() -> None:
    assert str(check_url("https://erp.example.com/a#b")) == "https://erp.example.com/a"
