"""The documents in `docs/` are those of the code, and are what they say that they are."""

import runpy
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from schemathesis.specs.openapi.definitions import OPENAPI_31_VALIDATOR

from gateway.openapi.document import openapi_document
from gateway.operations.every import every_operation

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
