"""What compose would make of docker-compose.yml and a fresh .env, read without a Docker engine."""

import functools
import re
import runpy
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")


class VariableMissing(Exception):
    """Compose would refuse to start."""


def interpolated(value: str, variables: Mapping[str, str]) -> str:
    """A text of the compose file with its variables put in, as compose does it."""

    def value_of(found: re.Match[str]) -> str:
        given = variables.get(found["name"], "")
        if not given and found["kind"] == "?":
            raise VariableMissing(found["name"])
        return given or (found["rest"] if found["kind"] == "-" else "")

    return VARIABLE.sub(value_of, value)


def read_env(text: str) -> dict[str, str]:
    """The variables of an .env file."""
    lines = (line for line in text.splitlines() if line and not line.startswith("#"))
    return dict(line.split("=", 1) for line in lines)


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def compose() -> dict[str, Any]:
    return yaml.safe_load((ROOT / "docker-compose.yml").read_text())


@pytest.fixture(scope="session")
def script() -> Callable[[str], SimpleNamespace]:
    """A script of deploy/ as a module."""
    return functools.cache(lambda name: SimpleNamespace(**runpy.run_path(str(ROOT / "deploy" / name))))


@pytest.fixture
def new_env(tmp_path: Path) -> Callable[[str], Path]:
    """Runs deploy/new-env.sh in a fresh folder and gives the .env that it wrote."""

    def run(folder: str = "fresh") -> Path:
        deploy = tmp_path / folder / "deploy"
        deploy.mkdir(parents=True, exist_ok=True)
        for name in ("new-env.sh", "env.example"):
            shutil.copy(ROOT / "deploy" / name, deploy / name)
        subprocess.run(["sh", deploy / "new-env.sh"], check=True, capture_output=True, text=True)
        return deploy.parent / ".env"

    return run


@pytest.fixture
def environment_of(compose: dict[str, Any], new_env: Callable[[], Path]) -> Callable[[str], dict[str, str]]:
    """The environment of a service's container, with a fresh .env."""
    variables = read_env(new_env().read_text())

    def environment(service: str) -> dict[str, str]:
        told = compose["services"][service]["environment"]
        given = {name: value if value is not None else variables.get(name) for name, value in told.items()}
        return {name: interpolated(value, variables) for name, value in given.items() if value is not None}

    return environment
