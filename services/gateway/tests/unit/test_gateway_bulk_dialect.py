import json
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import PLAIN, Brand, Discount, Intent, Reason, Result
from gateway.dialects import bulk
from gateway.drafts import Draft, RefusedItem
from gateway.errors import Refusal
from gateway.submissions import ChunkState, ItemState, Kind, SubmissionState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
TEXTS = {"name": "Test", "slug": "test", "summary": "Summary", "description": "Description"}
PRODUCTO = {
    "name": "Producto x",
    "slug": "producto-x",
    "description": "esta es una prueba",
    "summary": "Esto es una prueba",
}
WAREHOUSE = {"warehouse_id": 2, "quantity": 15}
DISCOUNT = {"quantity": 5, "discount": 5, "date_start": "2024-12-06", "date_end": "2024-12-10"}


def read(item: Any) -> Draft:
    draft = bulk.read_item(item, 0)
    assert isinstance(draft, Draft), draft
    return draft


def refusal(item: Any) -> dict[str, str]:
    refused = bulk.read_item(item, 0)
    assert isinstance(refused, RefusedItem), refused
    return {reason.field: reason.code for reason in refused.reasons}


# ── the seed's examples ──


def test_the_seeds_minimum_create() -> None:
    draft = read({"category_id": "1", "en": TEXTS})
    assert (draft.intent, draft.reference, draft.product_id) == (Intent.UPSERT, "test", None)
    assert draft.fields == {
        "default_category": 1,
        "categories": (1,),
        "name": {"en": "Test"},
        "slug": {"en": "test"},
        "summary": {"en": "Summary"},
        "description": {"en": "Description"},
    }


def test_the_seeds_rest_create_has_a_price_in_a_string_and_warehouses() -> None:
    draft = read(
        {
            "category_id": "1",
            "en": TEXTS,
            "quantity": 9999,
            "price": "20000",
            "productWarehouses": [{"warehouse_id": 2, "quantity": 15}],
        }
    )
    assert draft.fields["quantity"] == 9999
    assert draft.fields["price"] == Decimal(20000)
    assert draft.fields["warehouses"] == {"2": 15}


def test_the_seeds_create_with_a_discount_is_5_per_cent_from_5_pieces_on() -> None:
    draft = read(
        {"es": PRODUCTO, "category_id": 1, "quantity": 9999, "price": "20000", "discounts": [DISCOUNT]}
    )
    assert draft.reference == "producto-x"
    assert draft.fields["discounts"] == (
        Discount(from_quantity=5, percentage=Decimal(5), starts=date(2024, 12, 6), ends=date(2024, 12, 10)),
    )


@pytest.mark.parametrize(
    ("item", "fields"),
    [
        ({"id": 9999, "category_id": "2"}, {"default_category": 2, "categories": (2,)}),
        ({"id": 9999, "productWarehouses": [{"warehouse_id": 2, "quantity": 15}]}, {"warehouses": {"2": 15}}),
        ({"id": "9999", "productWarehouses": []}, {"warehouses": {}}),
    ],
)
def test_the_seeds_updates_by_id_change_only_what_they_name(item: Any, fields: dict[str, Any]) -> None:
    draft = read(item)
    assert (draft.intent, draft.product_id, draft.reference) == (Intent.UPDATE, 9999, None)
    assert draft.fields == fields


# ── identity ──


@pytest.mark.parametrize(
    ("item", "reference"),
    [
        ({"reference": "A-1", "en": TEXTS}, "A-1"),
        ({"sku": "A-1"}, "A-1"),
        ({"code": "A-1"}, "A-1"),
        ({"part_number": "A-1", "reference": "A-1"}, "A-1"),
        ({"it": {"slug": "prova"}, "en": TEXTS}, "prova"),
        ({"en": {"name": "Caffè & Crème 2000"}}, "caffe-creme-2000"),
        ({"name": "Plain name"}, "plain-name"),
    ],
)
def test_an_item_without_an_id_is_known_by_reference_else_slug_else_name(item: Any, reference: str) -> None:
    assert read(item).reference == reference


@pytest.mark.parametrize("item", [{}, {"price": 5}, {"en": {"name": "咖啡"}}, {"en": {"summary": "s"}}])
def test_an_item_without_any_identity_is_refused(item: Any) -> None:
    assert refusal(item) == {"reference": "reference_missing"}


@given(st.text(min_size=1))
def test_a_slug_is_never_longer_than_a_reference(name: str) -> None:
    assert len(bulk.shortened(bulk.slugify(name))) <= 64


def test_long_slugs_that_begin_alike_stay_apart() -> None:
    assert bulk.shortened("x" * 70 + "a") != bulk.shortened("x" * 70 + "b")


# ── fields of seed 000, other names, types ──


def test_fields_of_seed_000_and_their_other_names_are_read() -> None:
    draft = read(
        {
            "reference": "A",
            "name": {"it": "Macchina"},
            "en": {"name": "Machine"},
            "stock": "7",
            "ean": "4054596123456",
            "is_active": "1",
            "available_for_order": False,
            "visibility": "catalog",
            "condition": "used",
            "id_tax_rules_group": "3",
            "meta_title": "Machine | Shop",
            "length": 2,
            "weight": "1.50",
            "brand": "CoffeePro",
            "categories": ["5", 12],
            "category_id": 12,
            "images": [{"fileName": "a.png", "sha256": "a" * 64}],
        }
    )
    assert draft.fields == {
        "name": {"it": "Macchina", "en": "Machine"},
        "quantity": 7,
        "ean13": "4054596123456",
        "active": True,
        "available_for_order": False,
        "visibility": "catalog",
        "condition": "used",
        "tax_rules_group": 3,
        "meta_title": {"*": "Machine | Shop"},
        "depth": Decimal(2),
        "weight": Decimal("1.50"),
        "brand": Brand(name="CoffeePro"),
        "categories": (12, 5),
        "default_category": 12,
    }
    assert draft.images is not None
    assert draft.images[0].sha256 == "a" * 64


@pytest.mark.parametrize(
    ("sent", "active"), [("active", True), ("inactive", False), (True, True), (0, False), (None, None)]
)
def test_status_is_another_name_of_active_with_words_of_its_own(sent: Any, active: bool | None) -> None:
    assert read({"reference": "A", "status": sent}).fields == {"active": active}


@pytest.mark.parametrize("sent", ["draft", "Active", 2, [], {}])
def test_another_status_is_refused(sent: Any) -> None:
    assert refusal({"reference": "A", "status": sent}) == {"status": "type_wrong"}


def test_active_takes_no_words_and_contradicts_no_status() -> None:
    assert refusal({"reference": "A", "active": "active"}) == {"active": "type_wrong"}
    both = {"reference": "A", "active": True, "status": "inactive"}
    assert refusal(both) == {"status": "fields_contradict"}
    assert read({**both, "status": "active"}).fields == {"active": True}


def test_a_language_block_is_more_special_than_a_plain_text_in_either_order() -> None:
    both: dict[str, Any] = {"reference": "A", "name": "Plain", "en": {"name": "English"}}
    assert read(both).fields["name"] == {PLAIN: "Plain", "en": "English"}
    assert read(dict(reversed(both.items()))).fields["name"] == {PLAIN: "Plain", "en": "English"}


def test_indonesian_is_a_language_and_no_id() -> None:
    draft = read({"id": {"name": "Kopi"}})
    assert (draft.product_id, draft.reference) == (None, "kopi")


def test_absent_is_not_null_and_null_clears() -> None:
    fields = read(
        {"reference": "A", "brand": None, "description": None, "images": None, "discounts": []}
    ).fields
    assert fields == {"brand": None, "description": None, "discounts": ()}


@pytest.mark.parametrize("operation", ["create", "update", "upsert", "delete"])
def test_an_operation_may_be_named(operation: str) -> None:
    assert read({"reference": "A", "operation": operation}).intent == operation


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"price": "abc"}, "price", "type_wrong"),
        ({"price": "0,10"}, "price", "type_wrong"),
        ({"price": "1e5"}, "price", "type_wrong"),
        ({"price": "NaN"}, "price", "type_wrong"),
        ({"price": "\u0665"}, "price", "type_wrong"),
        ({"price": "9" * 40}, "price", "number_out_of_range"),
        ({"price": [5]}, "price", "type_wrong"),
        ({"quantity": "1.5"}, "quantity", "type_wrong"),
        ({"quantity": "many"}, "quantity", "type_wrong"),
        ({"category_id": "one"}, "category_id", "type_wrong"),
        ({"id": "x"}, "id", "type_wrong"),
        ({"id": -1}, "id", "number_out_of_range"),
        ({"id": 2**63}, "id", "number_out_of_range"),
        ({"en": {"nome": "x"}}, "en.nome", "field_unknown"),
        ({"en": {"name": 5}}, "en.name", "type_wrong"),
        ({"en": "Test"}, "en", "field_unknown"),
        ({"colour": "red"}, "colour", "field_unknown"),
        ({"operation": "merge"}, "operation", "operation_unknown"),
        ({"sku": "B"}, "sku", "fields_contradict"),
        ({"discounts": [{}]}, "discounts[0].discount", "field_missing"),
        ({"discounts": [DISCOUNT | {"date_end": "10/12/2024"}]}, "discounts[0].date_end", "type_wrong"),
        ({"productWarehouses": [{"quantity": 1}]}, "productWarehouses[0].warehouse_code", "field_missing"),
        ({"productWarehouses": [{"warehouse_id": 2}]}, "productWarehouses[0].quantity", "field_missing"),
        ({"productWarehouses": [WAREHOUSE] * 2}, "productWarehouses[1]", "warehouse_twice"),
    ],
)  # fmt: skip
def test_an_item_that_cannot_be_read_says_where(changed: dict[str, Any], field: str, code: str) -> None:
    assert refusal({"reference": "A", **changed}) == {field: code}


def test_rules_of_the_shop_are_not_judged_at_the_door() -> None:
    read({"reference": "R" * 65, "price": "-1", "quantity": -5, "ean13": "1", "name": "n" * 300})


json_values: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
KEYS = ["id", "en", "it", "reference", "sku", "price", "quantity", "brand", "images", "technical_data"]
KEYS += ["discounts", "productWarehouses", "categories", "category_id", "name", "slug", "operation", "active"]


@given(st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=4), json_values, max_size=6))
def test_any_item_is_read_or_refused_with_reasons(item: dict[str, Any]) -> None:
    entry = bulk.read_item(item, 3)
    assert entry.position == 3
    if isinstance(entry, RefusedItem):
        assert entry.reasons
        json.dumps(bulk.error_message(entry))


# ── bodies ──


@pytest.mark.parametrize(
    ("body", "status"),
    [([], 400), ({}, 400), ({"items": {}}, 400), ({"items": []}, 422), ({"items": [{}] * 4}, 413)],
)
def test_a_bulk_has_a_list_of_items_within_the_limit(body: Any, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        bulk.read_items(body, max_items=3)
    assert refused.value.status == status


def test_an_item_that_is_no_object_is_refused_for_itself() -> None:
    entries = bulk.read_items({"items": [7, {"reference": "A"}]}, max_items=3).entries
    assert [type(entry) for entry in entries] == [RefusedItem, Draft]


# ── answers ──


def test_the_answer_is_exactly_the_seeds_response() -> None:
    assert bulk.accepted("bulk_675c53516d618", 1, []) == {
        "data": {"bulkId": "bulk_675c53516d618", "chunks": 1, "errors": 0, "msjs": []}
    }


def test_a_refused_item_is_told_in_the_seeds_form_without_picture_bytes() -> None:
    item = {
        "reference": "A",
        "price": "abc",
        "weight": Decimal("1.5"),
        "images": [{"fileName": "a", "base64": "AAAA"}],
    }
    refused = bulk.read_item(item, 0)
    assert isinstance(refused, RefusedItem)
    [message] = bulk.accepted("bulk_1", 0, [refused])["data"]["msjs"]
    assert message == {
        "type": "error",
        "operation": "create",
        "msjs": '{"price":["Must be a number, with a point before the decimals."]}',
        "item": {"reference": "A", "price": "abc", "weight": 1.5, "images": [{"fileName": "a"}]},
        "reasons": [
            {
                "code": "type_wrong",
                "field": "price",
                "message": "Must be a number, with a point before the decimals.",
            }
        ],
    }


def test_progress_counts_what_was_refused_at_the_door_as_well() -> None:
    submission = SubmissionState(
        submission_id="bulk_675c53516d618",
        kind=Kind.BULK,
        shop="milano",
        submitted_at=NOON,
        total_items=5,
        refused_at_the_door=1,
        trace_id=None,
        chunks=(
            ChunkState(0, 2, validated_at=NOON, completed_at=NOON, created=1, refused=1, images_processed=3),
            ChunkState(1, 2, validated_at=NOON),
        ),
    )
    reason = Reason(code="feature_value_forbidden", field="technical_data[0].value", message="No.")
    item = ItemState(1, Intent.UPSERT, "A", 7, result=Result.REFUSED, reasons=(reason,))
    data = bulk.progress(submission, [item], 1)["data"]
    assert (data["status"], data["totalItems"], data["open"]) == ("processing", 5, 2)
    assert (data["created"], data["refused"], data["refusedAtTheDoor"]) == (1, 2, 1)
    assert data["imagesProcessed"] == 3
    assert data["finishedAt"] is None
    assert data["chunks"][0] == {
        "chunkId": "bulk_675c53516d618_0",
        "partition": 0,
        "status": "completed",
        "totalItems": 2,
        "completed": 1,
        "errors": 1,
        "validatedAt": NOON.isoformat(),
        "writtenAt": None,
        "completedAt": NOON.isoformat(),
    }
    assert data["items"][0]["errors"][0]["field"] == "technical_data[0].Valore"


def test_a_bulk_of_which_nothing_came_through_has_failed() -> None:
    nothing = SubmissionState("bulk_1", Kind.BULK, "milano", NOON, 2, 2, None, ())
    assert nothing.status == "failed"
    assert nothing.finished_at == NOON
