"""The frozen contracts: a JSON Schema and samples of every message and webhook, as they have been published.

    python tests/contracts/freeze.py        (make contracts)

writes what is new: schemas of new types, schemas that grew by optional fields, a further sample of what grew,
and the examples that the documents show. It refuses anything else, because services of two versions run side
by side during every update, and receivers outside are not updated at all: a message of yesterday must be
readable today, and one of today yesterday. What has to change otherwise becomes a `v2` beside the `v1`.
"""

import json
import sys
import types
import typing
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from pathlib import Path
from typing import Any

from pydantic import BaseModel, JsonValue

from common.messages import MESSAGE_TYPES
from common.public.events import PUBLIC_EVENTS
from common.public.samples import Scene, sample_body, sample_event
from common.public.webhooks import SENT_BODIES

FOLDER = Path(__file__).parent
SCHEMAS = FOLDER / "schemas"
SAMPLES = FOLDER / "samples"

WHAT_TO_DO = (
    "What is published only grows by optional fields: undo the change, or make a new version of it beside "
    "this one (`….v2`), run `make contracts`, and go on telling both."
)

Schema = dict[str, Any]

_EXAMPLES: dict[object, object] = {
    bool: True,
    int: 7,
    Decimal: Decimal("12.50"),
    datetime: datetime(2026, 1, 1, 12, 30, tzinfo=UTC),
    date: date(2026, 1, 1),
    JsonValue: ["7", {"en": "text"}],
}


def contracts() -> dict[str, type[BaseModel]]:
    """All that others rely on: the messages, the public events among them, and the bodies of webhooks."""
    return MESSAGE_TYPES | {f"webhook.{name}.v1": body for name, body in SENT_BODIES.items()}


def examples() -> dict[str, Any]:
    """What the documents show of what goes outside."""
    events = {event.message_type: sample_event(event.event_name(), Scene()) for event in PUBLIC_EVENTS}
    webhooks = {f"webhook.{name}.v1": sample_body(name, Scene()) for name in SENT_BODIES}
    return {name: json.loads(event.to_json()) for name, event in events.items()} | {
        name: json.loads(body) for name, body in webhooks.items()
    }


def schema_of(model: type[BaseModel]) -> Schema:
    """Today's schema, without prose: words may change."""
    return typing.cast("Schema", _without_prose(model.model_json_schema()))


def _without_prose(node: Any) -> Any:
    if isinstance(node, list):
        return [_without_prose(entry) for entry in node]
    if not isinstance(node, dict):
        return node
    prose = ("title", "description")  # as keywords they are text; properties of these names are schemas
    return {k: _without_prose(v) for k, v in node.items() if not (k in prose and isinstance(v, str))}


def frozen_schema(message_type: str) -> Schema | None:
    file = SCHEMAS / f"{message_type}.json"
    return json.loads(file.read_text()) if file.exists() else None


def complaints(name: str, model: type[BaseModel] | None) -> list[str]:
    """What is wrong with a contract as it is today, and what to do, in sentences; empty when all is well."""
    frozen = frozen_schema(name)
    if model is None:
        return [f"{name} is gone: a sender of yesterday still sends it. {WHAT_TO_DO}"]
    if frozen is None:
        return [f"{name} is new: run `make contracts` and commit what it writes."]
    return [f"{name}: {problem}. {WHAT_TO_DO}" for problem in problems(frozen, schema_of(model))]


def problems(frozen: Schema, today: Schema) -> list[str]:
    """What keeps a reader of the one from reading the other: empty when it only grew by optional fields."""
    return list(_Comparison(frozen, today).of(frozen, today, ""))


@dataclass
class _Comparison:
    """Two schemas, whose parts refer to definitions at their roots."""

    frozen: Schema
    today: Schema
    seen: set[tuple[str, str]] = field(default_factory=set)  # the part of then, the part of now

    def of(self, old: Any, new: Any, path: str) -> Iterator[str]:
        if isinstance(old, dict) and "$ref" in old and isinstance(new, dict) and "$ref" in new:
            if (parts := (old["$ref"], new["$ref"])) in self.seen:
                return
            self.seen.add(parts)
            old, new = _resolved(old, self.frozen), _resolved(new, self.today)
        if isinstance(old, dict) and isinstance(new, dict) and "properties" in old:
            yield from self._of_fields(old, new, path)
        else:
            yield from self._of_plain(old, new, path)

    def _of_plain(self, old: Any, new: Any, path: str) -> Iterator[str]:
        """Anything but a part: every keyword stays, and has schemas below that are compared in turn."""
        if isinstance(old, dict) and isinstance(new, dict) and old.keys() == new.keys():
            for keyword in sorted(old.keys() - {"$defs", "$ref"}):
                yield from self.of(old[keyword], new[keyword], path)
        elif _has_schemas(old) and _has_schemas(new) and len(old) == len(new):
            for one, other in zip(old, new, strict=True):
                yield from self.of(one, other, path)
        elif old != new:
            yield f"{path or 'the message'} was {json.dumps(old)} and is {json.dumps(new)}"

    def _of_fields(self, old: Schema, new: Schema, path: str) -> Iterator[str]:
        were, are = old["properties"], new.get("properties", {})
        required_before, required_now = set(old.get("required", ())), set(new.get("required", ()))
        for name in were:
            place = f"{path}.{name}".lstrip(".")
            if name not in are:
                yield f"{place} is gone"
                continue
            if name in required_before - required_now:
                yield f"{place} was required and is optional: a reader of yesterday insists on it"
            if name in required_now - required_before:
                yield f"{place} was optional and is required"
            yield from self.of(were[name], are[name], place)
        for name in sorted((are.keys() - were.keys()) & required_now):
            yield f"{path}.{name} is new and required: yesterday's messages lack it".lstrip(".")


def _has_schemas(node: object) -> bool:
    return isinstance(node, list) and all(isinstance(entry, dict) for entry in node)


def _resolved(node: Schema, root: Schema) -> Schema:
    name = str(node["$ref"]).removeprefix("#/$defs/")
    return typing.cast("Schema", root["$defs"][name])


def sample_of(model: type[BaseModel]) -> BaseModel:
    """An instance with every field set."""
    hints = typing.get_type_hints(model)
    return model(**{name: _example(hints[name], name) for name in model.model_fields})


def _example(kind: Any, name: str) -> object:
    if kind is str or kind in _EXAMPLES:
        return _EXAMPLES.get(kind, name)
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (types.UnionType, typing.Union):
        return _example(next(a for a in arguments if a is not type(None)), name)
    if origin in _OF_ARGUMENTS:
        return _OF_ARGUMENTS[origin](arguments, name)
    if issubclass(kind, Enum):
        return next(iter(kind))
    return sample_of(kind)


_OF_ARGUMENTS: dict[object, Callable[[tuple[Any, ...], str], object]] = {
    typing.Literal: lambda arguments, _: arguments[0],
    tuple: lambda arguments, name: (_example(arguments[0], name),),
    dict: lambda arguments, name: {"en": _example(arguments[1], name)},
}


def samples_of(message_type: str) -> list[Path]:
    """What has been sent by this version and those before it, oldest first."""
    return sorted((SAMPLES / message_type).glob("*.json"))


def main() -> int:
    """Write what is new; the exit status is 1 when something else has changed."""
    refused = False
    for name, model in sorted(contracts().items()):
        frozen, today = frozen_schema(name), schema_of(model)
        if frozen == today:
            continue
        found = [] if frozen is None else complaints(name, model)
        for complaint in found:
            print(complaint, file=sys.stderr)  # noqa: T201 - the command's output
        refused |= bool(found)
        if not found:
            (SCHEMAS / f"{name}.json").write_text(_pretty(today))
            _add_sample(name, json.loads(sample_of(model).model_dump_json(by_alias=True)))
    for name, example in examples().items():
        if not refused and example not in (json.loads(file.read_text()) for file in samples_of(name)):
            _add_sample(name, example)
    return int(refused)


def _add_sample(name: str, sample: Any) -> None:
    file = SAMPLES / name / f"{len(samples_of(name)) + 1:04}.json"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_pretty(sample))
    print(f"{name}: frozen, with {file.relative_to(FOLDER)}")  # noqa: T201 - the command's output


def _pretty(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False, sort_keys=True) + "\n"


if __name__ == "__main__":
    sys.exit(main())
