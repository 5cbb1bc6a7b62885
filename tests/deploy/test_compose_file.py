import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import typer

from common.shops import ShopSettings, load_shops
from simulator.__main__ import application as simulator

SERVICES = ("gateway", "validator", "prestashop-writer", "image-processor", "webhook-relay")
USE_BLOBS = ("gateway", "image-processor")
OF_THE_IMAGE = {"HEALTH_URL", "SIMULATOR_KEY"}
OF_BLOBS = {"AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION", "AWS_ENDPOINT"}
WITHOUT_HEALTH_CHECK = {"collector", "jaeger"}  # their images hold nothing that could ask


def test_the_compose_file_keeps_to_the_official_schema(root):
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec"]
    checked = subprocess.run(
        [*command, root / "docker-compose.yml"], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_each_of_its_settings_and_no_unknown_name(service, compose, script):
    env_example = script("env_example.py")
    known = env_example.settings_by_variable(env_example.SERVICES[service])
    told = compose["services"][service]["environment"].keys()
    assert told - OF_THE_IMAGE - OF_BLOBS == known.keys(), "docker-compose.yml and settings.py differ"
    assert (told & OF_BLOBS == OF_BLOBS) == (service in USE_BLOBS)


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_accepts_what_a_fresh_env_gives_it(service, environment_of, script, monkeypatch):
    enter(environment_of(service), monkeypatch)
    assert script("env_example.py").SERVICES[service]().http_port == 8080


def test_the_demo_shop_is_the_simulated_one(compose, environment_of, script, monkeypatch):
    enter(environment_of("validator"), monkeypatch)
    example = script("env_example.py").ROOT / "deploy" / "shops.example.toml"
    monkeypatch.setenv("SKUWIRE_SHOPS_FILE", str(example))

    (demo,) = load_shops(script("env_example.py").ServiceSettings()).by_id.values()

    assert demo.key.get_secret_value() == environment_of("simulator")["SIMULATOR_KEY"]
    domain = next(a for a in compose["services"]["simulator"]["command"] if a.startswith("--domain="))
    assert demo.url == "http://" + domain.removeprefix("--domain=")
    assert demo.test


def test_the_example_of_a_shop_shows_every_setting_at_its_default(root):
    text = (root / "deploy" / "shops.example.toml").read_text()
    shown = tomllib.loads(
        text[text.index('# [[shop]]\n# id = "milano"') :].replace("# ", "", 1).replace("\n# ", "\n")
    )
    (shop,) = shown["shop"]
    fields = ShopSettings.model_fields
    assert shop.keys() - {"key_env"} | {"key"} == fields.keys()
    required = {"id", "tenant", "name", "url", "key_env"}
    assert all(value == fields[name].default for name, value in shop.items() if name not in required)


def enter(environment, monkeypatch):
    for name in [name for name in os.environ if name.startswith("SKUWIRE_")]:
        monkeypatch.delenv(name)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)


def test_the_gateway_and_webhook_relay_share_the_internal_token(environment_of):
    tokens = {environment_of(service)["SKUWIRE_INTERNAL_TOKEN"] for service in ("gateway", "webhook-relay")}
    assert len(tokens) == 1
    assert environment_of("gateway")["SKUWIRE_GATEWAY_RELAY_URL"] == "http://webhook-relay:8080"


def test_prestashop_writer_shares_it_and_only_three_open_the_keys_of_registered_shops(environment_of):
    gateway, writer = environment_of("gateway"), environment_of("prestashop-writer")
    assert writer["SKUWIRE_INTERNAL_TOKEN"] == gateway["SKUWIRE_INTERNAL_TOKEN"]
    assert gateway["SKUWIRE_GATEWAY_WRITER_URL"] == "http://prestashop-writer:8080"
    sealing = {service: environment_of(service).get("SKUWIRE_SHOPS_SEALING_SECRET") for service in SERVICES}
    secret = gateway["SKUWIRE_SHOPS_SEALING_SECRET"]
    knowing = ("gateway", "prestashop-writer", "image-processor")
    assert sealing == dict.fromkeys(SERVICES) | dict.fromkeys(knowing, secret)


def test_only_the_gateway_knows_what_signs_tokens(environment_of):
    knowing = [s for s in SERVICES if "SKUWIRE_GATEWAY_JWT_SECRET" in environment_of(s)]
    assert knowing == ["gateway"]


def test_every_image_is_built_of_members_that_exist(compose, script):
    locked = script("locked_requirements.py")
    built = [s["build"]["args"]["SERVICE"] for s in compose["services"].values() if "build" in s]
    for names in built:
        assert locked.main("members", names.split())
    assert {*SERVICES, "simulator", " ".join(SERVICES)} == set(built)


def test_the_migration_brings_every_schema_up_to_date_before_a_service_starts(compose):
    services = compose["services"]
    assert services["migrate"]["command"] == ["python", "-m", "common.database.migrate", *SERVICES]
    assert services["migrate"]["depends_on"]["postgres"]["condition"] == "service_healthy"
    for service in SERVICES:
        waits = services[service]["depends_on"]
        assert waits["migrate"]["condition"] == "service_completed_successfully"
        assert waits["rabbitmq"]["condition"] == "service_healthy"


def test_the_simulator_understands_its_command(compose, monkeypatch):
    program, *arguments = compose["services"]["simulator"]["command"]
    monkeypatch.setenv("SIMULATOR_KEY", "A" * 32)
    assert program == "service"
    context = typer.main.get_command(simulator).make_context("simulator", arguments)
    assert context.params["port"] == 8090


def test_everything_that_is_mounted_exists(compose, root):
    declared = compose["volumes"].keys()
    for name, service in compose["services"].items():
        for volume in service.get("volumes", []):
            source = volume["source"] if isinstance(volume, dict) else volume.split(":")[0]
            source = source.removeprefix("${SHOPS_FILE:-").removesuffix("}")
            known = (root / source).exists() if source.startswith(".") else source in declared
            assert known, f"{name} mounts {source}"


def test_what_a_service_waits_for_exists(compose):
    for name, service in compose["services"].items():
        unknown = set(service.get("depends_on", ())) - compose["services"].keys()
        assert not unknown, f"{name} waits for {unknown}"


def test_every_container_is_bounded_and_watched(compose, script):
    of_ours = {name for name, service in compose["services"].items() if "build" in service}
    for name, service in compose["services"].items():
        assert {"cpus", "memory"} <= service["deploy"]["resources"]["limits"].keys(), name
        assert service["logging"]["options"].keys() == {"max-size", "max-file"}, name
        assert name in of_ours | WITHOUT_HEALTH_CHECK or "healthcheck" in service, name
    for name in of_ours:
        service = compose["services"][name]
        assert service["read_only"] is True
        assert service["cap_drop"] == ["ALL"]
    deadline = script("env_example.py").ServiceSettings.model_fields["shutdown_deadline_seconds"].default
    assert all(f"{deadline + 5:g}s" == compose["services"][s]["stop_grace_period"] for s in SERVICES)


def test_images_of_others_are_named_with_their_version(compose):
    for service in compose["services"].values():
        image = service["image"]
        assert image.startswith("skuwire-") or image.partition(":")[2] not in ("", "latest"), image


def test_nothing_is_published_beyond_this_machine_by_default(compose):
    for name, service in compose["services"].items():
        for port in service.get("ports", []):
            address = port.partition(":-")[2] if port.startswith("${") else port
            assert address.startswith("127.0.0.1:"), f"{name} publishes {port}"


def test_rabbitmq_stays_below_the_memory_that_compose_gives_it(compose, root: Path):
    assert compose["services"]["rabbitmq"]["deploy"]["resources"]["limits"]["memory"] == "1G"
    settings = (root / "deploy" / "rabbitmq" / "skuwire.conf").read_text()
    assert "vm_memory_high_watermark.absolute = 600MB" in settings
