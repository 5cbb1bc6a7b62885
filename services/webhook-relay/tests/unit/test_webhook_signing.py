"""What we sign is what receivers verify with the libraries of Standard Webhooks."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from webhook_relay.signing import PREFIX, Secret, UnusableSecret, new_secret, parse_secret, sign

keys = st.binary(min_size=24, max_size=64).map(Secret)
bodies = st.text(alphabet=st.characters(exclude_categories=["Cs"])).map(str.encode)
ids = st.from_regex(r"msg_[0-9a-f]{32}", fullmatch=True)


@given(secret=keys, body=bodies, webhook_id=ids)
def test_the_official_library_verifies_what_we_sign(secret: Secret, body: bytes, webhook_id: str) -> None:
    headers = sign(webhook_id, int(time.time()), body, [secret])
    Webhook(secret.text()).verify(body, headers, json_parse=False)


@given(old=keys, new=keys, body=bodies)
def test_during_a_rotation_both_secrets_verify(old: Secret, new: Secret, body: bytes) -> None:
    headers = sign("msg_1", int(time.time()), body, [new, old])
    for secret in (old, new):
        Webhook(secret.text()).verify(body, headers, json_parse=False)


@given(secret=keys, body=bodies, position=st.integers(min_value=0))
def test_a_changed_byte_is_not_verified(secret: Secret, body: bytes, position: int) -> None:
    headers = sign("msg_1", int(time.time()), body, [secret])
    tampered = bytearray(body + b" ")
    tampered[position % len(tampered)] ^= 1
    with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
        Webhook(secret.text()).verify(bytes(tampered), headers, json_parse=False)


def test_a_known_signature_stays_the_same() -> None:
    secret = parse_secret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    headers = sign("msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, b'{"test": 2432232314}', [secret])
    assert headers == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


@given(secret=keys)
def test_a_secret_survives_being_written_down_and_never_shows_in_a_repr(secret: Secret) -> None:
    assert parse_secret(secret.text()) == secret
    assert repr(secret) == "Secret()"


def test_new_secrets_differ() -> None:
    assert new_secret() != new_secret()


@pytest.mark.parametrize(
    "text",
    ["", "hunter2", "whsec_", "whsec_***", "whsec_c2hvcnQ=", "whsec_" + "A" * 400, "WHSEC_" + "A" * 44],
)
def test_an_unusable_secret_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(UnusableSecret) as refused:
        parse_secret(text)
    assert text in ("", PREFIX) or text not in str(refused.value)
