"""An edited message is readable, and the same message: about the same tenant, shop, submission and items."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.messages import (
    Chunk,
    ChunkValidated,
    ImageReference,
    Intent,
    ProductChange,
    ProductFields,
    Reason,
    decode,
)
from common.messaging.dead_letter import DeadLetter
from common.messaging.envelope import outgoing_envelope
from gateway.dead_letters.editing import edited_body, what_is_wrong
from gateway.errors import Refusal
from gateway.strict_json import parse_json

SHA256 = "a" * 64
CHUNK = Chunk(
    chunk_id="bulk_1_0",
    submission_id="bulk_1",
    partition=0,
    tenant="acme",
    shop="milano",
    submitted_at=datetime(2026, 1, 1, tzinfo=UTC),
    total_items=2,
)


def change(position: int, **fields: Any) -> ProductChange:
    return ProductChange(
        position=position,
        sequence=position + 100,
        intent=Intent.UPSERT,
        reference=f"P-{position}",
        product_id=position + 1000,
        fields=ProductFields(**fields),
    )


MESSAGE = ChunkValidated(
    chunk=CHUNK,
    changes=(
        change(0, price="12.50", images=(ImageReference(file_name="a.jpg", sha256=SHA256),)),
        change(1, quantity=3),
    ),
)


def parked(body: Any = None, message: ChunkValidated = MESSAGE, **changed: Any) -> DeadLetter:
    """The message as it was parked, with another body where one is given."""
    envelope = outgoing_envelope(message, "validator")
    values: dict[str, Any] = {
        "message_id": str(envelope.message_id),
        "message_type": message.message_type,
        "service": "prestashop-writer",
        "attempt": 5,
        "reason": "ValueError",
        "traceback": "",
        "headers": envelope.headers(),
        "body": message.to_json() if body is None else json.dumps(body).encode(),
    }
    return DeadLetter(**values | changed)


def as_json() -> Any:
    return json.loads(MESSAGE.to_json())


def wrong_with(letter: DeadLetter, sent: Any) -> list[Reason]:
    with pytest.raises(Refusal) as refusal:
        edited_body(letter, sent)
    assert refusal.value.status == 422
    return list(refusal.value.details)


def test_an_edit_is_what_its_reader_reads() -> None:
    sent = parse_json(MESSAGE.to_json())
    sent["changes"][0]["fields"]["price"] = parse_json(b"13.20")
    read = decode(MESSAGE.message_type, edited_body(parked(), sent))
    assert isinstance(read, ChunkValidated)
    assert str(read.changes[0].fields.price) == "13.20"
    assert read.changes[1] == MESSAGE.changes[1]


def test_what_cannot_be_read_is_told_field_by_field() -> None:
    sent = as_json()
    sent["changes"][1]["fields"]["quantity"] = "many"
    del sent["changes"][0]["intent"]
    told = wrong_with(parked(), sent)
    assert {reason.field for reason in told} == {"changes.1.fields.quantity", "changes.0.intent"}
    assert {reason.field for reason in what_is_wrong(parked(sent))} == {reason.field for reason in told}
    assert what_is_wrong(parked()) == []


def rewrite(path: str, value: Any) -> Any:
    """The message with another value at the path; None takes it away."""
    sent = inner = as_json()
    *steps, last = (int(step) if step.isdigit() else step for step in path.split("."))
    for step in steps:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    return sent


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("chunk.tenant", "other", "tenant"),
        ("chunk.shop", "oslo", "shop"),
        ("chunk.submission_id", "bulk_2", "submission"),
        ("chunk.chunk_id", "bulk_2_0", "chunk.chunk_id"),
        ("chunk.partition", 1, "chunk.partition"),
        ("chunk.dry_run", True, "chunk.dry_run"),
        ("chunk.total_items", 1, "chunk.total_items"),
        ("changes.0.sequence", 999, "item 0 sequence"),
        ("changes.0.product_id", 1, "item 0 product_id"),
        ("changes.0.product_id", None, "item 0 product_id"),
        ("changes.0.reference", "Q-7", "item 0 reference"),
        ("changes.0.position", 7, "item 0"),
        ("changes.1", None, "item 1"),
        ("changes.0.presta_id", 5, "item 0 presta_id"),
        ("changes.0.fields.prize", "1", "changes.0.fields.prize"),
        ("changes.0.fields.images.0.sha256", "b" * 64, "images"),
    ],
)
def test_whose_and_what_a_message_is_about_stays(path: str, value: Any, told: str) -> None:
    assert told in {reason.field for reason in wrong_with(parked(), rewrite(path, value))}


def test_an_item_is_neither_added_nor_lost_but_may_be_refused() -> None:
    added = as_json()
    added["changes"].append(added["changes"][0] | {"position": 2})
    assert "item 2" in {reason.field for reason in wrong_with(parked(), added)}
    refused = as_json()
    item = refused["changes"].pop(0)
    kept = {name: item[name] for name in ("position", "sequence", "intent", "reference", "product_id")}
    reasons = [{"code": "given_up", "field": "", "message": "Given up."}]
    refused["outcomes"] = [kept | {"result": "refused", "reasons": reasons}]
    assert edited_body(parked(), refused)


def test_a_body_that_nobody_could_read_may_become_one_of_the_same_submission() -> None:
    letter = parked(body="not the message", headers=outgoing_envelope(MESSAGE, "v").headers())
    sent = as_json()
    del sent["changes"][0]["fields"]["images"]
    assert edited_body(letter, sent)
    assert wrong_with(letter, rewrite("chunk.tenant", "other"))
    typed_wrongly = parked(rewrite("changes.0.sequence", "100"))
    assert edited_body(typed_wrongly, as_json())


def test_what_a_newer_sender_said_may_stay() -> None:
    newer = rewrite("chunk.lane", "fast")
    assert edited_body(parked(newer), newer)
    assert [reason.field for reason in wrong_with(parked(), newer)] == ["chunk.lane"]


@pytest.mark.parametrize(
    "strange",
    [
        {"message_type": "chunk.validated.v2"},
        {"message_id": "order-17"},
        {"headers": {}},
        {"message_type": ""},
    ],
)
def test_what_no_body_can_make_readable_is_told(strange: dict[str, Any]) -> None:
    with pytest.raises(Refusal) as refusal:
        edited_body(parked(**strange), as_json())
    assert refusal.value.status == 409


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
names = st.sampled_from(["chunk", "changes", "outcomes", "tenant", "shop", "position", "sequence", "sha256"])


@given(before=values | st.dictionaries(names, values), after=st.dictionaries(names, values))
def test_whatever_was_parked_and_whatever_is_sent_there_is_an_answer(before: Any, after: Any) -> None:
    letter = parked(before, message_id=str(uuid4()))
    assert wrong_with(letter, after)  # none of these is a message of that submission


@given(
    where=st.sampled_from(["tenant", "shop", "submission_id", "chunk_id"]), value=st.text(max_size=12),
    field=st.sampled_from(["sequence", "product_id"]), number=st.integers(-5, 2000),
)  # fmt: skip
def test_no_edit_that_goes_through_changes_an_identity(
    where: str, value: str, field: str, number: int
) -> None:
    sent = rewrite(f"chunk.{where}", value)
    sent["changes"][1][field] = number
    same = value == as_json()["chunk"][where] and number == as_json()["changes"][1][field]
    try:
        body = edited_body(parked(), sent)
    except Refusal:
        assert not same
    else:
        assert same
        assert json.loads(body) == as_json()
