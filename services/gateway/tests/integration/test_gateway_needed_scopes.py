"""Each route says the scope that it needs, and nobody gets in with less."""

import re

from gateway.access import needed_scopes as table
from gateway.access.scopes import SCOPES_OF_ROLE, Role
from gateway.testing import Client, Running, logged_in


def routes_of(gateway: Running) -> list[tuple[str, str]]:
    assert gateway.runtime.web_app is not None
    return [
        (route.method, route.resource.canonical)
        for route in gateway.runtime.web_app.router.routes()
        if route.resource is not None
    ]


async def test_the_table_and_the_router_are_the_same(gateway: Running) -> None:
    told = set(table._NEEDED) | table.PUBLIC
    found = set(routes_of(gateway))
    of_get = {("HEAD", path) for method, path in told if method == "GET"}
    assert found - told - of_get == set(), "say in needed_scopes.py which scope these need"
    assert told - found == set(), "needed_scopes.py names routes that there are not"


async def test_each_role_gets_as_far_as_its_scopes(gateway: Running) -> None:
    clients = {role: await logged_in(gateway, f"{role}@example.com", role) for role in Role}
    for method, path in routes_of(gateway):
        if table.is_public(method, path):
            continue
        needed = table.needed_scopes(method, path)
        assert needed is not None
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
    for method, path in table.PUBLIC:
        answer = await nobody(method, path)
        assert answer.status != 403, path
        assert answer.status != 401 or path.endswith(ASK_FOR_THEIR_OWN), path
