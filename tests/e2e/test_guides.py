"""The guides are true: every example in them is carried out, and answered as they show it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiohttp import web
from tests.conftest import Running, eventually
from tests.e2e.guides import blocks, differences, script

from stack.fixtures import path_of
from stack.ports import LOOPBACK, free_port, return_port
from stack.programs import CURL, PHP
from stack.servers import Command

pytestmark = pytest.mark.asyncio(loop_scope="session")

NODE_MODULES = Path(__file__).parents[1] / "node" / "node_modules"
OTHER_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@asynccontextmanager
async def receiver() -> AsyncIterator[str]:
    """The address of somebody who takes every webhook."""

    async def take(_request: web.Request) -> web.Response:
        return web.Response(text="taken")

    app, port = web.Application(), free_port()
    app.router.add_post("/", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, LOOPBACK, port).start()
    try:
        yield f"http://{LOOPBACK}:{port}/"
    finally:
        await runner.cleanup()
        return_port(port)


async def carry_out(guide: str, running: Running, folder: Path, **known: str) -> None:
    """Run a guide from its top, and hold every answer against the one that follows its example."""
    parts = blocks(guide)
    email, password = running.stack.login
    variables = {
        "URL": running.stack.gateway_url,
        "EMAIL": email,
        "PASSWORD": password,
        "PYTHON": sys.executable,
        "PATH": f"{Path(path_of(CURL)).parent}:{os.environ['PATH']}",
        **known,
    }
    process = await asyncio.create_subprocess_exec(
        "bash", "-c", script(parts), env=os.environ | variables, cwd=folder, stdout=-1, stderr=-1
    )
    _, errors = await process.communicate()
    assert process.returncode == 0, errors.decode()
    for place, part in enumerate(parts):
        if part.language == "json":
            told = json.loads((folder / f"out.{place - 1}").read_text())
            assert differences(json.loads(part.text), told) == [], (guide, parts[place - 1].text, told)


@pytest.mark.parametrize("guide", ["sync", "bulk"])
async def test_a_guide_for_senders_is_true(guide: str, running: Running, tmp_path: Path) -> None:
    await carry_out(guide, running, tmp_path)


async def test_the_guide_for_an_erp_that_sends_webhooks_is_true(running: Running, tmp_path: Path) -> None:
    await carry_out("inbound-webhooks", running, tmp_path, ERP_SECRET=running.stack.secrets.inbound_secret)


async def test_the_guide_for_receivers_is_true(running: Running, tmp_path: Path) -> None:
    async with receiver() as url:
        await carry_out("webhooks", running, tmp_path, RECEIVER=url)


@asynccontextmanager
async def program(
    language: str, nodejs: Command, port: int, secret: str, folder: Path
) -> AsyncIterator[None]:
    """The receiver of a language, as the guide has it, answering."""
    [text] = [block.text for block in blocks("webhooks") if block.language == language]
    file = folder / f"receiver.{language}"
    file.write_text(text)
    command: tuple[str | Path, ...]
    match language:
        case "python":
            command = sys.executable, file
        case "js":
            command = nodejs.argv[0], file
        case _:
            command = path_of(PHP), "-S", f"{LOOPBACK}:{port}", file
    told = {"WEBHOOK_SECRET": secret, "PORT": str(port), "NODE_PATH": str(NODE_MODULES)}
    output = folder / "output"
    with output.open("w") as stream:
        process = await asyncio.create_subprocess_exec(
            *command,
            env=os.environ | told,
            cwd=folder,
            stdout=stream,
            stderr=stream,
        )

    async def answers() -> bool:
        assert process.returncode is None, output.read_text()
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except ConnectionError:
            return False
        writer.close()
        return True

    try:
        await eventually(answers)
        yield
    finally:
        process.kill()
        await process.wait()


@pytest.mark.parametrize("language", ["python", "js", "php"])
async def test_the_receivers_in_the_guide_tell_our_webhooks_from_others(
    language: str, nodejs: Command, running: Running, tmp_path: Path
) -> None:
    port = free_port()
    webhook = await running.gateway.post_webhook(f"http://{LOOPBACK}:{port}/")
    async with program(language, nodejs, port, OTHER_SECRET, tmp_path):
        told = await running.gateway.ask_of_webhook(webhook["id"], "test")
        assert (told["delivered"], told["status"]) == (False, 401)
    async with program(language, nodejs, port, webhook["secret"], tmp_path):
        told = await running.gateway.ask_of_webhook(webhook["id"], "test")
        assert (told["delivered"], told["status"]) == (True, 204)
    await running.gateway.delete_webhook(webhook["id"])
    return_port(port)
