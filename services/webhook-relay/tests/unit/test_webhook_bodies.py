"""The body of a chunk's webhook, field for field as the Products Bulk document shows it."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from common.messages import Chunk, ChunkCompleted, Intent, ItemOutcome, Reason, Result
from common.public.events import ChunkFinished, ProductDeleted, ProductFailed, ProductSynced
from common.public.samples import Scene, sample_body, sample_event
from common.public.webhooks import BODIES, CHUNK_COMPLETED, EVENT_TYPES
from webhook_relay.chunk_body import chunk_body
from webhook_relay.events import events_of
from webhook_relay.outcomes import operation_of

AT = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)


def outcome(result: Result, intent: Intent = Intent.UPSERT, **known: Any) -> ItemOutcome:
    position = known.pop("position", 0)
    return ItemOutcome(
        position=position, sequence=100 + position, intent=intent, result=result, reference="A1", **known
    )


def completed(*outcomes: ItemOutcome) -> ChunkCompleted:
    return ChunkCompleted(
        chunk=Chunk(
            chunk_id="bulk_675c53516d618_0",
            submission_id="bulk_675c53516d618",
            partition=0,
            tenant="acme",
            shop="milano",
            submitted_at=AT,
            total_items=len(outcomes),
        ),
        outcomes=outcomes,
    )


def test_a_completed_chunk_has_the_documents_keys() -> None:
    body = json.loads(chunk_body(completed(outcome(Result.CREATED, product_id=9999, presta_id=17))))
    items = body.pop("itemsCompleted")
    assert body == {
        "chunkId": "bulk_675c53516d618_0",
        "partition": 0,
        "totalItems": 1,
        "completed": 1,
        "errors": 0,
        "msjs": [],
    }
    assert items == [
        {
            "id": 9999,
            "reference": "A1",
            "presta_id": 17,
            "position": 0,
            "operation": "create",
            "result": "created",
            "imagesProcessed": 0,
            "technicalDataProcessed": 0,
            "warnings": [],
        }
    ]


@pytest.mark.parametrize("verified", [None, True, False])
def test_whether_the_shop_was_read_afterwards_is_told_where_it_was(verified: bool | None) -> None:
    message = completed(outcome(Result.UPDATED, verified=verified))
    expected = {} if verified is None else {"verified": verified}
    [item] = json.loads(chunk_body(message))["itemsCompleted"]
    (_, event), _ = events_of(message, AT)
    for told in (item, json.loads(event.to_json())):
        assert {key: told[key] for key in told.keys() & {"verified"}} == expected


def test_a_refused_item_is_a_message_with_its_reasons_by_field() -> None:
    slug = Reason(
        code="slug_taken", field="es.slug", message="There are another register with the same slug."
    )
    price = Reason(code="negative", field="price", message="Must be positive.")
    price_again = Reason(code="format", field="price", message="Must be a number.")
    refused = outcome(Result.REFUSED, Intent.CREATE, reasons=(slug, price, price_again))
    body = json.loads(chunk_body(completed(outcome(Result.UPDATED, position=1), refused)))
    assert (body["totalItems"], body["completed"], body["errors"]) == (2, 1, 1)
    (message,) = body["msjs"]
    assert (message["type"], message["operation"]) == ("error", "create")
    assert json.loads(message["msjs"]) == {
        "es.slug": ["There are another register with the same slug."],
        "price": ["Must be positive.", "Must be a number."],
    }
    assert message["item"]["reference"] == "A1"


@pytest.mark.parametrize(
    ("item", "operation"),
    [
        (outcome(Result.CREATED), "create"),
        (outcome(Result.UNCHANGED, Intent.UPDATE), "update"),
        (outcome(Result.DELETED, Intent.DELETE), "delete"),
        (outcome(Result.REFUSED, Intent.DELETE), "delete"),
        (outcome(Result.REFUSED), "create"),
        (outcome(Result.REFUSED, presta_id=3), "update"),
    ],
)
def test_the_operation_is_what_was_done_or_wanted(item: ItemOutcome, operation: str) -> None:
    assert operation_of(item) == operation


def test_every_product_and_then_the_chunk_is_told_to_the_public() -> None:
    message = completed(
        outcome(Result.CREATED, images_processed=3),
        outcome(Result.DELETED, Intent.DELETE, position=1),
        outcome(Result.REFUSED, position=2, reasons=(Reason(code="x", field="price", message="No."),)),
    )
    names, events = zip(*events_of(message, AT), strict=True)
    assert [type(event) for event in events] == [ProductSynced, ProductDeleted, ProductFailed, ChunkFinished]
    assert [event.routing_key() for event in events] == [
        "product.synced.milano",
        "product.deleted.milano",
        "product.failed.milano",
        "chunk.completed.milano",
    ]
    assert len(set(names)) == len(names)
    assert json.loads(events[2].to_json())["reasons"][0]["message"] == "No."
    assert isinstance(events[3], ChunkFinished)
    assert (events[3].total_items, events[3].completed, events[3].errors) == (3, 2, 1)


def test_the_bytes_of_a_chunk_s_body_stay_as_they_are() -> None:
    warned = outcome(
        Result.UPDATED,
        product_id=9999,
        presta_id=17,
        images_processed=2,
        verified=False,
        warnings=(Reason(code="differs", field="price", message='Ist "1,5 \u20ac"\n'),),
    )
    refused = outcome(
        Result.REFUSED, position=1, reasons=(Reason(code="x", field="es.slug", message="\u00e8 'no'"),)
    )
    assert chunk_body(completed(warned, refused)).decode() == (
        '{"chunkId":"bulk_675c53516d618_0","partition":0,"totalItems":2,"completed":1,"itemsCompleted":['
        '{"id":9999,"reference":"A1","presta_id":17,"position":0,"operation":"update","result":"updated",'
        '"imagesProcessed":2,"technicalDataProcessed":0,"warnings":[{"code":"differs","field":"price",'
        '"message":"Ist \\"1,5 \u20ac\\"\\n"}],"verified":false}],"errors":1,"msjs":[{"type":"error",'
        '"operation":"create","msjs":"{\\"es.slug\\":[\\"\u00e8 \'no\'\\"]}","item":{"id":null,'
        '"reference":"A1","presta_id":null,"position":1}}]}'
    )


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_an_event_is_the_same_in_a_webhook_as_on_the_broker(name: str) -> None:
    scene = Scene()
    body = json.loads(sample_body(name, scene))
    BODIES[name].model_validate(body)
    if name == CHUNK_COMPLETED:
        return
    event = sample_event(name, scene)
    assert body.keys() == {"type", "timestamp", "data"}
    assert body == {"type": name, "timestamp": "2026-01-01T12:30:00Z", "data": json.loads(event.to_json())}
    assert event.to_json() in sample_body(name, scene)
