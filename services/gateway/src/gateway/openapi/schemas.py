"""JSON Schemas of the types that operations name, as components of a document."""

from collections.abc import Iterable
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import core_schema

Schema = dict[str, Any]

COMPONENTS = "#/components/schemas/"


class _WithoutNames(GenerateJsonSchema):
    """Without the titles that pydantic makes of the names of fields and types."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002 - pydantic's signature
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> Schema:
        """A field that may be left out is no null then: it stays as it is."""
        made = super().default_schema(schema)
        return _without(made, "default") if made.get("default") is None else made

    def typed_dict_schema(self, schema: core_schema.TypedDictSchema) -> Schema:
        return _without(super().typed_dict_schema(schema), "title")

    def model_schema(self, schema: core_schema.ModelSchema) -> Schema:
        return _without(super().model_schema(schema), "title")

    def enum_schema(self, schema: core_schema.EnumSchema) -> Schema:
        return _without(super().enum_schema(schema), "title")


def _without(schema: Schema, name: str) -> Schema:
    return {key: value for key, value in schema.items() if key != name}


class Schemas:
    """The schemas of many types. Those of named types are components, referred to where they are used."""

    def __init__(self, kinds: Iterable[Any]) -> None:
        self._kinds = list(kinds)
        inputs = [(number, "validation", TypeAdapter(kind)) for number, kind in enumerate(self._kinds)]
        places, made = TypeAdapter.json_schemas(
            inputs,  # type: ignore[arg-type]  # a list of exactly these
            ref_template=COMPONENTS + "{model}",
            schema_generator=_WithoutNames,
        )
        self._schemas = [places[number, "validation"] for number in range(len(self._kinds))]
        self.components: dict[str, Schema] = made.get("$defs", {})

    def of(self, kind: Any) -> Schema:
        """The schema of one of the types."""
        return self._schemas[next(n for n, known in enumerate(self._kinds) if known is kind or known == kind)]

    def example_of(self, schema: Schema) -> Any:
        """A value of the schema, put together from the examples that stand in it."""
        return example_of(schema, self.components)


def example_of(schema: Schema, components: dict[str, Schema]) -> Any:
    """A value of the schema: its own first example, else its first choice, else one made of its parts."""
    if "$ref" in schema:
        inner = components[schema["$ref"].removeprefix(COMPONENTS)]
        return example_of({**inner, **{k: v for k, v in schema.items() if k != "$ref"}}, components)
    if "const" in schema:
        return schema["const"]
    if choices := schema.get("examples") or schema.get("enum"):
        return choices[0]
    if "anyOf" in schema:
        return example_of(schema["anyOf"][0], components)
    return _made_of_parts(schema, components)


def _made_of_parts(schema: Schema, components: dict[str, Schema]) -> Any:
    if schema.get("type") == "object":
        properties = schema.get("properties", {})
        return {key: example_of(properties[key], components) for key in schema.get("required", ())}
    if schema.get("type") == "array":
        return [example_of(schema["items"], components)]
    return {"boolean": True, "integer": 0, "number": 0, "string": ""}.get(str(schema.get("type")))
