"""Services of two versions understand each other: today's messages against those that were published."""

import copy
import json
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from common.messages import MESSAGE_TYPES, decode

freeze = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("freeze.py"))))
published = sorted(file.stem for file in freeze.SCHEMAS.glob("*.json"))


def test_every_message_type_is_frozen() -> None:
    missing = sorted(MESSAGE_TYPES.keys() - set(published))
    assert not missing, f"{missing}: run `make contracts` and commit what it writes"


@pytest.mark.parametrize("message_type", published)
def test_a_published_message_only_grows_by_optional_fields(message_type: str) -> None:
    assert message_type in MESSAGE_TYPES, f"{message_type} is gone: a sender of yesterday still sends it"
    today = freeze.schema_of(MESSAGE_TYPES[message_type])

    found = freeze.problems(freeze.frozen_schema(message_type), today)

    assert not found, f"{message_type}: {'; '.join(found)}. {freeze.WHAT_TO_DO}"


@pytest.mark.parametrize("message_type", published)
def test_yesterday_s_samples_are_read_whole(message_type: str) -> None:
    samples = freeze.samples_of(message_type)
    assert samples
    for file in samples:
        sample = json.loads(file.read_text())

        read = decode(message_type, file.read_bytes())

        assert json.loads(read.to_json()) == sample, f"{file.name} lost something on its way"


FROZEN = {
    "type": "object",
    "$defs": {
        "Item": {
            "type": "object",
            "properties": {"reference": {"type": "string"}, "price": {"type": "string", "default": ""}},
            "required": ["reference"],
        },
        "Result": {"enum": ["created", "updated"], "type": "string"},
    },
    "properties": {
        "items": {"type": "array", "items": {"$ref": "#/$defs/Item"}},
        "result": {"$ref": "#/$defs/Result"},
    },
    "required": ["items", "result"],
}


def _changed(change: Callable[[Any], object]) -> Any:
    today = copy.deepcopy(FROZEN)
    change(today)
    return today


def _item(today: Any) -> Any:
    return today["$defs"]["Item"]


HARMLESS: dict[str, Callable[[Any], object]] = {
    "nothing": lambda _: None,
    "an optional field": lambda t: _item(t)["properties"].update(weight={"type": "string", "default": ""}),
    "an optional part": lambda t: (
        t["$defs"].update(Note={"type": "object", "properties": {}}),
        t["properties"].update(note={"$ref": "#/$defs/Note"}),
    ),
}
BREAKING: dict[str, Callable[[Any], object]] = {
    "items.reference is gone": lambda t: _item(t)["properties"].pop("reference"),
    "items.reference was required": lambda t: _item(t)["required"].remove("reference"),
    "items.price was optional and is required": lambda t: _item(t)["required"].append("price"),
    'items.reference was "string" and is "integer"': lambda t: _item(t)["properties"]["reference"].update(
        type="integer"
    ),
    "weight is new and required": lambda t: (
        _item(t)["properties"].update(weight={"type": "string"}),
        _item(t)["required"].append("weight"),
    ),
    'result was ["created", "updated"]': lambda t: t["$defs"]["Result"]["enum"].append("deleted"),
    "items was": lambda t: t["properties"]["items"].update(maxItems=50),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_growing_by_something_optional_is_no_problem(change: Callable[[Any], object]) -> None:
    assert freeze.problems(FROZEN, _changed(change)) == []


@pytest.mark.parametrize(("says", "change"), BREAKING.items(), ids=BREAKING.keys())
def test_any_other_change_is_named(says: str, change: Callable[[Any], object]) -> None:
    [problem] = freeze.problems(FROZEN, _changed(change))

    assert says in problem
