"""Whoever sets something finds a sentence about it, with its unit."""

import re
from typing import Any

import pytest

from common.settings import ServiceSettings
from common.shops import ShopSettings
from gateway.settings import GatewaySettings
from image_processor.settings import ImageSettings
from prestashop_writer.settings import WriterSettings
from validator.settings import ValidatorSettings
from webhook_relay.settings import RelaySettings

OWNERS = [
    ServiceSettings,
    GatewaySettings,
    ValidatorSettings,
    WriterSettings,
    ImageSettings,
    RelaySettings,
    ShopSettings,
]
SETTINGS = {
    f"{owner.__name__}.{name}": field for owner in OWNERS for name, field in owner.model_fields.items()
}
UNIT = re.compile(r"_(seconds|days|bytes|port|id|category)$")
COUNTED = re.compile(r"^(Connections|Items|Messages|Products|Processes|Times|Attempts|Requests)\b")


@pytest.mark.parametrize(("name", "field"), SETTINGS.items(), ids=SETTINGS.keys())
def test_a_setting_is_described_in_a_sentence_with_its_unit(name: str, field: Any) -> None:
    description = field.description or ""
    assert re.match(r"^[A-Z].{10,}", description), f"{name} needs a sentence"
    if field.annotation in (int, float):
        assert UNIT.search(name) or COUNTED.match(description), (
            f"{name}: name its unit, or say what is counted"
        )


@pytest.mark.parametrize(("name", "field"), SETTINGS.items(), ids=SETTINGS.keys())
def test_a_secret_is_not_shown(name: str, field: Any) -> None:
    if re.search(r"(secret|token|password|_key|\.key|amqp_url|database_url)$", name):
        assert "SecretStr" in str(field.annotation)
