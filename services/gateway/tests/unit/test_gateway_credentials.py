import base64
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from pydantic import SecretStr, ValidationError

from gateway.authentication import AccessTokens, Caller, Passwords, TokenRefused
from gateway.settings import GatewaySettings

SECRET = "k" * 32
TOKENS = AccessTokens(SecretStr(SECRET), "skuwire", valid_seconds=7200)
CALLER = Caller("erp@example.com", "acme")
NOW = datetime.now(UTC)


def claims(**changed: Any) -> dict[str, Any]:
    values: dict[str, Any] = {
        "iss": "skuwire",
        "aud": "skuwire",
        "iat": NOW,
        "exp": NOW + timedelta(hours=1),
        "sub": "erp@example.com",
        "tenant": "acme",
    }
    return {key: value for key, value in (values | changed).items() if value is not None}


def signed(
    changed: dict[str, Any] | None = None, *, key: str = SECRET, algorithm: str = "HS256", **header: Any
) -> str:
    headers = {"typ": "at+jwt"} | header
    return jwt.encode(claims(**(changed or {})), key, algorithm=algorithm, headers=headers)


def unsigned(header: dict[str, Any]) -> str:
    parts = [header, {k: v if isinstance(v, str) else int(v.timestamp()) for k, v in claims().items()}]
    encoded = [base64.urlsafe_b64encode(json.dumps(p).encode()).rstrip(b"=").decode() for p in parts]
    return ".".join([*encoded, ""])


def test_a_token_names_its_caller() -> None:
    assert TOKENS.check(TOKENS.issue(CALLER)) == CALLER
    assert TOKENS.check(signed()) == CALLER


def test_a_token_expires() -> None:
    long_ago = datetime.now(UTC) - timedelta(seconds=7300)
    with pytest.raises(TokenRefused, match="expired"):
        TOKENS.check(TOKENS.issue(CALLER, long_ago))


FORGED = {
    "nothing": "",
    "no token": "abc",
    "three dots": "...",
    "alg none": unsigned({"alg": "none", "typ": "at+jwt"}),
    "alg None": unsigned({"alg": "None", "typ": "at+jwt"}),
    "no signature": unsigned({"alg": "HS256", "typ": "at+jwt"}),
    "another key": signed(key="x" * 32),
    "another algorithm": signed(key="k" * 64, algorithm="HS512"),
    "HS384 with our key": jwt.encode(claims(), "k" * 48, algorithm="HS384", headers={"typ": "at+jwt"}),
    "a refresh token": signed(typ="refresh+jwt"),
    "no typ": signed(typ="JWT"),
    "another issuer": signed({"iss": "evil"}),
    "another audience": signed({"aud": "evil"}),
    "no issuer": signed({"iss": None}),
    "no audience": signed({"aud": None}),
    "no expiry": signed({"exp": None}),
    "no time of issue": signed({"iat": None}),
    "no subject": signed({"sub": None}),
    "no tenant": signed({"tenant": None}),
    "an empty tenant": signed({"tenant": ""}),
    "a tenant that is a list": signed({"tenant": ["acme"]}),
    "issued in the future": signed({"iat": NOW + timedelta(hours=1)}),
    "valid only later": signed({"nbf": NOW + timedelta(hours=1)}),
    "an unknown critical header": signed(crit=["never-heard-of"], **{"never-heard-of": 1}),
    "an id that is a path": signed(kid="../../dev/null", key="\0" * 32),
    "its own key": signed(jwk={"kty": "oct", "k": "eHh4"}, key="x" * 32),
    "a megabyte": signed({"sub": "x" * 1_000_000}),
    "a cut signature": signed()[:-4],
    "another payload": signed().replace(signed().split(".")[1], signed({"tenant": "b"}).split(".")[1]),
}  # fmt: skip


@pytest.mark.parametrize("token", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(token: str) -> None:
    with pytest.raises(TokenRefused):
        TOKENS.check(token)


async def test_a_password_matches_only_its_user() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("SecurePassword123!")
    assert await passwords.matches("SecurePassword123!", hashed)
    assert not await passwords.matches("securepassword123!", hashed)
    assert not await passwords.matches("no user has this password", None)


def test_a_short_secret_keeps_the_service_from_starting_and_is_not_shown() -> None:
    with pytest.raises(ValidationError) as refused:
        GatewaySettings(jwt_secret="too-short-secret")  # type: ignore[arg-type]  # as the environment gives it
    assert "at least 32 bytes" in str(refused.value)
    assert "too-short-secret" not in str(refused.value)


def test_the_first_user_needs_a_password() -> None:
    with pytest.raises(ValidationError, match="both"):
        GatewaySettings(jwt_secret=SecretStr(SECRET), bootstrap_email="erp@example.com")
