import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from common.messages import PLAIN, Brand, Intent, Reason, Result, TechnicalDatum
from gateway.dialects import sync, sync_answers
from gateway.drafts import Draft, RefusedItem
from gateway.errors import Refusal, violated
from gateway.strict_json import parse_json
from gateway.submissions import ChunkState, ItemState, Kind, SubmissionState

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)

SEED_REQUEST = """{
  "operation": "create",
  "reference": "PROD001",
  "name": "Professional Coffee Machine",
  "description": "High-end espresso machine",
  "price": 1299.99,
  "quantity": 50,
  "active": true,
  "categories": [5, 12],
  "brand": {
    "name": "CoffeePro"
  }
}"""

SEED_SUCCESS = """{
"success": true,
"message": "Product synchronized successfully",
"data": {
"productId": 123,
"reference": "PROD001",
"presta_id": 456,
"syncId": "sync_abc123xyz",
"operation": "create",
"imagesProcessed": 3,
"technicalDataProcessed": 15
}
}"""


def a_product(**changed: Any) -> dict[str, Any]:
    return {**parse_json(SEED_REQUEST.encode()), **changed}


def without(*names: str) -> dict[str, Any]:
    return {key: value for key, value in a_product().items() if key not in names}


def violations(body: Any) -> dict[str, str]:
    refused = sync.read_product(body)
    assert isinstance(refused, RefusedItem)
    return {reason.field: reason.code for reason in refused.reasons}


def read(body: Any) -> Draft:
    draft = sync.read_product(body)
    assert isinstance(draft, Draft), draft
    return draft


def a_submission(**changed: Any) -> SubmissionState:
    values: dict[str, Any] = {
        "submission_id": "sync_abc123xyz",
        "kind": Kind.SYNC,
        "shop": "milano",
        "submitted_at": NOON,
        "total_items": 1,
        "refused_at_the_door": 0,
        "trace_id": "0" * 32,
        "chunks": (ChunkState(0, 1, completed_at=NOON, created=1),),
    }
    return SubmissionState(**(values | changed))


def an_item(**changed: Any) -> ItemState:
    values: dict[str, Any] = {
        "position": 0,
        "intent": Intent.CREATE,
        "reference": "PROD001",
        "product_id": 123,
        "presta_id": 456,
        "result": Result.CREATED,
        "images_processed": 3,
        "technical_data_processed": 15,
    }
    return ItemState(**(values | changed))


# ── requests ──


def test_the_seeds_request_is_read_field_for_field() -> None:
    draft = read(parse_json(SEED_REQUEST.encode()))
    assert draft.intent is Intent.CREATE
    assert draft.reference == "PROD001"
    assert draft.fields == {
        "name": {PLAIN: "Professional Coffee Machine"},
        "description": {PLAIN: "High-end espresso machine"},
        "price": Decimal("1299.99"),
        "quantity": 50,
        "active": True,
        "categories": (5, 12),
        "brand": Brand(name="CoffeePro"),
    }
    assert draft.images is None


def test_images_and_technical_data_of_the_seeds_models_are_read() -> None:
    datum = {"Gruppo": "Power", "Descrizione": "Voltage", "Valore": "230", "Suffisso": "V", "PrintOrder": 2}
    image = {"fileName": "front.JPG", "base64": "AAAA"}
    draft = read(
        a_product(technical_data=[datum, {"Gruppo": "G", "Descrizione": "D", "Valore": "v"}], images=[image])
    )
    assert draft.fields["technical_data"] == (
        TechnicalDatum(group="Power", name="Voltage", value="230", unit="V", order=2),
        TechnicalDatum(group="G", name="D", value="v", unit="", order=0),
    )
    assert draft.images is not None
    assert [(i.path, i.file_name, i.base64) for i in draft.images] == [("images[0]", "front.JPG", "AAAA")]
    assert "AAAA" not in json.dumps(draft.item, default=str)


@pytest.mark.parametrize("name", ["reference", "name", "price", "quantity"])
def test_a_create_needs_what_the_seed_requires(name: str) -> None:
    assert violations(without(name)) == {name: "field_missing"}
    assert violations(a_product(**{name: None})) == {name: "field_missing"}


def test_a_product_with_variants_needs_no_quantity_of_its_own() -> None:
    variants = [{"reference": "S", "options": {"Size": "S"}, "quantity": 5}]
    assert "quantity" not in read(without("quantity") | {"variants": variants}).fields
    assert violations(without("quantity") | {"variants": []}) == {"quantity": "field_missing"}


def test_a_missing_operation_is_told_with_everything_else() -> None:
    assert violations({}) == dict.fromkeys(
        ("operation", "reference", "name", "price", "quantity"), "field_missing"
    )


def test_an_update_may_leave_out_what_stays_but_cannot_clear_it() -> None:
    draft = read({"operation": "update", "reference": "PROD001", "price": 5})
    assert draft.fields == {"price": Decimal(5)}
    assert violations({"operation": "update", "reference": "A", "price": None, "name": ""}) == {
        "price": "field_empty",
        "name": "field_empty",
    }


@pytest.mark.parametrize("operation", ["delete", "CREATE", "", 7, ["create"]])
def test_an_unknown_operation_is_told_with_all_other_violations(operation: Any) -> None:
    entry = sync.read_product(a_product(operation=operation, quantity="many"))
    assert isinstance(entry, RefusedItem)
    assert {reason.field for reason in entry.reasons} == {"operation", "quantity"}
    assert violated(entry.reasons).status == 400


@pytest.mark.parametrize("body", [[], "product", None, 7])
def test_a_body_that_is_no_object_cannot_be_read(body: Any) -> None:
    with pytest.raises(Refusal) as refused:
        sync.read_product(body)
    assert refused.value.status == 400


@pytest.mark.parametrize(
    ("changed", "field", "code"),
    [
        ({"reference": "R" * 65}, "reference", "reference_too_long"),
        ({"reference": 7}, "reference", "type_wrong"),
        ({"status": "active"}, "status", "field_unknown"),
        ({"name": "n" * 256}, "name", "name_too_long"),
        ({"name": {"en": "n", "it": "n" * 256}}, "name.it", "name_too_long"),
        ({"name": {"en": ""}}, "name.en", "field_empty"),
        ({"name": {}}, "name", "type_wrong"),
        ({"name": ["n"]}, "name", "type_wrong"),
        ({"description": "d" * 10_001}, "description", "description_too_long"),
        ({"price": -0.01}, "price", "type_wrong"),  # a float never comes out of our reader
        ({"price": Decimal("-0.01")}, "price", "price_negative"),
        ({"price": "20"}, "price", "type_wrong"),
        ({"price": True}, "price", "type_wrong"),
        ({"quantity": -1}, "quantity", "quantity_negative"),
        ({"quantity": Decimal("1.5")}, "quantity", "type_wrong"),
        ({"quantity": "12"}, "quantity", "type_wrong"),
        ({"quantity": True}, "quantity", "type_wrong"),
        ({"active": 1}, "active", "type_wrong"),
        ({"categories": 5}, "categories", "type_wrong"),
        ({"categories": [5, "12"]}, "categories[1]", "type_wrong"),
        ({"categories": [None]}, "categories[0]", "type_wrong"),
        ({"ean13": "123456789012"}, "ean13", "ean13_form"),
        ({"ean13": "٠١٢٣٤٥٦٧٨٩٠١٢"}, "ean13", "ean13_form"),
        ({"ean13": 4054596123456}, "ean13", "type_wrong"),
        ({"weight": -1}, "weight", "weight_negative"),
        ({"brand": "CoffeePro"}, "brand", "type_wrong"),
        ({"brand": {}}, "brand.name", "field_missing"),
        ({"brand": {"name": 5}}, "brand.name", "type_wrong"),
        ({"brand": {"name": "B", "id": 1}}, "brand.id", "field_unknown"),
        ({"images": [{"fileName": "a.jpg", "base64": "AAAA"}] * 11}, "images", "too_many_images"),
        ({"images": [{"fileName": "a.bmp", "base64": "AAAA"}]}, "images[0].fileName", "image_extension"),
        ({"images": [{"base64": "AAAA"}]}, "images[0].fileName", "field_missing"),
        ({"images": [{"fileName": "a.jpg"}]}, "images[0].base64", "field_missing"),
        ({"images": [{"fileName": "a.jpg", "sha256": "A" * 64}]}, "images[0].sha256", "type_wrong"),
        ({"images": ["a.jpg"]}, "images[0]", "type_wrong"),
        ({"technical_data": [{"Gruppo": "G", "Descrizione": "D"}]},
         "technical_data[0].Valore", "field_missing"),
        ({"technical_data": {}}, "technical_data", "type_wrong"),
        ({"pric": 5}, "pric", "field_unknown"),
        ({"sku": "A"}, "sku", "field_unknown"),
    ],
)  # fmt: skip
def test_a_violation_is_told_with_its_path(changed: dict[str, Any], field: str, code: str) -> None:
    assert violations(a_product(**changed)) == {field: code}


def test_every_violation_is_told_at_once() -> None:
    bad = a_product(price=Decimal(-1), quantity="x", reference="R" * 65, brand={}, images=[{}])
    assert set(violations(bad)) == {
        "price",
        "quantity",
        "reference",
        "brand.name",
        "images[0].fileName",
        "images[0].base64",
    }


def test_the_limits_themselves_are_within() -> None:
    datum = {"Gruppo": "G", "Descrizione": "D", "Valore": "v"}
    read(
        a_product(
            reference="R" * 64,
            name="n" * 255,
            description="d" * 10_000,
            price=0,
            quantity=0,
            ean13="",
            weight=0,
            images=[{"fileName": "a.webp", "base64": "AAAA"}] * 10,
            technical_data=[datum] * 100,
        )
    )


def test_a_batch_refuses_a_bad_product_for_itself() -> None:
    entries = sync.read_batch(
        {"products": [a_product(), a_product(price="x"), "nothing", a_product(operation="?")]}
    ).entries
    assert [type(entry) for entry in entries] == [Draft, RefusedItem, RefusedItem, RefusedItem]
    assert [entry.position for entry in entries] == [0, 1, 2, 3]


@pytest.mark.parametrize(
    ("body", "status"), [({}, 400), ([], 400), ({"products": []}, 422), ({"products": [1] * 201}, 413)]
)
def test_a_batch_has_1_to_200_products(body: Any, status: int) -> None:
    with pytest.raises(Refusal) as refused:
        sync.read_batch(body)
    assert refused.value.status == status


# ── answers ──


def test_success_is_exactly_the_seeds_response() -> None:
    assert sync_answers.finished(a_submission(), an_item()) == json.loads(SEED_SUCCESS)


@pytest.mark.parametrize(
    ("code", "status"), [("product_exists", 409), ("product_not_found", 404), ("category_unknown", 422)]
)
def test_a_refused_item_answers_by_its_reason(code: str, status: int) -> None:
    reason = Reason(code=code, field="technical_data[2].value", message="No.")
    with pytest.raises(Refusal) as refused:
        sync_answers.finished(a_submission(), an_item(result=Result.REFUSED, reasons=(reason,)))
    assert refused.value.status == status
    assert refused.value.details[0].field == "technical_data[2].Valore"


def test_a_batch_tells_each_product_how_it_went() -> None:
    reason = Reason(code="product_exists", field="reference", message="There is one already.")
    items = [
        an_item(),
        an_item(position=1, result=Result.REFUSED, presta_id=None, reasons=(reason,)),
        an_item(position=2, result=None, presta_id=None),
    ]
    chunks = (ChunkState(0, 3, validated_at=NOON, created=1, refused=1),)
    answer = sync_answers.batch_answer(a_submission(kind=Kind.BATCH, total_items=3, chunks=chunks), items)
    assert answer["success"] is False
    data = answer["data"]
    assert (data["total"], data["succeeded"], data["failed"], data["status"]) == (3, 1, 1, "processing")
    assert [result["success"] for result in data["results"]] == [True, False, None]
    assert data["results"][1]["details"] == [
        {"code": "product_exists", "field": "reference", "message": "There is one already."}
    ]


def test_the_status_shows_the_steps_that_are_done() -> None:
    chunks = (ChunkState(0, 1, validated_at=NOON),)
    data = sync_answers.status_answer(a_submission(chunks=chunks), [an_item(result=None)])["data"]
    assert data["status"] == "processing"
    assert data["outcome"] is None
    assert [step["step"] for step in data["steps"]] == ["accepted", "validated"]


def test_a_refused_synchronization_has_failed() -> None:
    submission = a_submission(chunks=(ChunkState(0, 1, completed_at=NOON, refused=1),))
    reason = Reason(code="category_unknown", field="categories[0]", message="No category 5.")
    data = sync_answers.status_answer(submission, [an_item(result=Result.REFUSED, reasons=(reason,))])["data"]
    assert (data["status"], data["outcome"]) == ("failed", "refused")


def test_a_name_that_is_too_long_is_told_what_a_shop_keeps_as_well() -> None:
    refused = sync.read_product(a_product(name={"en": "n", "it": "n" * 256}))
    assert isinstance(refused, RefusedItem)
    assert (
        refused.reasons[0].message == "name.it has at most 255 characters, of which PrestaShop 8 keeps 128."
    )
