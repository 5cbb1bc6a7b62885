"""What every request meets first: credentials, routes, bodies that cannot be read."""

import gzip
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import uuid4

import aiohttp
from aiohttp import web
from pydantic import SecretStr

from common.shops import Shops, ShopSettings
from gateway.access.caller import Caller
from gateway.access.scopes import Role
from gateway.routes.webhooks import WebhookRoutes
from gateway.routing import OPERATIONS, Handler
from gateway.surface import CALLER, answering
from gateway.testing import EMAIL, PASSWORD, Client, Running, logged_in
from stack.ports import free_port


@asynccontextmanager
async def served(app: web.Application) -> AsyncIterator[str]:
    """The address of an application on a free port."""
    runner, port = web.AppRunner(app), free_port()
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


def as_tenant(tenant: str, routes: WebhookRoutes) -> web.Application:
    """The routes as a caller of that tenant meets them."""

    @web.middleware
    async def authenticated(request: web.Request, handler: Handler) -> web.StreamResponse:
        request[CALLER] = Caller(EMAIL, tenant)
        return await handler(request)

    app = web.Application(middlewares=[answering, authenticated])
    app.add_routes(route.definition() for route in routes.routes())
    return app


SHOPS = Shops([ShopSettings(id="milano", tenant="acme", name="Milano", url="https://m.example", key="k")])
BULK = "/api/products/bulk"
SYNC = "/api/products/sync"


async def test_login_answers_in_both_envelopes(gateway: Running) -> None:
    credentials = {"email": EMAIL.upper(), "password": PASSWORD}
    sync = await gateway.client.post("/api/auth/login", credentials)
    assert (sync.status, sync.body["success"]) == (200, True)
    assert (sync.body["data"]["token_type"], sync.body["data"]["expires_in"]) == ("bearer", 7200)
    assert sync.headers["Cache-Control"] == "no-store"
    manager = await gateway.client.post("/api/v1/auth/login", credentials)
    assert manager.body["status"] == "success"
    headers = {"Authorization": f"Bearer {manager.body['data']['access_token']}"}
    assert (await gateway.client.get("/api/products/bulk/bulk_1", headers=headers)).status == 404


WRONG_CREDENTIALS: list[tuple[Any, int]] = [
    ({"email": EMAIL, "password": "wrong"}, 401),
    ({"email": "nobody@example.com", "password": PASSWORD}, 401),
    ({"email": EMAIL}, 422),
    ({"email": 5, "password": ""}, 422),
    ({"email": EMAIL, "password": "x" * 2000}, 422),
    ([], 400),
]


async def test_wrong_credentials_tell_nothing(gateway: Running) -> None:
    gateway.client.token = None
    for body, status in WRONG_CREDENTIALS:
        answer = await gateway.client.post("/api/auth/login", body)
        assert (answer.status, answer.body["success"]) == (status, False), body
        assert PASSWORD not in str(answer.body)


async def test_every_route_needs_a_valid_token(gateway: Running) -> None:
    gateway.client.token = None
    assert gateway.runtime.web_app is not None
    for route in gateway.runtime.web_app.router.routes():
        assert route.resource is not None
        operation = gateway.runtime.web_app[OPERATIONS].find(route.method, route.resource.canonical)
        if operation is not None and operation.is_open_to_all:
            continue
        path = re.sub(r"{\w+}", "x", route.resource.canonical)
        for header in ("", "Bearer", "Bearer x.y.z", "Basic YTpi", "bearer  "):
            answer = await gateway.client(route.method, path, headers={"Authorization": header})
            assert answer.status == 401, (route, header)
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")


async def test_another_tenant_finds_nothing_of_ours(gateway: Running) -> None:
    data = (await gateway.client.post(BULK, {"items": [{"reference": "A"}]})).body["data"]
    gateway.client.token = (await logged_in(gateway, "spy@example.com", Role.ADMIN, tenant="other")).token
    assert (await gateway.client.get(f"{BULK}/{data['bulkId']}")).status == 404
    update = await gateway.client.post(BULK, {"items": [{"id": 9999, "price": 1}]})
    assert update.body["data"]["chunks"] == 1
    await gateway.stations.have_got(2)
    assert gateway.stations.submitted[1].changes[0].reference is None
    assert gateway.stations.submitted[1].chunk.shop == "oslo"
    answer = await gateway.client.get(f"{BULK}/bulk_1", headers={"X-Tenant-Id": "acme"})
    assert answer.status == 403


async def test_unknown_routes_and_methods_answer_in_the_dialects_form(gateway: Running) -> None:
    gateway.client.token = None
    unknown = await gateway.client.get("/api/nothing")
    assert (unknown.status, unknown.body["success"]) == (404, False)
    manager = await gateway.client.get("/api/v1/nothing")
    assert manager.body["error"]["code"] == "not_found"
    wrong = await gateway.client.get(BULK)
    assert (wrong.status, wrong.headers["Allow"]) == (405, "POST")
    problem = await gateway.client.get("/api/nothing", headers={"Accept": "application/problem+json"})
    assert problem.headers["Content-Type"].startswith("application/problem+json")
    assert problem.body["status"] == 404


async def test_an_id_that_is_none_is_not_found(gateway: Running) -> None:
    for name in ("sync_", "bulk_1", "sync_%00", "sync_' or 1=1", "sync_é", "sync_" + "a" * 3000, "%2e%2e"):
        assert (await gateway.client.get(f"{SYNC}/{name}")).status == 404, name


UNREADABLE: list[tuple[bytes, dict[str, str], int]] = [
    (b"{", {}, 400),
    (b"[" * 100_000, {}, 400),
    (b'{"items": [{"price": NaN}]}', {}, 400),
    (b'{"items": [], "items": []}', {}, 400),
    (b'{"items": [{"name": "\\ud800"}]}', {}, 400),
    (b'{"items": [{"name": "\\u0000"}]}', {}, 400),
    (b"9" * 5000, {}, 400),
    ('{"items": []}'.encode("utf-16"), {}, 400),
    (b"\xff\xfe\xfa", {}, 400),
    (b"", {}, 400),
    (b"{}", {"Content-Type": "text/plain"}, 415),
    (b"{}", {"Content-Type": "application/json; charset=bogus"}, 415),
    (b"{}", {"Content-Type": "application/json; charset=utf-16"}, 415),
    (gzip.compress(bytes(10_000_000)), {"Content-Encoding": "gzip"}, 415),
    (b"no gzip at all", {"Content-Encoding": "gzip"}, 415),
]


async def test_a_body_that_cannot_be_read_is_the_senders_mistake(gateway: Running) -> None:
    for data, own, status in UNREADABLE:
        headers = {"Content-Type": "application/json"} | own
        for path in (BULK, SYNC, f"{SYNC}/batch"):
            answer = await gateway.client("POST", path, data=data, headers=headers)
            assert (answer.status, answer.body["success"]) == (status, False), (data[:40], own)


async def test_a_body_that_is_too_large_is_refused_announced_or_not(gateway: Running) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 10_000

    headers = {"Content-Type": "application/json"}
    login = "/api/auth/login"
    assert (await gateway.client("POST", login, data=b" " * 100_000, headers=headers)).status == 413
    assert (await gateway.client("POST", login, data=endless(), headers=headers)).status == 413


async def test_webhooks_are_kept_by_the_relay_for_the_callers_tenant() -> None:
    seen: list[tuple[str, str, str, Any]] = []

    async def relay(request: web.Request) -> web.Response:
        body = await request.json() if request.can_read_body else None
        seen.append((request.method, request.path_qs, request.headers["Authorization"], body))
        if request.method == "DELETE":
            return web.Response(status=204)
        if body and "url" not in body:
            details = [{"field": "url", "message": "Field required"}]
            return web.json_response({"error": "invalid", "message": "No.", "details": details}, status=422)
        return web.json_response({"id": "1"}, status=201 if body else 200)

    upstream = web.Application()
    upstream.router.add_route("*", "/internal/{tail:.*}", relay)
    async with served(upstream) as relay_url, aiohttp.ClientSession() as http:
        routes = WebhookRoutes(http, relay_url, SecretStr("internal"), SHOPS)
        async with served(as_tenant("acme", routes)) as url:
            client = Client(http, url, is_documented=False)
            made = await client.post("/api/v1/webhooks", {"url": "https://erp.example.com/hook"})
            assert (made.status, made.body) == (201, {"status": "success", "data": {"id": "1"}})
            assert (await client.get("/api/v1/webhooks")).status == 200
            webhook_id = uuid4()
            assert (await client("DELETE", f"/api/v1/webhooks/{webhook_id}")).status == 204
            refused = await client.post("/api/v1/webhooks", {"events": []})
            assert refused.status == 422
            assert refused.body["error"]["details"] == [{"field": "url", "message": "Field required"}]
            assert (await client.post("/api/v1/webhooks", {"tenant": "other"})).status == 422
            assert (await client("DELETE", "/api/v1/webhooks/1")).status == 404
            elsewhere = await client.post("/api/v1/webhooks", {"url": "…", "shops": ["milano", "roma"]})
            assert elsewhere.status == 422
            assert [detail["field"] for detail in elsewhere.body["error"]["details"]] == ["shops.1"]
    wanted = {"url": "https://erp.example.com/hook", "tenant": "acme"}
    assert seen[:3] == [
        ("POST", "/internal/webhooks", "Bearer internal", wanted),
        ("GET", "/internal/webhooks?tenant=acme", "Bearer internal", None),
        ("DELETE", f"/internal/webhooks/{webhook_id}?tenant=acme", "Bearer internal", None),
    ]


async def test_what_is_done_with_a_webhook_is_passed_on_for_the_callers_tenant_alone() -> None:
    seen: list[tuple[str, str, Any]] = []

    async def relay(request: web.Request) -> web.Response:
        seen.append(
            (request.method, request.path_qs, await request.json() if request.can_read_body else None)
        )
        return web.json_response({"replayed": 1}, status=202)

    upstream = web.Application()
    upstream.router.add_route("*", "/internal/{tail:.*}", relay)
    webhook, delivery = f"/webhooks/{uuid4()}", f"/deliveries/{uuid4()}"
    asked: list[tuple[str, str, str, Any]] = [
        ("GET", webhook, "", None),
        ("PATCH", webhook, "", {"state": "paused", "shops": ["milano"]}),
        ("POST", f"{webhook}/rotate-secret", "", None),
        ("POST", f"{webhook}/test", "", None),
        ("POST", f"{webhook}/recover", "", {"since": "2026-11-20T00:00:00Z"}),
        ("GET", f"{webhook}/deliveries", "state=exhausted&limit=2&", None),
        ("POST", f"{webhook}/deliveries/replay", "", {"since": "2026-11-20T00:00:00Z"}),
        ("GET", f"{webhook}{delivery}", "", None),
        ("POST", f"{webhook}{delivery}/replay", "", None),
    ]
    async with served(upstream) as relay_url, aiohttp.ClientSession() as http:
        routes = WebhookRoutes(http, relay_url, SecretStr("internal"), SHOPS)
        async with served(as_tenant("acme", routes)) as url:
            client = Client(http, url, is_documented=False)
            for method, path, query, body in asked:
                given = {} if body is None else {"json": body}
                answer = await client(method, f"/api/v1{path}?{query}tenant=other", **given)
                assert (answer.status, answer.body["data"]) == (202, {"replayed": 1})
    assert seen == [(m, f"/internal{path}?{query}tenant=acme", body) for m, path, query, body in asked]


async def test_what_the_relay_refuses_is_refused_in_its_words() -> None:
    said = {
        "/internal/webhooks": (409, "too_many_endpoints"),
        "/internal/webhooks/6f0a2c9e-6b0f-4d0b-9d53-6d1f0f5d2f1c/test": (429, "too_many_tests"),
    }

    async def relay(request: web.Request) -> web.Response:
        status, code = said[request.path]
        return web.json_response({"error": code, "message": "Why, and what to do."}, status=status)

    upstream = web.Application()
    upstream.router.add_route("*", "/internal/{tail:.*}", relay)
    async with served(upstream) as relay_url, aiohttp.ClientSession() as http:
        routes = WebhookRoutes(http, relay_url, SecretStr("internal"), SHOPS)
        async with served(as_tenant("acme", routes)) as url:
            client = Client(http, url, is_documented=False)
            for path, (status, code) in said.items():
                answer = await client.post(path.replace("internal", "api/v1"), {})
                error = answer.body["error"]
                assert (answer.status, error["code"]) == (status, code)
                assert error["message"] == "Why, and what to do."
                assert ("Retry-After" in answer.headers) == (status == 429)


async def test_a_relay_that_is_away_or_not_set_up_is_unavailable(gateway: Running) -> None:
    assert (await gateway.client.get("/api/v1/webhooks")).status == 503
    async with aiohttp.ClientSession() as http:
        routes = WebhookRoutes(http, f"http://127.0.0.1:{free_port()}", SecretStr("internal"), SHOPS)
        async with served(as_tenant("acme", routes)) as url:
            assert (await Client(http, url).get("/api/v1/webhooks")).status == 503


async def test_a_relay_that_goes_without_an_answer_may_have_carried_it_out() -> None:
    async def relay(request: web.Request) -> web.Response:
        assert request.transport is not None
        request.transport.abort()
        return web.Response()

    upstream = web.Application()
    upstream.router.add_route("*", "/internal/{tail:.*}", relay)
    async with served(upstream) as relay_url, aiohttp.ClientSession() as http:
        routes = WebhookRoutes(http, relay_url, SecretStr("internal"), SHOPS)
        async with served(as_tenant("acme", routes)) as url:
            answer = await Client(http, url).post(f"/api/v1/webhooks/{uuid4()}/rotate-secret", None)
            assert (answer.status, answer.body["error"]["code"]) == (504, "webhook_service_silent")
