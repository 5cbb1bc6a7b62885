"""What is proved of a product after a write, and which gaps are told."""

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from common.messages import Intent, ItemOutcome, Result
from prestashop import Node
from prestashop_writer.plan import Product
from prestashop_writer.proof import Found, Proof, Stock, expected_after, prove, with_proof
from prestashop_writer.testing import TWO_LANGUAGES, a_change, a_product

HELD = {
    "name": {"en": "Bracket"},
    "price": "12.5",
    "active": "1",
    "state": "1",
    "quantity": 0,
    "discounts": [],
}
PLACED = {"id_category_default": "2", "categories": [2, 5]}


def created(**said: Any) -> Product:
    """The product as it stands after its create."""
    return a_product(
        a_change(**said), presta_id=7, stock_id=70, written={**HELD, **PLACED, "price": said["price"]}
    )


def before_it_was_created(now: Product) -> Product:
    return replace(now, presta_id=None, stock_id=None, written={})


def shown(**fields: str) -> Node:
    categories = [{"id": "5"}, {"id": "2"}]
    plain = {"id": "7", "price": "12.500000", "active": "1", "state": "1", "id_category_default": "2"}
    return {**plain, **fields, "associations": {"categories": categories}}


def found(quantity: str = "0", **fields: str) -> Found:
    return Found({"7": shown(**fields)}, {"70": quantity})


def gaps(proof: Proof) -> list[tuple[str, str]]:
    return [(gap.field, gap.message) for gap in proof.gaps]


def test_a_new_product_is_proved_with_its_stock() -> None:
    now = created(name={"en": "Bracket"}, price="12.5", categories=(2, 5))
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    assert expected.content.keys() == {"price", "active", "state", "id_category_default", "categories"}
    assert expected.stocks == (Stock(70, "quantity", 0),)
    assert prove(expected, found()) == Proof()


def test_a_gap_names_the_field_as_the_sender_knows_it_and_both_values() -> None:
    now = created(name={"en": "Bracket"}, price="12.5", categories=(2, 5), default_category=2)
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    proof = prove(expected, found("3", price="13.000000", active="0", id_category_default="5"))
    assert gaps(proof) == [
        ("active", "The shop holds 0; 1 was written."),
        ("price", "The shop holds 13.000000; 12.5 was written."),
        ("default_category", "The shop holds 5; 2 was written."),
        ("quantity", "The shop holds 3; 0 was written."),
    ]
    # What nobody has spoken of is not sent again, nor a stock: customers buy.
    assert proof.doubtful == {"price", "id_category_default"}


def test_categories_are_compared_as_sets() -> None:
    now = created(name={"en": "Bracket"}, price="12.5", categories=(2, 5, 9))
    now = replace(now, written={**now.written, "categories": [2, 5, 9]})
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    proof = prove(expected, found())
    assert gaps(proof) == [("categories", "The shop holds 2, 5; 2, 5, 9 was written.")]
    assert proof.doubtful == {"categories"}


def test_categories_that_the_shop_does_not_show_are_said_to_be_unread() -> None:
    now = created(name={"en": "Bracket"}, price="12.5", categories=(2,))
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    proof = prove(expected, Found({"7": shown()}, {"70": "0"}, shows_categories=False))
    assert proof.gaps == ()
    assert [(one.code, one.field) for one in proof.unread] == [("not_readable", "categories")]


def test_a_product_that_is_gone_is_a_gap_and_is_sent_again() -> None:
    now = created(name={"en": "Bracket"}, price="12.5")
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    proof = prove(expected, Found({}, {"70": "0"}))
    assert [gap.field for gap in proof.gaps] == ["reference"]
    assert proof.doubtful == {"price"}


def test_a_stock_alone_is_proved_without_the_product() -> None:
    before = created(name={"en": "Bracket"}, price="12.5")
    now = replace(before, written={**before.written, "quantity": 9})
    expected = expected_after(before, now, TWO_LANGUAGES)
    assert expected is not None
    assert (expected.content, expected.stocks) == ({}, (Stock(70, "quantity", 9),))
    assert prove(expected, Found(quantities={"70": "9"})) == Proof()
    assert gaps(prove(expected, Found())) == [("quantity", "The shop holds nothing; 9 was written.")]


def test_a_changed_text_proves_the_product_and_not_its_stock() -> None:
    before = created(name={"en": "Bracket"}, price="12.5")
    now = replace(before, written={**before.written, "name": {"en": "Steel bracket"}})
    expected = expected_after(before, now, TWO_LANGUAGES)
    assert expected is not None
    assert "price" in expected.content
    assert expected.stocks == ()


def test_what_was_not_written_or_is_in_doubt_is_not_proved() -> None:
    before = created(name={"en": "Bracket"}, price="12.5")
    assert expected_after(before, before, TWO_LANGUAGES) is None
    lost = replace(before, doubtful=frozenset({"price"}))
    assert expected_after(before, lost, TWO_LANGUAGES) is None
    answered = expected_after(lost, before, TWO_LANGUAGES)  # the same value, sent once more
    assert answered is not None
    assert answered.content["price"] == "12.5"


def test_a_field_of_the_shops_own_is_proved_only_when_the_product_is_new() -> None:
    profile = replace(TWO_LANGUAGES, owners={"price": "first-write", "categories": "shop"})
    now = created(name={"en": "Bracket"}, price="12.5")
    new = expected_after(before_it_was_created(now), now, profile)
    assert new is not None
    assert "price" in new.content
    renamed = replace(now, written={**now.written, "name": {"en": "Steel bracket"}})
    known = expected_after(now, renamed, profile)
    assert known is not None
    assert known.content.keys() == {"active", "state"}


def test_the_stocks_of_variants_that_were_written_are_proved() -> None:
    rows = [
        {"reference": "P-L", "id": 1, "stock_id": 71, "quantity": 4},
        {"reference": "P-M", "id": 2, "stock_id": 72, "quantity": 5},
    ]
    before = created(name={"en": "Bracket"}, price="12.5")
    before = replace(before, written={**before.written, "variants": [{**rows[0], "quantity": 1}, rows[1]]})
    now = replace(before, written={**before.written, "variants": rows})
    expected = expected_after(before, now, TWO_LANGUAGES)
    assert expected is not None
    assert expected.stocks == (Stock(71, "variants.P-L.quantity", 4),)
    assert gaps(prove(expected, Found(quantities={"71": "1"}))) == [
        ("variants.P-L.quantity", "The shop holds 1; 4 was written.")
    ]


def test_only_items_that_were_written_get_the_verdict() -> None:
    def outcome(result: Result) -> ItemOutcome:
        return ItemOutcome(position=0, sequence=1, intent=Intent.UPSERT, result=result, reference="P")

    gap = prove_one_gap()
    assert with_proof(outcome(Result.UPDATED), gap).verified is False
    assert with_proof(outcome(Result.UPDATED), gap).warnings == gap.gaps
    assert with_proof(outcome(Result.CREATED), Proof()).verified is True
    assert with_proof(outcome(Result.CREATED), None).verified is None
    assert with_proof(outcome(Result.UNCHANGED), gap) == outcome(Result.UNCHANGED)


def prove_one_gap() -> Proof:
    now = created(name={"en": "Bracket"}, price="12.5")
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    return prove(expected, found(price="1"))


values = st.fixed_dictionaries(
    {
        "price": st.decimals(0, 10_000, places=4),
        "active": st.booleans(),
        "categories": st.lists(st.integers(2, 9), min_size=1, max_size=4, unique=True),
        "quantity": st.integers(0, 99),
    }
)


@given(values, values)
def test_a_proof_has_a_gap_exactly_where_the_values_differ(said: Any, held: Any) -> None:
    written = {
        **HELD,
        "price": str(said["price"]),
        "active": str(int(said["active"])),
        "categories": said["categories"],
        "quantity": said["quantity"],
    }
    now = a_product(a_change(name={"en": "Bracket"}), presta_id=7, stock_id=70, written=written)
    expected = expected_after(before_it_was_created(now), now, TWO_LANGUAGES)
    assert expected is not None
    node = shown(price=f"{held['price']:.6f}", active=str(int(held["active"])))
    node["associations"] = {"categories": [{"id": str(one)} for one in held["categories"]]}

    proof = prove(expected, Found({"7": node}, {"70": str(held["quantity"])}))

    differ = {name for name in said if said[name] != held[name] and name != "categories"}
    differ |= {"categories"} if set(said["categories"]) != set(held["categories"]) else set()
    assert {gap.field for gap in proof.gaps} == differ
