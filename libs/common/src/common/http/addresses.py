"""Which addresses that tenants name we may speak to: public ones only; whose an address is.

A tenant names the address, our network carries the request: without this check a request could reach
whatever only we can reach (cloud metadata, databases, neighbours). The lists are the union of what Svix
and Stripe's smokescreen block and what both miss. `ipaddress.is_global` is no substitute: on Python 3.11
it accepts, among others, 224.0.0.1, 168.63.129.16, 64:ff9b::7f00:1 and 2002:7f00:1::.
"""

import re
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network

from yarl import URL

LONGEST_URL = 2048
IPV6_SITE_BITS = 64  # one customer has at least that many addresses
NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*")

REFUSED_V4 = tuple(
    ip_network(block)
    for block in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host, reachable from every machine there
        "169.254.0.0/16",  # link-local, cloud metadata
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
REFUSED_V6 = tuple(
    ip_network(block)
    for block in (
        "::/96",  # unspecified, loopback, IPv4-compatible
        "::ffff:0:0:0/96",  # IPv4-translated
        "64:ff9b::/96",  # NAT64: carries any IPv4 address
        "64:ff9b:1::/48",  # NAT64, local use
        "100::/64",  # discard
        "2001::/23",  # protocol assignments; Teredo in it carries any IPv4 address
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address
        "3fff::/20",  # documentation
        "5f00::/16",  # segment routing
        "fc00::/7",  # unique local
        "fe80::/10",  # link-local
        "fec0::/10",  # site-local
        "ff00::/8",  # multicast
    )
)


class AddressRefused(OSError):
    """The address is not a public one. An OSError, so that HTTP clients treat it as a failed connection."""


class UnusableUrl(ValueError):
    """The URL is none that we may speak to; the text says why."""


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Whether a request may be sent there. An IPv4-mapped address counts as the IPv4 address in it."""
    if isinstance(address, IPv6Address):
        if address.ipv4_mapped is not None:
            return is_public(address.ipv4_mapped)
        return not any(address in block for block in REFUSED_V6)
    return not any(address in block for block in REFUSED_V4)


def refuse_unless_public(address: str) -> None:
    """Raise `AddressRefused` for an address literal that is not public, or that is no address at all."""
    try:
        public = is_public(ip_address(address.partition("%")[0]))
    except ValueError:
        raise AddressRefused("not an address") from None
    if not public:
        raise AddressRefused(f"{address} is not a public address")


def check_url(text: str, *, allow_http: bool = False, allow_private: bool = False) -> URL:
    """The URL, as it will be requested. Raises `UnusableUrl`.

    https on port 443; with `allow_http` also http on port 80; with `allow_private` any port and any
    address. Host names are only looked at here: what they resolve to is checked at every connect.
    """
    url = _parse(text)
    schemes = ("https", "http") if allow_http else ("https",)
    if url.scheme not in schemes:
        raise UnusableUrl(f"the URL must begin with {' or '.join(f'{s}://' for s in schemes)}")
    if url.raw_user is not None or url.raw_password is not None:
        raise UnusableUrl("the URL must not carry a user or a password")
    if allow_private:
        return url
    if url.port != (443 if url.scheme == "https" else 80):
        raise UnusableUrl(f"port {url.port} is not allowed; use the default port of {url.scheme}")
    if not _check_literal(url.host or ""):
        _check_name(url.host or "", url.raw_host or "")
    return url


def _parse(text: str) -> URL:
    if len(text) > LONGEST_URL:
        raise UnusableUrl(f"the URL is longer than {LONGEST_URL} characters")
    if any(character <= " " or character in "\x7f\\" for character in text):
        raise UnusableUrl("the URL contains a space, a control character or a backslash")
    try:
        url = URL(text).with_fragment(None)
        host = url.host
    except ValueError:  # yarl's text repeats the URL, which may hold a password
        raise UnusableUrl("the URL cannot be read") from None
    if not url.absolute or not host:
        raise UnusableUrl("the URL needs a scheme and a host")
    return url


def _check_literal(host: str) -> bool:
    """Whether the host is an address. Refuses one that is not public."""
    try:
        address = ip_address(host.rstrip(".").partition("%")[0])
    except ValueError:
        return False
    if not is_public(address):
        raise UnusableUrl("the host is not a public address")
    return True


def _check_name(host: str, ascii_host: str) -> None:
    """Refuse spellings that a resolver would read as an address, this machine, and what is no name.

    `ascii_host` is the host as it is resolved: after IDNA.
    """
    name = host.rstrip(".").lower()
    last = name.rpartition(".")[2]
    if last.isdigit() or last.startswith("0x"):  # 127.1, 2130706433, 0x7f000001: the WHATWG URL rule
        raise UnusableUrl("the host is a number but not a plain IPv4 address")
    if name == "localhost" or name.endswith(".localhost"):
        raise UnusableUrl("the host is this machine")
    if NAME.fullmatch(ascii_host.rstrip(".").lower()) is None:  # 127%2e0%2e0%2e1, an IPvFuture
        raise UnusableUrl("the host is no name of letters, digits, hyphens and dots")


def site_of(address: str) -> str:
    """What counts as one caller: an IPv4 address, the /64 of an IPv6 address; else "unknown"."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if not isinstance(parsed, IPv6Address):
        return str(parsed)
    if parsed.ipv4_mapped:
        return str(parsed.ipv4_mapped)
    return str(IPv6Network((parsed, IPV6_SITE_BITS), strict=False))
