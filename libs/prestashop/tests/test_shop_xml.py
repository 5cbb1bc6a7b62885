"""XML: what is written can be read, and what a real shop answered is understood."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prestashop import ShopAnswerUnreadable, from_xml, id_of, links_of, text_of, texts_of, to_xml
from prestashop.names import entity_of, entry_of
from prestashop.xml import complaints_in, legal

names = st.from_regex(r"[a-z][a-z_0-9]{0,12}", fullmatch=True).filter(
    lambda n: n not in {"associations", "language"}
)
plain = (
    st.text() | st.integers() | st.booleans() | st.none() | st.decimals(allow_nan=False, allow_infinity=False)
)
texts = st.dictionaries(st.integers(1, 99), st.text(), min_size=1, max_size=3)
entries = st.lists(st.dictionaries(names, plain, max_size=3), max_size=3)
nodes = st.builds(
    lambda fields, links: fields | ({"associations": links} if links else {}),
    st.dictionaries(names, plain | texts, max_size=6),
    st.dictionaries(st.sampled_from(["categories", "accessories", "product_features"]), entries, max_size=3),
)


def as_read(value):
    """Everything is read as text."""
    match value:
        case dict():
            return {key: as_read(inner) for key, inner in value.items()}
        case list():
            return [as_read(inner) for inner in value]
        case None:
            return ""
        case bool():
            return str(int(value))
        case Decimal():
            return f"{value:f}"
    return legal(str(value))


@given(
    st.lists(nodes, max_size=4),
    st.sampled_from(["products", "categories", "stock_availables", "manufacturers"]),
)
def test_whatever_is_written_is_read_back_as_text(sent, resource):
    assert from_xml(resource, to_xml(resource, sent)) == as_read(sent)


@given(st.binary(max_size=200))
def test_no_bytes_break_the_reader(data):
    try:
        assert isinstance(from_xml("products", data), list)
    except ShopAnswerUnreadable:
        assert complaints_in(data) == []


def test_a_full_product_is_read_with_its_languages_and_links(recorded):
    (product,) = from_xml("products", recorded("05_product_create_full", 0).body)
    assert id_of(product) == 1
    assert text_of(product, "price") == "12.500000"
    assert texts_of(product, "name") == {1: "Steel bracket", 2: "Staffa in acciaio"}
    assert texts_of(product, "description")[1] == "<p>Strong &amp; <b>light</b>, 5 € é</p>"
    assert [text_of(link, "id") for link in links_of(product, "categories")] == ["2", "3"]
    assert links_of(product, "product_features") == [{"id": "1", "id_feature_value": "1"}]
    assert links_of(product, "stock_availables") == [{"id": "1", "id_product_attribute": "0"}]
    assert links_of(product, "images") == links_of(product, "nothing_of_the_kind") == []


def test_lists_are_read_with_and_without_display(recorded):
    ids = from_xml("products", recorded("37_filters_display_sort_limit", 0).body)
    assert ids == [{"id": "1"}, {"id": "2"}, {"id": "3"}, {"id": "4"}]
    shown = from_xml("products", recorded("37_filters_display_sort_limit", 1).body)
    assert shown[2] == {"id": "3", "reference": "sku-10"}
    assert from_xml("products", recorded("37_filters_display_sort_limit", 2).body) == []


def test_the_echo_of_a_text_with_a_cdata_end_is_unreadable_and_the_stored_one_is_not(recorded):
    with pytest.raises(ShopAnswerUnreadable):
        from_xml("products", recorded("40_escaping", 0).body)
    (stored,) = from_xml("products", recorded("40_escaping", 1).body)
    assert texts_of(stored, "description") == {1: "x]]&gt;y", 2: "x]]&gt;y"}


def test_warnings_printed_before_an_answer_do_not_hide_it(recorded):
    body = b"\xef\xbb\xbf<br />\n<b>Deprecated</b>: x\n" + recorded("37_filters_display_sort_limit", 1).body
    assert len(from_xml("products", body)) == 4


def test_entities_are_never_expanded():
    entities = b'<!DOCTYPE p [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]>'
    bomb = b'<?xml version="1.0"?>' + entities + b"<prestashop>&b;</prestashop>"
    with pytest.raises(ShopAnswerUnreadable):
        from_xml("products", bomb)


def test_a_document_type_in_a_text_is_text():
    body = (
        b"<?xml version='1.0'?><prestashop><product><d><![CDATA[<!DOCTYPE html>]]></d></product></prestashop>"
    )
    assert from_xml("products", body) == [{"d": "<!DOCTYPE html>"}]


@pytest.mark.parametrize("field", ["a b", "", "{ns}tag", "a><b", "1a"])
def test_a_name_cannot_smuggle_in_xml(field):
    with pytest.raises(ValueError, match="not a name"):
        to_xml("products", [{field: "x"}])


def test_a_price_that_is_no_number_is_not_sent():
    with pytest.raises(ValueError, match="finite"):
        to_xml("products", [{"price": Decimal("NaN")}])


def test_entities_have_the_names_that_the_shop_gives_them():
    expected = {
        "products": "product",
        "categories": "category",
        "stock_availables": "stock_available",
        "product_feature_values": "product_feature_value",
        "tax_rule_groups": "tax_rule_group",
        "addresses": "address",
        "taxes": "tax",
        "currencies": "currency",
        "specific_prices": "specific_price",
    }
    assert {resource: entity_of(resource) for resource in expected} == expected
    assert (entry_of("accessories"), entry_of("product_option_values")) == ("product", "product_option_value")
