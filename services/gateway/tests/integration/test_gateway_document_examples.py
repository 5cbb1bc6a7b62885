"""The examples of the OpenAPI document, sent as they stand; the client holds the answers against it."""

from collections.abc import Mapping
from typing import Any

from gateway.access.scopes import Role
from gateway.operations.every import every_operation
from gateway.operations.operation import Operation, Tag
from gateway.testing import Running, logged_in

OF_OTHERS = {Tag.WEBHOOKS, Tag.SHOPS, Tag.DEAD_LETTERS}
"""Other services answer, or something has to fail first: the Postman collection runs against a stack."""

NEED_MORE = {
    "deliverProducts": "a signature",
    "sendPicture": "the bytes of a picture",
    "isPictureKnown": "the same",
    "changePassword": "the password, which it changes for whoever comes next",
    "changePasswordV1": "the same",
    "readGuide": "a page: not for programs",
    "readPageFile": "the same",
}
REFUSED = {
    "refresh": 401,  # the token of an example is nobody's
    "refreshV1": 401,
    "retrySync": 409,  # all went well
    "retryBulk": 409,
    "cancelSync": 409,
    "cancelBulk": 409,
}


async def test_every_example_is_answered_as_documented(gateway: Running) -> None:
    ids = await _made_ready(gateway)
    operations = [one for one in every_operation() if one.tag not in OF_OTHERS]
    for operation in sorted(operations, key=lambda one: one.method == "DELETE"):
        if operation.operation_id not in NEED_MORE:
            for title, body in _bodies(operation).items():
                await _send(gateway, operation, title, body, ids)


async def _made_ready(gateway: Running) -> Mapping[str, str]:
    """What the paths of the examples name."""
    sync = await gateway.client.post("/api/products/sync", _first_body("syncProduct"))
    bulk = await gateway.client.post("/api/products/bulk", _first_body("sendBulk"))
    key = await gateway.client.post("/api/auth/api-keys", _first_body("addApiKey"))
    user = await logged_in(gateway, "somebody@example.com", Role.VIEWER)
    me = await user.get("/api/auth/me")
    return {
        "sync_id": sync.body["data"]["syncId"],
        "bulk_id": bulk.body["data"]["bulkId"],
        "api_key_id": key.body["data"]["api_key_id"],
        "user_id": me.body["data"]["user_id"],
    }


def _first_body(operation_id: str) -> Any:
    [operation] = [one for one in every_operation() if one.operation_id == operation_id]
    return next(iter(_bodies(operation).values()))


def _bodies(operation: Operation) -> Mapping[str, Any]:
    """By their titles; one that is None where nothing is sent."""
    return {"nothing": None} if operation.body is None else operation.body.examples


async def _send(
    gateway: Running, operation: Operation, title: str, body: Any, ids: Mapping[str, str]
) -> None:
    path, query = operation.path, {}
    for parameter in operation.parameters:
        if parameter.place == "path":
            example = ids.get(parameter.name, parameter.example)
            path = path.replace(f"{{{parameter.name}}}", str(example))
        elif parameter.place == "query" and parameter.example is not None:
            query[parameter.name] = str(parameter.example)
    options = {} if body is None else {"json": body}
    answer = await gateway.client(operation.method, path, params=query, **options)
    expected = {REFUSED[operation.operation_id]} if operation.operation_id in REFUSED else operation.answers
    assert answer.status in expected, f"{operation.operation_id}, {title}: {answer.status} {answer.body}"
