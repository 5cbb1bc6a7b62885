"""Where a request comes from, behind proxies that say so."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from common.http.addresses import site_of

Network = IPv4Network | IPv6Network


def networks_of(text: str) -> list[Network]:
    """Addresses and networks, separated by spaces or commas. Raises `ValueError`."""
    return [ip_network(part, strict=False) for part in text.replace(",", " ").split()]


def caller_address(peer: str | None, forwarded_for: Iterable[str], proxies: Sequence[Network]) -> str:
    """The nearest address that is not one of our proxies; an IPv6 address as its /64.

    `forwarded_for` are the values of X-Forwarded-For. Only what our own proxies have added is believed.
    """
    hops = [hop.strip() for value in forwarded_for for hop in value.split(",")]
    address = peer or ""
    while hops and _is_within(address, proxies):
        address = hops.pop()
    return site_of(address)


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in networks)
