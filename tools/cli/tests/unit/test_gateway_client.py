from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from aiohttp import web
from pydantic import SecretStr

from skuwire.gateway import AnswerLost, Credentials, Gateway, GatewayAway, GatewayRefused
from stack.ports import free_port, return_port

PASSWORD = "correct horse battery staple"
Handler = Callable[[web.Request], Awaitable[web.Response]]


class FakeGateway:
    """Logs in anybody and answers each request to another path with the next of its answers."""

    def __init__(self, *answers: web.Response | None) -> None:
        self.answers = list(answers)
        self.asked: list[str] = []
        self.logins = 0

    async def login(self, _request: web.Request) -> web.Response:
        self.logins += 1
        return web.json_response({"status": "success", "data": {"access_token": f"token-{self.logins}"}})

    async def answer(self, request: web.Request) -> web.Response:
        await request.read()
        self.asked.append(f"{request.method} {request.headers['Authorization']}")
        answer = self.answers.pop(0)
        if answer is None:  # the process was killed in the middle of it
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return answer


@asynccontextmanager
async def client_of(fake: FakeGateway, *, patience_seconds: float = 5.0) -> AsyncIterator[Gateway]:
    app = web.Application()
    app.router.add_post("/api/v1/auth/login", fake.login)
    app.router.add_route("*", "/{path:.*}", fake.answer)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    port = runner.addresses[0][1]
    credentials = Credentials(f"http://127.0.0.1:{port}", "erp@example.com", SecretStr(PASSWORD))
    try:
        async with Gateway(credentials, patience_seconds=patience_seconds) as gateway:
            yield gateway
    finally:
        await runner.cleanup()


def accepted() -> web.Response:
    return web.json_response({"data": {"bulkId": "bulk_1", "chunks": 1}}, headers={"X-Trace-Id": "4bf92f35"})


async def test_items_whose_answer_was_lost_are_not_sent_again_by_the_client_itself() -> None:
    fake = FakeGateway(None, accepted())
    async with client_of(fake) as gateway:
        with pytest.raises(AnswerLost):
            await gateway.post_bulk([{}])
        assert len(fake.asked) == 1
        assert (await gateway.post_bulk([{}])).trace_id == "4bf92f35"


async def test_items_are_sent_again_when_nothing_was_accepted() -> None:
    fake = FakeGateway(web.json_response({"error": "The broker is away."}, status=503), accepted())
    async with client_of(fake) as gateway:
        assert (await gateway.post_bulk([{}])).body["data"]["bulkId"] == "bulk_1"
    assert len(fake.asked) == 2


async def test_a_question_whose_answer_was_lost_is_asked_again() -> None:
    fake = FakeGateway(None, web.json_response({"data": {"open": 0}}))
    async with client_of(fake) as gateway:
        assert await gateway.bulk("bulk_1") == {"open": 0}


async def test_an_access_token_that_has_run_out_is_renewed_once() -> None:
    fake = FakeGateway(
        web.Response(status=401), accepted(), web.Response(status=401), web.Response(status=401)
    )
    async with client_of(fake) as gateway:
        await gateway.post_bulk([{}])
        with pytest.raises(GatewayRefused, match="401"):
            await gateway.post_bulk([{}])
    assert fake.asked[:2] == ["POST Bearer token-1", "POST Bearer token-2"]
    assert len(fake.asked) == 4


async def test_a_no_names_every_violation_in_whichever_form_it_comes() -> None:
    details = [
        {"field": "items[0].price", "message": "Must be a number."},
        {"field": "shop", "message": "Unknown."},
    ]
    sync = {"success": False, "error": "Validation failed", "details": details}
    manager = {
        "status": "error",
        "error": {"code": "validation_failed", "message": "Validation failed", "details": details},
    }
    fake = FakeGateway(*(web.json_response(body, status=422) for body in (sync, manager)))
    async with client_of(fake) as gateway:
        for _ in range(2):
            with pytest.raises(
                GatewayRefused, match=r"(?s)Validation failed.*items\[0\]\.price: Must.*shop: Unknown"
            ):
                await gateway.post_bulk([{}])


async def test_a_gateway_that_is_not_there_is_told_by_its_address_without_the_password() -> None:
    port = free_port()
    async with Gateway(
        Credentials(f"http://127.0.0.1:{port}", "erp@example.com", SecretStr(PASSWORD))
    ) as gateway:
        with pytest.raises(GatewayAway, match=f"nothing answers at http://127.0.0.1:{port}") as away:
            await gateway.bulk("bulk_1")
    return_port(port)
    assert PASSWORD not in f"{away.value!r} {gateway._credentials!r}"
