"""Services of two versions understand each other: today's messages against those that were published."""

import copy
import json
import re
import runpy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import create_model

from common.messages.contract import Part
from common.public.asyncapi import asyncapi_document
from common.public.webhooks import ChunkBody

freeze = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("freeze.py"))))
contracts = freeze.contracts()
published = sorted(file.stem for file in freeze.SCHEMAS.glob("*.json"))


def test_everything_that_others_rely_on_is_frozen() -> None:
    complaints = [c for name, model in contracts.items() for c in freeze.complaints(name, model)]
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("name", published)
def test_what_is_published_only_grows_by_optional_fields(name: str) -> None:
    complaints = freeze.complaints(name, contracts.get(name))
    assert not complaints, "\n".join(complaints)


@pytest.mark.parametrize("name", published)
def test_yesterday_s_samples_are_read_whole(name: str) -> None:
    samples = freeze.samples_of(name)
    assert samples
    for file in samples:
        read = contracts[name].model_validate_json(file.read_bytes())

        written = json.loads(read.model_dump_json(by_alias=True, exclude_unset=True))
        assert written == json.loads(file.read_text()), f"{file.name} lost something on its way"


@pytest.mark.parametrize(("name", "example"), freeze.examples().items())
def test_what_the_documents_show_is_frozen(name: str, example: Any) -> None:
    frozen = [json.loads(file.read_text()) for file in freeze.samples_of(name)]
    assert example in frozen, f"the example of {name} has changed: run `make contracts`"


def test_the_examples_of_asyncapi_are_frozen_ones() -> None:
    messages = asyncapi_document()["components"]["messages"]
    shown = {name: message["examples"][0]["payload"] for name, message in messages.items()}
    assert shown == {re.sub(r"^(webhook\..*)\.v1$", r"\1", name): e for name, e in freeze.examples().items()}


Fields = dict[str, Any]
PLANTED: dict[str, Callable[[Fields, str], object]] = {
    "{field} is gone": lambda fields, field: fields.pop(field),
    "{field} was": lambda fields, field: fields.update({field: (bytes, ...)}),
    "planted is new and required": lambda fields, _: fields.update(planted=(str, ...)),
}


@pytest.mark.parametrize(("says", "plant"), PLANTED.items(), ids=PLANTED.keys())
@pytest.mark.parametrize("name", sorted(freeze.examples()))
def test_a_change_that_breaks_a_receiver_is_refused_with_what_to_do(
    name: str, says: str, plant: Callable[[Fields, str], object]
) -> None:
    model = contracts[name]
    field = "chunkId" if model is ChunkBody else next(iter(model.model_fields))
    fields: Fields = {info.alias or key: (info.annotation, info) for key, info in model.model_fields.items()}
    plant(fields, field)
    changed = create_model("Changed", __base__=Part, **fields)

    [complaint] = {c for c in freeze.complaints(name, changed) if says.format(field=field) in c}

    assert complaint.startswith(f"{name}: ")
    assert "undo the change, or make a new version of it beside this one" in complaint


def test_a_part_in_the_place_of_another_that_was_compared_elsewhere_is_named() -> None:
    class Planted(Part):
        sentence: str

    outcome = contracts["chunk.completed.v1"].model_fields["outcomes"].annotation.__args__[0]
    item = create_model("ItemOutcome", __base__=outcome, warnings=(tuple[Planted, ...], ()))
    changed = create_model(
        "ChunkCompleted", __base__=contracts["chunk.completed.v1"], outcomes=(tuple[item, ...], ...)
    )

    complaints = freeze.complaints("chunk.completed.v1", changed)

    assert any("outcomes.warnings.code is gone" in complaint for complaint in complaints)


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
        "spare": {"$ref": "#/$defs/Item"},
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
    "spare.reference is gone": lambda t: (
        t["$defs"].update(Spare={"type": "object", "properties": {"price": _item(t)["properties"]["price"]}}),
        t["properties"].update(spare={"$ref": "#/$defs/Spare"}),
    ),
    "items was": lambda t: t["properties"]["items"].update(maxItems=50),
}


@pytest.mark.parametrize("change", HARMLESS.values(), ids=HARMLESS.keys())
def test_growing_by_something_optional_is_no_problem(change: Callable[[Any], object]) -> None:
    assert freeze.problems(FROZEN, _changed(change)) == []


@pytest.mark.parametrize(("says", "change"), BREAKING.items(), ids=BREAKING.keys())
def test_any_other_change_is_named(says: str, change: Callable[[Any], object]) -> None:
    [problem] = freeze.problems(FROZEN, _changed(change))

    assert says in problem
