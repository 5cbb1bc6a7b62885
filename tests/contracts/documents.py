"""The documents that the gateway serves, kept in `docs/` for whoever reads them without a running one.

    python tests/contracts/documents.py        (make documents)

writes them; `test_documents.py` fails where they are not those of the code.
"""

import json
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from common.public.asyncapi import asyncapi_document
from gateway.openapi.document import openapi_document
from gateway.operations.every import every_operation
from gateway.postman.collection import postman_collection

FOLDER = Path(__file__).parents[2] / "docs"


def openapi() -> dict[str, Any]:
    """The HTTP API."""
    return openapi_document(every_operation())


def postman() -> dict[str, Any]:
    """The same as a collection for Postman."""
    return postman_collection(openapi())


DOCUMENTS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "openapi.json": openapi,
    "postman_collection.json": postman,
    "asyncapi.json": asyncapi_document,
}
"""How each document is made, by the name of its file."""


def text_of(document: Mapping[str, Any]) -> str:
    """As it stands in the file."""
    return json.dumps(document, indent=1, ensure_ascii=False) + "\n"


def main() -> int:
    """Write what is no longer true."""
    for name, make in DOCUMENTS.items():
        path, text = FOLDER / name, text_of(make())
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            print(f"written: docs/{name}")  # noqa: T201 - a command's output
    return 0


if __name__ == "__main__":
    sys.exit(main())
