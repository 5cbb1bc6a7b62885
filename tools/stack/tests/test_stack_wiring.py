import asyncio
import importlib
import json
import socket
import stat
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from common.settings import ServiceSettings
from stack.guardian import watched_at_the_end
from stack.ports import free_port, remembered_ports, return_port
from stack.servers import Server
from stack.stack import AlreadyRunning, Stack, StackOptions, running_stack
from stack.wiring import SERVICES, SimulatedShop, Wiring, load_secrets, service_environment, shops_toml


def test_no_port_is_handed_out_twice_and_none_from_the_ephemeral_range() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert max(ports) < 32_768
    for port in ports:
        return_port(port)


def test_no_port_is_handed_out_by_two_processes_before_it_is_returned() -> None:
    port = free_port(14_000)  # which is none of those that are handed out by chance

    def asked_elsewhere() -> int:
        asking = f"from stack.ports import free_port; print(free_port({port}))"
        return int(subprocess.run([sys.executable, "-c", asking], capture_output=True, check=True).stdout)

    assert asked_elsewhere() != port
    return_port(port)
    assert asked_elsewhere() == port


def test_a_stack_keeps_its_ports_unless_somebody_took_them(tmp_path: Path) -> None:
    first = remembered_ports(tmp_path / "ports.json", {"gateway": None, "validator": None})
    for port in first.values():
        return_port(port)
    with socket.create_server(("127.0.0.1", first["validator"])):
        second = remembered_ports(tmp_path / "ports.json", {"gateway": None, "validator": None})
    assert second["gateway"] == first["gateway"]
    assert second["validator"] != first["validator"]
    for port in second.values():
        return_port(port)


def test_secrets_are_random_kept_and_readable_by_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    made = load_secrets(file, ["milano"])
    assert load_secrets(file, ["milano"]) == made
    assert load_secrets(file, ["milano", "roma"]).shop_keys["milano"] == made.shop_keys["milano"]
    assert load_secrets(tmp_path / "other.json", ["milano"]) != made
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert made.password not in repr(made)


def test_the_shops_file_says_where_each_shop_is(tmp_path: Path) -> None:
    shops = [
        SimulatedShop("milano", 'Acme "Milano"', "acme"),
        SimulatedShop("roma", late_commit_seconds=10.0),
    ]
    made = load_secrets(tmp_path / "secrets.json", ["milano", "roma"])
    urls = {"milano": "http://127.0.0.1:1", "roma": "http://127.0.0.1:2"}
    table = tomllib.loads(shops_toml(shops, urls, made))
    assert [(shop["id"], shop["tenant"], shop["url"]) for shop in table["shop"]] == [
        ("milano", "acme", "http://127.0.0.1:1"),
        ("roma", "default", "http://127.0.0.1:2"),
    ]
    assert table["shop"][0]["name"] == 'Acme "Milano"'
    assert table["shop"][0]["key"] == made.shop_keys["milano"]
    assert [shop["late_commit_seconds"] for shop in table["shop"]] == [120, 10]


def test_a_service_is_told_its_own_port_and_only_its_own_secrets(tmp_path: Path) -> None:
    ports = {service: 15_000 + number for number, service in enumerate(SERVICES)}
    wiring = Wiring("postgresql://x", "amqp://x", tmp_path / "blobs", tmp_path / "shops.toml", ports)
    made = load_secrets(tmp_path / "secrets.json", [])
    environments = {service: service_environment(service, wiring, made) for service in SERVICES}
    assert [environments[service]["SKUWIRE_HTTP_PORT"] for service in SERVICES] == [
        str(ports[service]) for service in SERVICES
    ]
    assert made.jwt_secret in environments["gateway"].values()
    assert all(made.jwt_secret not in environments[service].values() for service in SERVICES[1:])


def test_the_guardian_ends_what_was_watched_and_not_forgotten() -> None:
    assert watched_at_the_end(["watch 10 15\n", "watch 11 2\n", "forget 10\n", "forget 12\n"]) == {11: 2}


async def test_a_stack_tells_where_it_is_and_holds_its_folder_alone(
    rabbitmq_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_URL", rabbitmq_server.url)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    options = StackOptions(tmp_path / "data", shops=(), services=(), durable=False)
    steps: list[str] = []

    async with Stack(options, steps.append) as stack:
        running = running_stack(options.data_dir)
        assert running is not None
        assert running["gateway"] == stack.gateway_url
        with pytest.raises(AlreadyRunning):
            await Stack(options).up()

    assert running_stack(options.data_dir) is None
    assert sorted(step.split(":")[0] for step in steps) == ["PostgreSQL", "RabbitMQ"]


async def test_a_stack_whose_step_fails_leaves_nothing_running(
    rabbitmq_server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AMQP_URL", rabbitmq_server.url)
    monkeypatch.delenv("DATABASE_URL", raising=False)
    blocked = tmp_path / "data" / "blobs"
    blocked.parent.mkdir()
    blocked.write_text("a file where a folder must be")
    stack = Stack(StackOptions(tmp_path / "data", shops=(), durable=False))
    with pytest.raises(FileExistsError):
        await stack.up()
    ports = json.loads((tmp_path / "data" / "ports.json").read_text())
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", ports["postgres"])
    assert running_stack(tmp_path / "data") is None


@pytest.mark.parametrize(
    "service", ["gateway", "webhook-relay"]
)  # the others are given shared settings alone
def test_a_service_knows_every_setting_that_it_is_given(service: str, tmp_path: Path) -> None:
    ports = dict.fromkeys(SERVICES, 15_000)
    shops_file = tmp_path / "shops.toml"
    wiring = Wiring("postgresql://x", "amqp://x", tmp_path / "blobs", shops_file, ports, inbound_shop="demo")
    told = service_environment(service, wiring, load_secrets(tmp_path / "secrets.json", []))
    module = importlib.import_module(f"{service.replace('-', '_')}.settings")
    (settings,) = (
        kind
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, ServiceSettings) and kind.__module__ == module.__name__
    )
    known = {
        str(field.validation_alias or f"{settings.model_config['env_prefix']}{name}").upper()
        for name, field in settings.model_fields.items()
    }
    assert {name for name in told if name.startswith("SKUWIRE_")} <= known
