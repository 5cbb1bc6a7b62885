"""What the fuzzing says of gateways that do not do as they should: it would see it."""

import asyncio

import pytest

from bench import hostile
from bench.fuzz import FuzzResult
from bench.hostile import Answered, send
from bench.hostile_requests import TOKEN, HostileRequest, hostile_requests, request
from bench.slow_clients import SlowResult

SENT = request("POST", "/x", b"{}")


async def what_is_said_of(answer: bytes, hostile_request: HostileRequest) -> Answered:
    ended = asyncio.Event()

    async def answering(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        await writer.drain()
        if not answer:
            await reader.read()
        writer.close()
        await writer.wait_closed()
        ended.set()

    async with await asyncio.start_server(answering, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        said = await send(f"http://{host}:{port}", "t", hostile_request)
        await ended.wait()
        return said


def answer(status: int, body: bytes) -> bytes:
    return b"HTTP/1.1 %d X\r\nContent-Length: %d\r\n\r\n%s" % (status, len(body), body)


GOOD = [answer(400, b'{"error": "The body is not JSON."}'), answer(422, b"Validation failed")]
BAD = {
    "answered with 500": answer(500, b"Something went wrong."),
    "answered with 200": answer(200, b"{}"),
    "no sentence": answer(400, b"{}"),
    "without an answer": b"nonsense",
    "no answer in time": b"",
}


@pytest.mark.parametrize("told", GOOD)
async def test_a_refusal_with_a_sentence_is_as_it_should_be(told: bytes) -> None:
    assert (await what_is_said_of(told, HostileRequest("x", SENT))).problem == ""


@pytest.mark.parametrize(("problem", "told"), BAD.items())
async def test_anything_else_is_a_problem(problem: str, told: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hostile, "HANG_SECONDS", 0.3)
    found = await what_is_said_of(told, HostileRequest("x", SENT))
    assert problem in found.problem


async def test_who_ends_his_side_may_be_left_without_an_answer() -> None:
    assert (await what_is_said_of(b"nonsense", HostileRequest("x", SENT, ends=True))).problem == ""


def test_the_table_has_a_name_for_each_request_and_no_credential_of_its_own() -> None:
    requests = hostile_requests()
    assert len({one.name for one in requests}) == len(requests) >= 150
    assert any(TOKEN in one.sent for one in requests)


def test_figures_beyond_their_goal_are_problems() -> None:
    fine = Answered("a", 400, 0.1, "")
    assert FuzzResult([fine], 0, 10**8, 10**8).problems == []
    bad = FuzzResult([Answered("a", 500, 0.1, "answered with 500")], 1, 10**9, 10**9)
    assert len(bad.problems) == 4
    assert bad.lines()[-1] == "4 problems"
    assert SlowResult(500, 31, 0, 50, 50, 0.02, 0.03, 0).problems == []
    assert len(SlowResult(500, 31, 1, 50, 50, 0.1, 0.3, 1).problems) == 3
