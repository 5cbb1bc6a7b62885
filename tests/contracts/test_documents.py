"""The documents in `docs/` are those of the code, and are what they say that they are."""

import json
import runpy
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import jsonschema_rs
import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from common.public.asyncapi import asyncapi_document
from common.public.webhooks import EVENT_TYPES
from gateway.openapi.document import openapi_document
from gateway.operations.every import every_operation
from stack.servers import Command

documents = SimpleNamespace(**runpy.run_path(str(Path(__file__).with_name("documents.py"))))


@pytest.fixture(scope="module")
def openapi() -> dict[str, Any]:
    return openapi_document(every_operation())


@pytest.mark.parametrize("name", documents.DOCUMENTS)
def test_the_copy_in_docs_is_the_document_of_the_code(name: str) -> None:
    kept = (documents.FOLDER / name).read_text()
    assert kept == documents.text_of(documents.DOCUMENTS[name]()), f"docs/{name} is old: make documents"


def test_the_document_is_openapi_3_1(openapi: dict[str, Any]) -> None:
    assert [str(error) for error in OPENAPI_31_VALIDATOR.iter_errors(openapi)] == []


def test_the_document_of_events_is_asyncapi_3_0(nodejs: Command) -> None:
    assert nodejs.environment is not None
    schemas = Path(nodejs.environment["NODE_PATH"]) / "@asyncapi" / "specs" / "schemas"
    official = jsonschema_rs.validator_for(json.loads((schemas / "3.0.0.json").read_text()))
    document = json.loads(json.dumps(asyncapi_document()))

    assert [str(error) for error in official.iter_errors(document)] == []
    del document["channels"]
    document["channel"] = {}
    assert not official.is_valid(document)


def test_every_operation_says_what_it_answers() -> None:
    silent = [operation.operation_id for operation in every_operation() if not operation.answers]
    assert silent == [], "give these operations an Answer for each status that goes well"


def test_every_example_is_of_its_schema(openapi: dict[str, Any]) -> None:
    validators: dict[str, jsonschema_rs.Draft202012Validator] = {}
    wrong = []
    for place, content in _contents(openapi):
        name = json.dumps(content["schema"])
        if name not in validators:
            validators[name] = _validator(openapi, content["schema"])
        errors = (error for one in _examples(content) for error in validators[name].iter_errors(one))
        wrong += [f"{place}: {error.message}" for error in errors]
    assert wrong == []


def test_every_json_body_has_an_example(openapi: dict[str, Any]) -> None:
    bare = [
        place
        for place, content in _contents(openapi)
        if "application/json" in place and not list(_examples(content))
    ]
    assert bare == []


def _contents(openapi: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Whatever has a schema and examples, with its place."""
    for path, methods in openapi["paths"].items():
        for method, operation in methods.items():
            for parameter in operation.get("parameters", ()):
                yield f"{method} {path} {parameter['name']}", parameter
            told = {"asked": operation.get("requestBody", {}), **operation["responses"]}
            for use, whole in told.items():
                for content_type, content in whole.get("content", {}).items():
                    yield f"{method} {path} {use} {content_type}", content
    for name, response in openapi["components"]["responses"].items():
        for content_type, content in response["content"].items():
            yield f"{name} {content_type}", content


def _examples(content: dict[str, Any]) -> Iterator[Any]:
    if "example" in content:
        yield content["example"]
    yield from (example["value"] for example in content.get("examples", {}).values())


def _validator(openapi: dict[str, Any], schema: dict[str, Any]) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator({**schema, "components": openapi["components"]})


@pytest.mark.parametrize("name", EVENT_TYPES)
def test_the_guide_names_every_event(name: str) -> None:
    assert f"`{name}`" in (documents.FOLDER / "guides" / "webhooks.md").read_text()
