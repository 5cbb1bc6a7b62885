"""People and machines are let in and out from the command line."""

import asyncio
import os
import re
import sys

import pytest
from pydantic import SecretStr
from tests.conftest import Running

from skuwire.gateway import Credentials, Gateway, GatewayRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANNA, PASSWORD = "anna@example.com", "Vt9-kQ2_xLm7"


async def skuwire(running: Running, *arguments: str) -> str:
    """What the command writes, logged in as the first user; of the operator's, as that."""
    email, password = running.stack.login
    environment = os.environ | {
        "SKUWIRE_GATEWAY_URL": running.stack.gateway_url,
        "SKUWIRE_EMAIL": email,
        "SKUWIRE_PASSWORD": password,
        "SKUWIRE_NEW_PASSWORD": PASSWORD,
        "SKUWIRE_OPERATOR_TOKEN": running.stack.secrets.operator_token,
        "COLUMNS": "200",
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "skuwire", *arguments, env=environment, stdout=-1, stderr=-1
    )
    output, errors = await process.communicate()
    assert process.returncode == 0, (arguments, errors.decode())
    return output.decode()


def as_anna(running: Running, password: str = PASSWORD) -> Gateway:
    return Gateway(Credentials(running.stack.gateway_url, ANNA, SecretStr(password)))


async def test_a_user_is_added_demoted_and_removed(running: Running) -> None:
    await skuwire(running, "users", "add", ANNA, "--role", "manager")
    assert re.search(rf"{ANNA}\W+manager", await skuwire(running, "users", "list"))
    async with as_anna(running) as gateway:
        assert isinstance(await gateway.webhooks(), list)
        with pytest.raises(GatewayRefused, match=r"(?s)403.*admin:\*"):
            await gateway.users()
    await skuwire(running, "users", "role", ANNA, "viewer")
    assert re.search(rf"{ANNA}\W+viewer", await skuwire(running, "users", "list"))
    await skuwire(running, "users", "password", ANNA)
    await skuwire(running, "users", "remove", ANNA)
    async with as_anna(running) as gateway:
        with pytest.raises(GatewayRefused, match="401"):
            await gateway.token()


async def test_a_key_is_written_alone_to_be_used_and_reaches_no_log(running: Running) -> None:
    key = (await skuwire(running, "keys", "create", "ERP", "--scope", "products:read")).strip()
    assert re.fullmatch(r"pm_live_[0-9A-Za-z]{32}", key)
    me, headers = f"{running.stack.gateway_url}/api/v1/auth/me", {"X-API-Key": key}
    async with running.http.get(me, headers=headers) as answer:
        assert (await answer.json())["data"]["scopes"] == ["products:read"]
    listed = await skuwire(running, "keys", "list")
    assert key[:12] in listed
    assert key not in listed
    [api_key_id] = re.findall(rf"(key_[0-9a-f]{{16}})\W+{key[:12]}", listed)
    await skuwire(running, "keys", "revoke", api_key_id)
    async with running.http.get(me, headers=headers) as answer:
        assert answer.status == 401
    logs = "".join(path.read_text() for path in running.stack.log_paths.values())
    assert [secret for secret in (key, PASSWORD) if secret in logs] == []
