"""Look-ups: whatever a value holds, the shop's filter language finds it."""

import re
from urllib.parse import parse_qs

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from prestashop import ClientSettings
from prestashop.filters import look_ups, query

references = st.text(st.sampled_from("aAbB1,.|[]%_<>\\\"'`! \n&+#é"), min_size=1, max_size=6)


def shop_finds(filter_text, stored, wildcards):
    """What the shop answers to a filter: its ``getSQLRetrieveFilter`` (PrestaShop 8.2.1), without the SQL."""
    bracketed = re.fullmatch(r"(.*)\[(.*)\](.*)", filter_text)
    if bracketed is None:
        return [s for s in stored if equal(s, filter_text)]
    before, inner, after = bracketed.groups()
    if "%" in (before, after):
        return [s for s in stored if like(s, before, inner, after, wildcards)]
    if before or after:
        return stored
    if inner.find("|") > 0:
        return [s for s in stored if any(equal(s, either) for either in inner.split("|"))]
    if re.fullmatch(r"[\d.:\-\s]+,[\d.:\-\s]+", inner):
        return []
    return [s for s in stored if equal(s, inner)]


def equal(stored, asked):
    return stored.rstrip(" ").lower() == re.sub(r"<.*", "", asked, flags=re.DOTALL).rstrip(" ").lower()


def like(stored, before, inner, after, wildcards):
    """A pattern, whether or not what is between the brackets may hold wildcards: nothing rests on it."""
    wild = {"%": ".*", "_": "."} if wildcards else {}
    pattern = "".join(wild.get(c, re.escape(c)) for c in inner)
    ends = (".*" if before else "") + pattern + (".*" if after else "")
    return re.fullmatch(ends, stored, re.IGNORECASE | re.DOTALL)


some = st.lists(references, min_size=1, max_size=8)


@given(some, some, st.integers(1, 5), st.booleans())
@example(["1,3"], [], 5, False)
@example(["a[b]c", "x|y", "a<b", "[", "]", "[1]", "|", "a_[b]"], ["anything"], 5, False)
def test_whatever_a_value_holds_it_is_found(wanted, others, most_values, wildcards):
    if not wildcards:  # a value of nothing but [ ] < \ is found by wildcards alone
        wanted = [value for value in wanted if re.search(r"[^\[\]<\\\n]", value)]
    stored = list(dict.fromkeys(wanted + others))
    asked = list(look_ups(wanted, most_values=most_values, most_bytes=4000))
    assert sorted(value for look_up in asked for value in look_up.values) == sorted(set(wanted))
    for look_up in asked:
        found = shop_finds(look_up.filter_text, stored, wildcards)
        assert set(look_up.values) <= set(found), look_up


@given(st.lists(st.text(min_size=1, max_size=64), max_size=60), st.integers(1, 40), st.integers(1000, 5000))
def test_no_request_asks_for_more_than_its_bounds(values, most_values, most_bytes):
    for look_up in look_ups(values, most_values=most_values, most_bytes=most_bytes):
        assert len(look_up.values) <= most_values
        length = len(query(raw_filters={"reference": look_up.filter_text}))
        assert length <= most_bytes + len("filter%5Breference%5D=%5B%5D") or len(look_up.values) == 1


def test_fifty_references_cost_one_request():
    references = [f"SKU-{number}" for number in range(100)]
    settings = ClientSettings()
    asked = look_ups(
        references, most_values=settings.max_values_per_look_up, most_bytes=settings.max_filter_bytes
    )
    assert len(list(asked)) == 2


def test_an_empty_value_is_not_looked_up():
    with pytest.raises(ValueError, match="empty"):
        list(look_ups([""], most_values=40, most_bytes=4000))


def test_a_question_is_written_as_the_shop_reads_it():
    asked = query(
        display=("id", "reference"),
        filters={"active": 1, "reference": ["A&B", "C D"]},
        sort=("id_ASC",),
        limit=(500, 50),
    )
    assert parse_qs(asked) == {
        "display": ["[id,reference]"],
        "filter[active]": ["[1]"],
        "filter[reference]": ["[A&B|C D]"],
        "sort": ["[id_ASC]"],
        "limit": ["500,50"],
    }


@pytest.mark.parametrize("value", [["a|b", "c"], "a[b]", []])
def test_a_list_refuses_what_the_filter_language_cannot_say(value):
    with pytest.raises(ValueError, match="filter"):
        query(filters={"reference": value})
