"""Laws of the shop's own rules, for any input."""

from hypothesis import given
from hypothesis import strategies as st

from simulator.catalogue import MANUFACTURERS
from simulator.cleaning import clean_html, web_address
from simulator.entities import decimal_text
from simulator.failures import closest, edit_distance
from simulator.product_fields import PRODUCTS
from simulator.selection import list_statement
from simulator.validators import VALIDATORS, is_valid

TEXT = st.text(max_size=40)
FRAGMENTS = st.lists(
    st.sampled_from(
        ["<p>", "</p>", "<b>", "</b>", "<br>", "&", "&amp;", "<", ">", "a", '<a href="x">', "<!-- x -->"]
    ),
    max_size=8,
).map("".join)


@given(FRAGMENTS | TEXT)
def test_cleaning_twice_changes_nothing_more(text: str) -> None:
    once = clean_html(text)
    assert clean_html(once) == once


@given(TEXT)
def test_a_web_address_made_of_a_name_is_always_valid(name: str) -> None:
    address = web_address(name)
    assert address == "" or is_valid("isLinkRewrite", address)


@given(st.decimals(min_value=0, max_value=9999999, places=9))
def test_what_is_a_valid_price_is_stored_with_six_places(price: object) -> None:
    text = f"{price:f}"
    assert is_valid("isPrice", text)
    assert len(decimal_text(text).partition(".")[2]) == 6
    assert abs(float(decimal_text(text)) - float(text)) <= 0.0000006


@given(TEXT, TEXT)
def test_the_edit_distance_is_symmetric_and_nothing_only_between_equals(left: str, right: str) -> None:
    assert edit_distance(left, right) == edit_distance(right, left)
    assert (edit_distance(left, right) == 0) == (left == right)


@given(st.sampled_from([field.name for field in PRODUCTS.fields]))
def test_the_shop_proposes_what_was_meant(name: str) -> None:
    assert closest(name, [field.name for field in PRODUCTS.fields]) == name


@given(TEXT)
def test_a_filter_value_never_becomes_sql(value: str) -> None:
    for shape in ("{}", "[{}]", "%[{}]%", ">[{}]", "![{}]"):
        statement = list_statement([("filter[name]", shape.format(value))], MANUFACTURERS)
        assert statement.sql.count("?") == len(statement.arguments)
        assert set(statement.sql) <= set(
            " ?\"%'*(),.=<>_\\ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz1"
        )


@given(TEXT)
def test_no_validator_trips_over_a_text(value: str) -> None:
    assert all(isinstance(is_valid(check, value), bool) for check in VALIDATORS)
