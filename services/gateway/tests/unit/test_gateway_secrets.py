"""What keeps the gateway from starting."""

import base64
import os
import subprocess
import sys
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from common.secret_strength import weakness_of
from gateway.settings import GatewaySettings
from gateway.testing import CREDENTIAL_SECRET, JWT_SECRET, PASSWORD

WEAK = [
    "", "short", "k" * 64, "0123456789abcdef0123456789abcdef0123456789abcdef", "change-me-" + JWT_SECRET,
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ", "x1" * 32, "hunter2" * 8, "1234567890" * 5,
    "my-super-secret-jwt-signing-key-of-2026", "aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbbcccccccccccccccc",
]  # fmt: skip


@pytest.mark.parametrize("secret", WEAK)
def test_a_secret_that_can_be_guessed_is_told(secret: str) -> None:
    assert weakness_of(secret) is not None


@given(st.integers(0, 2**64), st.integers(16, 48))
def test_random_bytes_are_strong_enough_however_they_are_written(seed: int, size: int) -> None:
    raw = Random(seed).randbytes(max(size, 16))
    assert weakness_of(raw.hex().upper()) is None
    if size >= 24:
        assert weakness_of(base64.urlsafe_b64encode(raw).decode()) is None


@pytest.mark.parametrize("name", ["JWT_SECRET", "CREDENTIAL_SECRET"])
@pytest.mark.parametrize("secret", [None, "too-short-" + "q7", "k" * 64])
def test_the_service_does_not_start_with_a_weak_secret_and_says_how_to_make_one(
    name: str, secret: str | None
) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith("SKUWIRE_")}
    environment |= {
        "SKUWIRE_GATEWAY_JWT_SECRET": JWT_SECRET,
        "SKUWIRE_GATEWAY_CREDENTIAL_SECRET": CREDENTIAL_SECRET,
    }
    del environment[f"SKUWIRE_GATEWAY_{name}"]
    if secret is not None:
        environment[f"SKUWIRE_GATEWAY_{name}"] = secret
    ended = subprocess.run(
        [sys.executable, "-m", "gateway"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    told = ended.stdout + ended.stderr
    assert ended.returncode != 0
    assert f"SKUWIRE_GATEWAY_{name} " in told
    assert "make one with: python3 -c" in told
    assert secret is None or secret not in told


def settings(**changed: object) -> GatewaySettings:
    given_ = {"jwt_secret": JWT_SECRET, "credential_secret": CREDENTIAL_SECRET} | changed
    return GatewaySettings(**given_)  # type: ignore[arg-type]  # as the environment gives them


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"credential_secret": JWT_SECRET}, "the same as SKUWIRE_GATEWAY_JWT_SECRET"),
        ({"jwt_previous_secrets": f"{JWT_SECRET} weak"}, "number 2 is too short"),
        ({"credential_previous_secrets": "k" * 64}, "number 1 is not random enough"),
        ({"bootstrap_email": "erp@example.com"}, "both"),
        (
            {"bootstrap_email": "erp@example.com", "bootstrap_password": "Sh0rt!"},
            "SKUWIRE_GATEWAY_BOOTSTRAP_PASSWORD must have at least 12",
        ),
        ({"SKUWIRE_INTERNAL_TOKEN": "internal"}, "SKUWIRE_INTERNAL_TOKEN is too short"),
        ({"trusted_proxies": "10.0.0.0/8 nonsense"}, "nonsense"),
    ],
)
def test_settings_that_contradict_or_weaken_are_refused(changed: dict[str, object], says: str) -> None:
    with pytest.raises(ValidationError) as refused:
        settings(**changed)
    assert says in str(refused.value)
    assert JWT_SECRET not in str(refused.value)
    assert "Sh0rt!" not in str(refused.value)


def test_several_secrets_are_separated_by_spaces() -> None:
    given_ = settings(jwt_previous_secrets=f"{CREDENTIAL_SECRET}x {CREDENTIAL_SECRET}y")
    assert [secret.get_secret_value()[-1] for secret in given_.previous_jwt_secrets()] == ["x", "y"]
    assert given_.credential_secrets() == [SecretStr(CREDENTIAL_SECRET)]
    assert PASSWORD not in repr(given_)
