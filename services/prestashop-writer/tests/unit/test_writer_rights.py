"""Which rights of a webservice key the writer cannot do without."""

import pytest

from prestashop import Capabilities
from prestashop_writer.snapshots import NEEDED, missing_rights

EVERYTHING = dict.fromkeys(NEEDED, frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}))


@pytest.mark.parametrize("absent", ["PATCH", "PUT"])
def test_a_key_that_may_change_in_either_way_is_enough(absent: str) -> None:
    methods = {resource: allowed - {absent} for resource, allowed in EVERYTHING.items()}
    assert missing_rights(Capabilities("1.7.8.11", methods)) == []


def test_every_right_that_is_missing_is_named() -> None:
    methods = EVERYTHING | {"products": frozenset({"GET", "POST"})}
    del methods["languages"]
    assert missing_rights(Capabilities("8.2.1", methods)) == ["PATCH or PUT products", "GET languages"]
