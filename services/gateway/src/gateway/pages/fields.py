"""The fields of a JSON Schema as rows of a table: path, type, whether it is always there, what it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

Schema = Mapping[str, Any]

DEEPEST = 6
COMPONENTS = "#/components/schemas/"


@dataclass(frozen=True)
class Field:
    """One row; `path` has `[]` behind what is a list."""

    path: str
    kind: str
    is_required: bool
    about: str


def fields_of(schema: Schema, components: Schema, path: str = "") -> Iterator[Field]:
    """The fields of an object, those inside of it after it."""
    whole = resolved(schema, components)
    required = whole.get("required", ())
    for name, part in whole.get("properties", {}).items():
        own = resolved(part, components)
        inner, depth = f"{path}{name}", path.count(".")
        yield Field(inner, kind_of(part, components), name in required, own.get("description", ""))
        if depth < DEEPEST:
            yield from _inside(own, components, inner)


def _inside(schema: Schema, components: Schema, path: str) -> Iterator[Field]:
    for choice in _choices(schema, components):
        if "items" in choice:
            items = resolved(choice["items"], components)
            yield from fields_of(items, components, f"{path}[].")
        elif "properties" in choice:
            yield from fields_of(choice, components, f"{path}.")


def kind_of(schema: Schema, components: Schema) -> str:
    """The type in words: `string`, `list of object`, `integer or null`, `"created" or "updated"`."""
    own = resolved(schema, components)
    if "const" in own:
        return f'"{own["const"]}"'
    if "enum" in own:
        return " or ".join(f'"{value}"' for value in own["enum"])
    if "anyOf" in own:
        return " or ".join(dict.fromkeys(kind_of(choice, components) for choice in own["anyOf"]))
    kinds = own.get("type", "any value")
    if isinstance(kinds, list):
        return " or ".join(kinds)
    if kinds == "array" and "items" in own:
        return f"list of {kind_of(own['items'], components)}"
    return f"{kinds} ({own['format']})" if "format" in own else str(kinds)


def resolved(schema: Schema, components: Schema) -> Schema:
    """The schema behind a reference; what stands beside the reference counts before it."""
    if "$ref" not in schema:
        return schema
    behind = resolved(components[schema["$ref"].removeprefix(COMPONENTS)], components)
    return {**behind, **{key: value for key, value in schema.items() if key != "$ref"}}


def _choices(schema: Schema, components: Schema) -> Iterator[Schema]:
    for choice in schema.get("anyOf", (schema,)):
        yield resolved(choice, components)
