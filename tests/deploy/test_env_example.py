import re
import stat
import subprocess

import pytest
from pydantic import ValidationError

NEEDED = re.compile(r"(?m)^([A-Z_]+)=$")


def test_the_example_is_what_the_settings_say(root, script):
    env_example = script("env_example.py")
    compose = env_example.read_compose((root / "docker-compose.yml").read_text())
    assert (root / "deploy" / "env.example").read_text() == env_example.render(compose), (
        "deploy/env.example is behind; run: .venv/bin/python deploy/env_example.py"
    )


def test_whatever_the_compose_file_takes_from_outside_is_explained(root, script):
    env_example = script("env_example.py")
    text = (root / "docker-compose.yml").read_text()
    named = {match["name"] for match in env_example.INTERPOLATION.finditer(text)}
    example = (root / "deploy" / "env.example").read_text()
    assert named <= set(re.findall(r"(?m)^#? ?([A-Z_]+)=", example))
    assert env_example.read_compose(text).needed == set(NEEDED.findall(example))


def test_the_example_holds_no_secret(root, script):
    env_example = script("env_example.py")
    text = (root / "deploy" / "env.example").read_text()
    for settings in env_example.SERVICES.values():
        for name, field in env_example.settings_by_variable(settings).items():
            if "SecretStr" in str(field.annotation):
                assert re.search(rf"(?m)^#? ?{name}(=$| is set by)", text), name


def test_a_new_env_has_a_fresh_secret_for_every_needed_one(new_env, root):
    first, second = new_env("first").read_text(), new_env("second").read_text()
    names = NEEDED.findall((root / "deploy" / "env.example").read_text())
    assert names
    for name in names:
        one, other = (re.search(rf"(?m)^{name}=(.*)$", text)[1] for text in (first, second))
        assert one != other
        assert re.fullmatch(r"[0-9A-F]{32}|[0-9A-F]{64}", one), name


def test_a_new_env_is_readable_by_its_owner_alone(new_env):
    assert stat.S_IMODE(new_env().stat().st_mode) == 0o600


def test_an_env_that_is_there_is_left_alone(new_env):
    file = new_env()
    before = file.read_text()
    with pytest.raises(subprocess.CalledProcessError):
        new_env()
    assert file.read_text() == before


def test_without_an_env_compose_refuses_to_start(root, script):
    needed = script("env_example.py").read_compose((root / "docker-compose.yml").read_text()).needed
    assert {"POSTGRES_PASSWORD", "RABBITMQ_PASSWORD", "SKUWIRE_INTERNAL_TOKEN"} <= needed
    assert {"SKUWIRE_GATEWAY_JWT_SECRET", "SKUWIRE_GATEWAY_BOOTSTRAP_PASSWORD", "GRAFANA_PASSWORD"} <= needed


@pytest.mark.parametrize("secret", [None, "", "change-me"])
def test_the_gateway_refuses_a_default_secret(secret, script, monkeypatch):
    monkeypatch.delenv("SKUWIRE_GATEWAY_JWT_SECRET", raising=False)
    if secret is not None:
        monkeypatch.setenv("SKUWIRE_GATEWAY_JWT_SECRET", secret)
    with pytest.raises(ValidationError):
        script("env_example.py").GatewaySettings()
