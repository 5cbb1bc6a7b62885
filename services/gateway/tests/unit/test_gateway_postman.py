"""The Postman collection is the document's: the same requests, and each can be sent after those before it."""

import json
import re
from collections.abc import Iterator
from typing import Any

from gateway.openapi.document import openapi_document
from gateway.operations.every import every_operation
from gateway.postman.collection import postman_collection
from gateway.postman.journey import STEPS, VARIABLES
from gateway.postman.schemas import with_definitions

DOCUMENT = openapi_document(every_operation())
COLLECTION = postman_collection(DOCUMENT)
USED = re.compile(r"{{(\w+)}}")
KEPT = re.compile(r"keep\('(\w+)'")


def items() -> Iterator[tuple[str, dict[str, Any]]]:
    """Folder and request, in the order of a run."""
    for folder in COLLECTION["item"]:
        for item in folder["item"]:
            yield folder["name"], item


def script_of(item: dict[str, Any], listen: str) -> str:
    return "\n".join(
        line for event in item["event"] if event["listen"] == listen for line in event["script"]["exec"]
    )


def test_its_requests_are_the_operations_in_the_folders_of_their_tags() -> None:
    told = {
        (operation["tags"][0], operation["operationId"], method.upper(), re.sub(r"{(\w+)}", r":\1", path))
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    found = [
        (folder, item["id"], item["request"]["method"], "/" + "/".join(item["request"]["url"]["path"]))
        for folder, item in items()
    ]
    assert sorted(found) == sorted(told)


def test_what_the_run_knows_of_there_is() -> None:
    assert set(STEPS) <= {item["id"] for _, item in items()}


def test_a_request_uses_what_is_set_or_an_earlier_one_has_kept() -> None:
    known = {*VARIABLES, *KEPT.findall("\n".join(COLLECTION["event"][0]["script"]["exec"]))}
    for _, item in items():
        known |= set(KEPT.findall(script_of(item, "prerequest")))
        missing = set(USED.findall(json.dumps(item["request"]))) - known
        assert missing == set(), f"{item['id']} uses what nobody has kept before"
        known |= set(KEPT.findall(script_of(item, "test")))


def test_every_request_checks_its_status_and_shows_every_answer_of_the_document() -> None:
    for _, item in items():
        assert re.search(r"pm\.test\('the status is \d", script_of(item, "test")), item["id"]
        path = "/" + "/".join(re.sub(r"^:(\w+)$", r"{\1}", part) for part in item["request"]["url"]["path"])
        told = DOCUMENT["paths"][path][item["request"]["method"].lower()]["responses"]
        assert [str(answer["code"]) for answer in item["response"]] == list(told)


def test_names_and_ids_are_each_for_one_request() -> None:
    for name in ("id", "name"):
        names = [item[name] for _, item in items()]
        assert len(set(names)) == len(names)


def test_it_holds_no_credential() -> None:
    secrets = ("jwt_token", "email", "password", "inbound_secret")
    assert [VARIABLES[name][0] for name in secrets] == ["", "", "", ""]


def test_a_schema_stands_alone_with_what_it_needs() -> None:
    document = {
        "components": {
            "schemas": {
                "A": {"properties": {"b": {"$ref": "#/components/schemas/B"}}},
                "B": {"type": "string"},
                "C": {},
            }
        }
    }
    alone = with_definitions({"$ref": "#/components/schemas/A"}, document)
    assert set(alone["components"]["schemas"]) == {"A", "B"}
    assert with_definitions({"type": "object"}, document) == {"type": "object"}
