"""Which rights a webservice key needs, and what a shop owner is told where it lacks them."""

import pytest

from prestashop import Capabilities
from prestashop_writer.needed_rights import PURPOSES, can, missing, missing_rights

EVERYTHING = {
    resource: frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"})
    for purpose in PURPOSES
    for resource in purpose.needs
}
ALL_WORDS = tuple(purpose.words for purpose in PURPOSES)


@pytest.mark.parametrize("absent", ["PATCH", "PUT"])
def test_a_key_that_may_change_in_either_way_is_enough(absent: str) -> None:
    methods = {resource: allowed - {absent} for resource, allowed in EVERYTHING.items()}
    capabilities = Capabilities("1.7.8.11", methods)
    assert missing_rights(capabilities) == []
    assert can(capabilities) == ALL_WORDS
    assert missing(capabilities) == ()


def test_every_right_without_which_nothing_is_written_is_named() -> None:
    methods = EVERYTHING | {"products": frozenset({"GET", "POST"})}
    del methods["languages"]
    assert missing_rights(Capabilities("8.2.1", methods)) == ["PATCH or PUT products", "GET languages"]


def test_what_only_some_products_need_does_not_stop_the_others() -> None:
    products = EVERYTHING["products"] - {"DELETE"}
    methods = EVERYTHING | {"combinations": frozenset({"GET"}), "products": products}
    capabilities = Capabilities("8.2.1", methods)
    assert missing_rights(capabilities) == []
    assert set(ALL_WORDS) - set(can(capabilities)) == {"delete products", "sell products in variants"}
    assert not any(right.required for right in missing(capabilities))


@pytest.mark.parametrize(("version", "change"), [("8.2.1", "Patch (PATCH)"), ("1.7.8.11", "Modify (PUT)")])
def test_the_fix_names_the_row_and_the_columns_of_the_back_office(version: str, change: str) -> None:
    methods = EVERYTHING | {"stock_availables": frozenset({"GET"}), "languages": frozenset[str]()}
    languages, stocks = sorted(missing(Capabilities(version, methods)), key=lambda right: right.resource)
    assert stocks.needed_for == "set stocks"
    assert stocks.fix == (
        f"Advanced Parameters → Webservice → your key → in the row stock_availables tick {change}."
    )
    assert languages.verbs == ("GET",)
    assert languages.required
