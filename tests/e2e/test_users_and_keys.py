"""People and machines are let in and out from the command line."""

import re

import pytest
from pydantic import SecretStr
from tests.conftest import Running

from skuwire.gateway import Credentials, Gateway, GatewayRefused

pytestmark = pytest.mark.asyncio(loop_scope="session")

ANNA, PASSWORD = "anna@example.com", "Vt9-kQ2_xLm7"


def as_anna(running: Running, password: str = PASSWORD) -> Gateway:
    return Gateway(Credentials(running.stack.gateway_url, ANNA, SecretStr(password)))


async def test_a_user_is_added_demoted_and_removed(running: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SKUWIRE_NEW_PASSWORD", PASSWORD)
    await running.skuwire("users", "add", ANNA, "--role", "manager")
    assert re.search(rf"{ANNA}\W+manager", await running.skuwire("users", "list"))
    async with as_anna(running) as gateway:
        assert isinstance(await gateway.webhooks(), list)
        with pytest.raises(GatewayRefused, match=r"(?s)403.*admin:\*"):
            await gateway.users()
    await running.skuwire("users", "role", ANNA, "viewer")
    assert re.search(rf"{ANNA}\W+viewer", await running.skuwire("users", "list"))
    await running.skuwire("users", "password", ANNA)
    await running.skuwire("users", "remove", ANNA)
    async with as_anna(running) as gateway:
        with pytest.raises(GatewayRefused, match="401"):
            await gateway.token()


async def test_the_operator_adds_the_first_admin_of_another_tenant(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SKUWIRE_NEW_PASSWORD", PASSWORD)
    await running.skuwire("users", "add", ANNA, "--role", "admin", "--tenant", "acme", "--operator")
    assert ANNA not in await running.skuwire("users", "list")
    assert re.search(rf"{ANNA}\W+admin\W+acme", await running.skuwire("users", "list", "--operator"))
    listed = await running.skuwire("users", "list", "--operator", "--tenant", "acme")
    assert re.findall(r"\S+@\S+", listed) == [ANNA]
    async with as_anna(running) as gateway:
        assert [user["tenant_id"] for user in await gateway.users()] == ["acme"]
        with pytest.raises(GatewayRefused, match=r"(?s)403.*Only the operator"):
            await gateway.add_user("bert@example.com", PASSWORD, "admin", "default")
    await running.skuwire(
        "users", "add", "bert@acme.example", "--role", "admin", "--tenant", "acme", "--operator"
    )
    await running.skuwire("users", "remove", ANNA, "--operator")


async def test_a_key_is_written_alone_to_be_used_and_reaches_no_log(running: Running) -> None:
    key = (await running.skuwire("keys", "create", "ERP", "--scope", "products:read")).strip()
    assert re.fullmatch(r"pm_live_[0-9A-Za-z]{32}", key)
    me, headers = f"{running.stack.gateway_url}/api/v1/auth/me", {"X-API-Key": key}
    async with running.http.get(me, headers=headers) as answer:
        assert (await answer.json())["data"]["scopes"] == ["products:read"]
    listed = await running.skuwire("keys", "list")
    assert key[:12] in listed
    assert key not in listed
    [api_key_id] = re.findall(rf"(key_[0-9a-f]{{16}})\W+{key[:12]}", listed)
    await running.skuwire("keys", "revoke", api_key_id)
    async with running.http.get(me, headers=headers) as answer:
        assert answer.status == 401
    logs = "".join(path.read_text() for path in running.stack.log_paths.values())
    assert [secret for secret in (key, PASSWORD) if secret in logs] == []
