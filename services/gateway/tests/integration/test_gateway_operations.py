"""Each route is an operation, which says the scope that it needs, and nobody gets in with less."""

import re

from gateway.access.scopes import SCOPES_OF_ROLE, Role
from gateway.operations.operation import Operations
from gateway.routing import OPERATIONS
from gateway.testing import Client, Running, logged_in


def routes_of(gateway: Running) -> list[tuple[str, str]]:
    assert gateway.runtime.web_app is not None
    return [
        (route.method, route.resource.canonical)
        for route in gateway.runtime.web_app.router.routes()
        if route.resource is not None
    ]


def operations_of(gateway: Running) -> Operations:
    assert gateway.runtime.web_app is not None
    return gateway.runtime.web_app[OPERATIONS]


async def test_every_route_is_an_operation_and_every_operation_a_route(gateway: Running) -> None:
    told = {(operation.method, operation.path) for operation in operations_of(gateway)}
    found = set(routes_of(gateway))
    of_get = {("HEAD", path) for method, path in told if method == "GET"}
    assert found - told - of_get == set(), (
        "nobody may call these, and no document names them: write an Operation for each in "
        "gateway/operations/, return Route(operation, handler) from routes(), and add that to the list "
        "in gateway/main.py"
    )
    assert told - found == set(), "these operations are carried out by no route"


async def test_each_role_gets_as_far_as_its_scopes(gateway: Running) -> None:
    clients = {role: await logged_in(gateway, f"{role}@example.com", role) for role in Role}
    operations = operations_of(gateway)
    for method, path in routes_of(gateway):
        operation = operations.find(method, path)
        assert operation is not None
        if operation.is_open_to_all:
            continue
        needed = operation.needed_scopes
        for role in (Role.VIEWER, Role.MANAGER, Role.ADMIN):
            answer = await clients[role](method, re.sub(r"{\w+}", "x", path))
            case = f"{role} {method} {path}: {answer.status} {answer.body}"
            if needed <= SCOPES_OF_ROLE[role]:
                assert answer.status not in {401, 403}, case
            else:
                assert answer.status == 403, case
                [scope] = needed
                assert f'error="insufficient_scope", scope="{scope}"' in answer.headers["WWW-Authenticate"]


ASK_FOR_THEIR_OWN = ("/logout", "/api/webhooks/gesmart/products")
"""What is ended, and a signature: neither is a caller's credential."""


async def test_public_routes_need_no_credential(gateway: Running) -> None:
    nobody = Client(gateway.client.http, gateway.client.url)
    open_to_all = [operation for operation in operations_of(gateway) if operation.is_open_to_all]
    assert open_to_all
    for operation in open_to_all:
        answer = await nobody(operation.method, operation.path)
        assert answer.status != 403, operation.path
        assert answer.status != 401 or operation.path.endswith(ASK_FOR_THEIR_OWN), operation.path
