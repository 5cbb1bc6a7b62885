"""Secrets at rest."""

from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr, ValidationError

from webhook_relay.sealing import Sealer, SealNotOpened, is_sealed
from webhook_relay.settings import RelaySettings
from webhook_relay.signing import Secret, new_secret

ONE, TWO = "one key of the tests, of enough bytes", "two keys of the tests, of enough bytes"


@given(key=st.binary(min_size=24, max_size=64), endpoint=st.uuids())
def test_what_was_sealed_opens_again(key: bytes, endpoint: UUID) -> None:
    sealer = Sealer(ONE)
    sealed = sealer.seal(Secret(key), endpoint)
    assert sealer.open(sealed, endpoint) == Secret(key)
    assert is_sealed(sealed)
    assert not is_sealed(Secret(key).text())


def test_nothing_of_a_secret_shows_and_no_two_seals_are_alike() -> None:
    sealer, secret, endpoint = Sealer(ONE), new_secret(), uuid4()
    first, second = sealer.seal(secret, endpoint), sealer.seal(secret, endpoint)
    assert first != second
    assert secret.text().removeprefix("whsec_") not in first


def test_a_former_key_opens_and_a_lost_one_is_told() -> None:
    endpoint, secret = uuid4(), new_secret()
    sealed = Sealer(ONE).seal(secret, endpoint)
    both = Sealer(TWO, [ONE])
    assert both.open(sealed, endpoint) == secret
    assert not both.is_current(sealed)
    assert both.is_current(both.seal(secret, endpoint))
    with pytest.raises(SealNotOpened, match=str(endpoint)):
        Sealer(TWO).open(sealed, endpoint)


def test_a_seal_opens_for_its_own_endpoint_alone_and_only_unchanged() -> None:
    endpoint = uuid4()
    sealer = Sealer(ONE)
    sealed = sealer.seal(new_secret(), endpoint)
    with pytest.raises(SealNotOpened):
        sealer.open(sealed, uuid4())
    changed = sealed[:-6] + ("A" if sealed[-6] != "A" else "B") + sealed[-5:]
    with pytest.raises(SealNotOpened):
        sealer.open(changed, endpoint)
    for broken in ("", "whsec_abc", "sealed1", "sealed1.", sealed.replace("sealed1", "sealed2")):
        with pytest.raises(SealNotOpened):
            sealer.open(broken, endpoint)


@pytest.mark.parametrize(
    ("secret", "previous", "named"),
    [
        ("", "", "SKUWIRE_RELAY_SEALING_SECRET"),
        ("short" * 6, "", "SKUWIRE_RELAY_SEALING_SECRET"),
        (ONE.replace(" ", "-"), "short", "SKUWIRE_RELAY_SEALING_PREVIOUS_SECRETS"),
    ],
)
def test_a_short_key_is_refused_without_being_repeated(secret: str, previous: str, named: str) -> None:
    with pytest.raises(ValidationError, match="32 random bytes") as refused:
        RelaySettings(sealing_secret=SecretStr(secret), sealing_previous_secrets=SecretStr(previous))
    assert named in str(refused.value)
    assert "short" not in str(refused.value)


def test_the_settings_open_what_a_former_secret_has_sealed() -> None:
    endpoint, secret = uuid4(), new_secret()
    former = ONE.replace(" ", "-")
    settings = RelaySettings(
        sealing_secret=SecretStr(TWO), sealing_previous_secrets=SecretStr(f"{'x' * 32} {former}")
    )
    assert settings.sealer().open(Sealer(former).seal(secret, endpoint), endpoint) == secret
