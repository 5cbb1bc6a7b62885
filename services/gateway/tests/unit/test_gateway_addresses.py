import pytest

from gateway.access.addresses import caller_address, networks_of

PROXIES = networks_of("10.0.0.0/8, 192.0.2.1 2001:db8::/32")


@pytest.mark.parametrize(
    ("peer", "forwarded_for", "address"),
    [
        ("198.51.100.7", [], "198.51.100.7"),
        ("198.51.100.7", ["203.0.113.9"], "198.51.100.7"),  # no proxy of ours said so
        ("10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("10.1.2.3", ["1.1.1.1, 203.0.113.9"], "203.0.113.9"),  # what the caller itself claims is not taken
        ("10.1.2.3", ["1.1.1.1", "203.0.113.9, 192.0.2.1"], "203.0.113.9"),
        ("::ffff:10.1.2.3", ["203.0.113.9"], "203.0.113.9"),
        ("2001:db8::1", ["2a00:1:2:3:4:5:6:7"], "2a00:1:2:3::/64"),
        ("2a00:1:2:3:ffff::1", [], "2a00:1:2:3::/64"),
        ("::ffff:198.51.100.7", [], "198.51.100.7"),
        ("10.1.2.3", [], "10.1.2.3"),
        ("10.1.2.3", ["rubbish"], "unknown"),
        (None, [], "unknown"),
    ],
)
def test_the_nearest_address_that_is_no_proxy_of_ours_counts(
    peer: str | None, forwarded_for: list[str], address: str
) -> None:
    assert caller_address(peer, forwarded_for, PROXIES) == address
