"""Schemas of a document that stand alone: with the definitions that they refer to, and no others."""

import json
import re
from collections.abc import Mapping
from typing import Any

_REFERENCE = re.compile(r'"\$ref": "#/components/schemas/([^"]+)"')


def with_definitions(schema: Mapping[str, Any], document: Mapping[str, Any]) -> dict[str, Any]:
    """The schema, with every component that it needs below `components`, where its references look."""
    known: Mapping[str, Any] = document.get("components", {}).get("schemas", {})
    needed: dict[str, Any] = {}
    waiting = _named_in(schema)
    while waiting:
        name = waiting.pop()
        needed[name] = known[name]
        waiting |= _named_in(known[name]) - set(needed)
    # a reference beside which anything stands would not be followed by every validator
    return (
        {"allOf": [schema], "components": {"schemas": dict(sorted(needed.items()))}} if needed else {**schema}
    )


def _named_in(schema: Any) -> set[str]:
    return set(_REFERENCE.findall(json.dumps(schema)))
