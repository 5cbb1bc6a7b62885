"""Messages as they travel: what was said is what is read, absent stays absent, the unknown is passed over."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, get_type_hints

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import JsonValue, ValidationError

from common.messages import (
    MESSAGE_TYPES,
    ChunkSubmitted,
    Message,
    ProductFields,
    ShopRegistered,
    UnknownMessageType,
    decode,
)
from common.messages.contract import Part

st.register_type_strategy(datetime, st.datetimes(timezones=st.just(UTC)))
st.register_type_strategy(Decimal, st.decimals(allow_nan=False, allow_infinity=False))
scalars = st.none() | st.booleans() | st.integers() | st.text()
st.register_type_strategy(JsonValue, scalars | st.lists(scalars) | st.dictionaries(st.text(), scalars))


def of_model(model: type[Part]) -> st.SearchStrategy[Any]:
    """Any instance of a model; each optional field is sometimes left out."""
    hints = get_type_hints(model)
    required, optional = {}, {}
    for name, field in model.model_fields.items():
        (required if field.is_required() else optional)[name] = st.from_type(hints[name])
    return st.fixed_dictionaries(required, optional=optional).map(lambda values: model(**values))


def parts(model: type[Part]) -> list[type[Part]]:
    return [model, *(deeper for child in model.__subclasses__() for deeper in parts(child))]


for part in parts(Part):
    st.register_type_strategy(part, st.deferred(lambda part=part: of_model(part)))

messages = st.one_of([st.from_type(model) for model in MESSAGE_TYPES.values()])


@given(message=messages)
def test_a_message_is_read_as_it_was_said(message: Message) -> None:
    read = decode(message.message_type, message.to_json())

    assert read == message
    # Equality alone passes over the difference of an absent field and a default that was given.
    assert read.model_dump(exclude_unset=True) == message.model_dump(exclude_unset=True)


NAMED_LIKE_FIELDS = ShopRegistered(
    tenant="acme", shop="milano", sequence=1, settings={"code": {"position": 1}}, sealed_key=""
)


@given(message=messages)
@example(message=NAMED_LIKE_FIELDS)
def test_what_a_newer_sender_adds_is_passed_over(message: Message) -> None:
    newer = with_more_keys(message, json.loads(message.to_json()))

    assert decode(message.message_type, json.dumps(newer).encode()) == message


def with_more_keys(said: Any, sent: Any) -> Any:
    """What was sent, with an unknown key in each part; plain mappings have keys of their own."""
    if isinstance(said, Part):
        grown = {name: with_more_keys(getattr(said, name), value) for name, value in sent.items()}
        return grown | {"unknown_to_us": {"deep": [1, None]}}
    if isinstance(said, tuple):
        return [with_more_keys(one, other) for one, other in zip(said, sent, strict=True)]
    return sent


def test_absent_and_null_are_two_things() -> None:
    absent, cleared = ProductFields(price=1), ProductFields(price=1, brand=None)  # type: ignore[arg-type]

    for fields, travels in ((absent, {"price"}), (cleared, {"price", "brand"})):
        body = fields.model_dump_json(exclude_unset=True)
        assert set(json.loads(body)) == travels
        assert ProductFields.model_validate_json(body).model_fields_set == travels


def test_money_keeps_its_digits() -> None:
    fields = ProductFields.model_validate_json('{"price": "10.10", "weight": "0.300"}')

    assert json.loads(fields.model_dump_json(exclude_unset=True)) == {"price": "10.10", "weight": "0.300"}


@pytest.mark.parametrize("name", sorted(MESSAGE_TYPES))
def test_a_message_is_named_for_what_happened_and_its_version(name: str) -> None:
    subject, action, version = name.removeprefix("skuwire.").split(".")  # public ones say whose they are

    assert subject.isidentifier()
    assert action.endswith(("ed", "en", "snapshot", "reachability", "unreachable"))
    assert version[0] == "v"
    assert int(version[1:]) >= 1


def test_a_type_of_a_newer_version_is_unknown_rather_than_misread() -> None:
    with pytest.raises(UnknownMessageType):
        decode("chunk.submitted.v2", b"{}")


@pytest.mark.parametrize("body", [b"", b"null", b"[]", b"{", b"\xff\xfe", b'{"chunk": {}}', b"[" * 100_000])
def test_a_body_that_does_not_fit_is_refused(body: bytes) -> None:
    with pytest.raises(ValidationError):
        decode(ChunkSubmitted.message_type, body)


def test_a_message_cannot_be_changed() -> None:
    fields = ProductFields(quantity=1)

    with pytest.raises(ValidationError):
        fields.quantity = 2
