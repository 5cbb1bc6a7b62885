"""What a partner wants, as bindings and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messaging.partner_queues import EVENT_NAMES, NotAPartner, Partner, partner_of

names = st.from_regex(r"[a-z0-9][a-z0-9-]{0,39}", fullmatch=True)
shops = st.frozensets(st.from_regex(r"[a-z0-9][a-z0-9_-]{0,39}", fullmatch=True), max_size=5)
events = st.frozensets(st.sampled_from([*EVENT_NAMES, "product.*", "*.completed"]))
tenants = st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=100)
partners = st.builds(Partner, name=names, tenant=tenants, shops=shops, events=events)


@given(partner=partners)
def test_a_partner_is_read_back_from_its_bindings(partner: Partner) -> None:
    bindings = [("", partner.queue), *((partner.exchange, key) for key in partner.binding_keys())]
    assert partner_of(partner.queue, bindings) == partner


def test_all_of_a_tenant_needs_one_binding() -> None:
    assert Partner("erp", "acme").binding_keys() == {"*.*.*"}
    some = Partner("erp", "acme", frozenset({"milano", "roma"}), frozenset({"product.*"}))
    assert some.binding_keys() == {"product.*.milano", "product.*.roma"}


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "ERP"}, "a-z"),
        ({"name": "a.b"}, "a-z"),
        ({"name": ""}, "a-z"),
        ({"name": "a" * 41}, "a-z"),
        ({"tenant": ""}, "tenant"),
        ({"tenant": "a\nb"}, "tenant"),
        ({"shops": frozenset({"#"})}, "'#'"),
        ({"shops": frozenset({"a.b"})}, "'a.b'"),
        ({"events": frozenset({"product.snyced"})}, "product.synced"),
        ({"events": frozenset({"#"})}, "product.synced"),
        ({"events": frozenset({"product"})}, "product.synced"),
        ({"events": frozenset({"product.synced.milano"})}, "product.synced"),
    ],
)
def test_what_no_queue_can_be_made_of_is_told(wrong: dict[str, str], told: str) -> None:
    with pytest.raises(NotAPartner, match=told):
        Partner(**{"name": "erp", "tenant": "acme", **wrong})  # type: ignore[arg-type]  # it is what is tested


@pytest.mark.parametrize(
    "bindings",
    [
        [],
        [("", "partner.erp")],
        [("skuwire.events", "#")],
        [("skuwire.events.of.acme", "*.*.*"), ("skuwire.events.of.other", "*.*.*")],
        [("skuwire.events.of.acme", "#")],
    ],
)
def test_a_queue_that_was_bound_by_hand_is_no_partner(bindings: list[tuple[str, str]]) -> None:
    with pytest.raises(NotAPartner):
        partner_of("partner.erp", bindings)
