"""The Postman collection runs against a running stack: every request, in its order, without a failure."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import Running

pytestmark = pytest.mark.asyncio(loop_scope="session")

NODE = Path(sys.executable).with_name("node")
NEWMAN = Path(__file__).parents[1] / "node" / "node_modules" / "newman" / "bin" / "newman.js"


async def run_of_newman(running: Running, folder: Path) -> dict[str, Any]:
    """What newman tells of a run of the collection that the gateway serves."""
    email, password = running.stack.login
    known = {
        "base_url": running.stack.gateway_url,
        "email": email,
        "password": password,
        "inbound_secret": running.stack.secrets.inbound_secret,
    }
    variables = [option for item in known.items() for option in ("--env-var", "=".join(item))]
    report = folder / "report.json"
    process = await asyncio.create_subprocess_exec(
        *(NODE, "--no-deprecation", NEWMAN, "run", f"{running.stack.gateway_url}/postman_collection.json"),
        *variables,
        *("--reporters", "json", "--reporter-json-export", report),
        stdout=-1,
        stderr=-1,
    )
    output = b"".join(await process.communicate()).decode()
    assert report.exists(), output
    told: dict[str, Any] = json.loads(report.read_text())["run"]
    return told


async def test_the_collection_runs_without_a_failure(running: Running, tmp_path: Path) -> None:
    told = await run_of_newman(running, tmp_path)
    failures = [(each["source"].get("id"), each["error"]["message"]) for each in told["failures"]]
    assert failures == []
    answered = {each["item"]["id"] for each in told["executions"] if "response" in each}
    async with running.http.get(f"{running.stack.gateway_url}/openapi.json") as answer:
        document = await answer.json()
    operations = {
        operation["operationId"] for path in document["paths"].values() for operation in path.values()
    }
    assert answered == operations
