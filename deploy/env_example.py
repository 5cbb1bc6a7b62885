"""Writes deploy/env.example: everything that can be set, from the services' settings and docker-compose.yml.

    .venv/bin/python deploy/env_example.py

A setting is described once, in the settings of its service; a test fails when the file is behind.
"""

import re
import textwrap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from common.settings import ServiceSettings
from gateway.settings import GatewaySettings
from image_processor.settings import ImageSettings
from prestashop_writer.settings import WriterSettings
from validator.settings import ValidatorSettings
from webhook_relay.settings import RelaySettings

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yml"
EXAMPLE = ROOT / "deploy" / "env.example"
WIDTH = 110

SERVICES: Mapping[str, type[ServiceSettings]] = {
    "gateway": GatewaySettings,
    "validator": ValidatorSettings,
    "prestashop-writer": WriterSettings,
    "image-processor": ImageSettings,
    "webhook-relay": RelaySettings,
}

INTRODUCTION = """\
What can be set. Made from the services' settings by deploy/env_example.py; do not edit it here.

    sh deploy/new-env.sh     writes .env from it, with a fresh random value for every secret

A line without # is needed. A line with # shows the default; take the # away to change it."""

OF_COMPOSE: Mapping[str, str] = {
    "POSTGRES_PASSWORD": "Password of PostgreSQL's user skuwire: letters and digits, as it goes into a URL.",
    "RABBITMQ_PASSWORD": "Password of RabbitMQ's user skuwire: letters and digits, as it goes into a URL.",
    "GRAFANA_PASSWORD": "Password of Grafana's user admin (profile observability).",
    "PRESTASHOP_DB_PASSWORD": "Password of the real PrestaShop's database (profile shop).",
    "PRESTASHOP_ADMIN_PASSWORD": "Password of the real PrestaShop's back office (profile shop).",
    "PRESTASHOP_ADMIN_EMAIL": "E-mail address that signs in to that back office.",
    "PRESTASHOP_ADDRESS": "Address on this machine where the real PrestaShop answers.",
    "SIMULATOR_KEY": "Webservice key of the simulated shop (profile demo): 32 letters and digits.",
    "SHOPS_FILE": "TOML file with the shops: ./deploy/shops.toml once you have it, /dev/null for just one.",
    "GATEWAY_ADDRESS": "Address on this machine where the gateway answers; put a proxy with TLS before it.",
    "RABBITMQ_ADDRESS": "Address on this machine where RabbitMQ answers, in clear: for `skuwire partners`.",
    "IMAGE_TAG": "Tag of the images that are built and run.",
}
"""What docker-compose.yml itself asks for."""

OF_BLOBS: Mapping[str, str] = {
    "AWS_ACCESS_KEY_ID": "Where SKUWIRE_BLOB_URL is s3://…: the key's id.",
    "AWS_SECRET_ACCESS_KEY": "The key's secret.",
    "AWS_REGION": "The bucket's region.",
    "AWS_ENDPOINT": "Address of an S3-compatible storage that is not Amazon's.",
}

UNITS = {"seconds": "Seconds.", "bytes": "Bytes.", "days": "Days."}
INTERPOLATION = re.compile(r"\$\{(?P<name>\w+)(?::(?P<kind>[?-])(?P<rest>[^}]*))?\}")


@dataclass(frozen=True)
class Compose:
    """What docker-compose.yml takes from .env: needed names, defaults of its own, and what it sets itself."""

    needed: frozenset[str]
    defaults: Mapping[str, str]
    set_by_compose: frozenset[str]


def read_compose(text: str) -> Compose:
    """How a compose file treats the variables that it names."""
    found = list(INTERPOLATION.finditer(text))
    environments = [
        service["environment"]
        for service in yaml.safe_load(text)["services"].values()
        if "environment" in service
    ]
    told = {name: value for environment in environments for name, value in environment.items()}
    return Compose(
        needed=frozenset(match["name"] for match in found if match["kind"] == "?"),
        defaults={match["name"]: match["rest"] for match in found if match["kind"] == "-"},
        set_by_compose=frozenset(
            name for name, value in told.items() if value is not None and f"${{{name}" not in str(value)
        ),
    )


def variable_of(settings: type[ServiceSettings], name: str, field: FieldInfo) -> str:
    """The environment variable that a setting is read from."""
    if isinstance(field.validation_alias, str):
        return field.validation_alias
    return f"{settings.model_config.get('env_prefix', '')}{name}".upper()


def settings_by_variable(settings: type[ServiceSettings]) -> dict[str, FieldInfo]:
    """The settings of a service, shared ones too, by their variable."""
    return {variable_of(settings, name, field): field for name, field in settings.model_fields.items()}


def render(compose: Compose) -> str:
    """The whole file."""
    shared = settings_by_variable(ServiceSettings)
    own = {name: settings_by_variable(settings) for name, settings in SERVICES.items()}
    for name in [name for fields in own.values() for name in fields]:
        if sum(name in fields for fields in own.values()) > 1:
            shared |= {name: next(fields[name] for fields in own.values() if name in fields)}
    blocks = ["\n".join(f"# {line}".rstrip() for line in INTRODUCTION.splitlines())]
    blocks += [_title("What runs"), _profiles()]
    blocks += [_title("docker-compose.yml")]
    blocks += [_entry(name, sentence, "", compose) for name, sentence in OF_COMPOSE.items()]
    blocks += [_title("all services"), *_entries(shared, compose)]
    blocks += [_entry(name, sentence, "", compose) for name, sentence in OF_BLOBS.items()]
    for service, fields in own.items():
        blocks += [_title(service), *_entries({n: f for n, f in fields.items() if n not in shared}, compose)]
    return "\n\n".join(blocks) + "\n"


def _title(text: str) -> str:
    return f"# ---- {text} ".ljust(80, "-")


def _profiles() -> str:
    sentence = (
        "Beside the services: demo (simulated shop), shop (real PrestaShop), observability; with commas."
    )
    return f"# {sentence}\nCOMPOSE_PROFILES=demo"


def _entries(fields: Mapping[str, FieldInfo], compose: Compose) -> Iterator[str]:
    for name, field in fields.items():
        yield _entry(name, _sentence(name, field), _default(field), compose)


def _sentence(name: str, field: FieldInfo) -> str:
    sentence = field.description or ""
    unit = next((text for word, text in UNITS.items() if re.search(rf"_{word}(_|$)", name.lower())), "")
    return f"{sentence} {unit}".strip() if unit.rstrip(".").lower() not in sentence.lower() else sentence


def _default(field: FieldInfo) -> str:
    value: Any = field.default
    if field.is_required() or value is None or value == () or isinstance(value, SecretStr):
        return ""
    if isinstance(value, tuple):
        return "[" + ", ".join(f"{part:g}" for part in value) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _entry(name: str, sentence: str, default: str, compose: Compose) -> str:
    comment = textwrap.fill(sentence, WIDTH, initial_indent="# ", subsequent_indent="# ")
    if name in compose.set_by_compose:
        return f"{comment}\n# {name} is set by docker-compose.yml."
    if name in compose.needed:
        return f"{comment}\n{name}="
    return f"{comment}\n# {name}={compose.defaults.get(name, default)}"


if __name__ == "__main__":
    EXAMPLE.write_text(render(read_compose(COMPOSE.read_text())))
