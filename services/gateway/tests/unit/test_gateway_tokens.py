from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from multidict import CIMultiDict, CIMultiDictProxy
from pydantic import SecretStr

from gateway.access.gate import access_claims, sent_credential
from gateway.access.passwords import Passwords, weakness_of_password
from gateway.access.tokens import AccessClaims, AccessTokens, TokenRefused
from gateway.errors import Refusal
from gateway.testing import JWT_SECRET
from gateway.testing_tokens import BASE64URL, Header, claims_of, forged_headers, signed

CLAIMS = AccessClaims("user_1", "acme", "ses_1", 1)
TOKENS = AccessTokens(SecretStr(JWT_SECRET), "skuwire", valid_seconds=7200)
GENUINE = TOKENS.issue(CLAIMS)
FORGED = forged_headers(GENUINE, JWT_SECRET)


def claims_sent(headers: list[Header]) -> AccessClaims:
    return access_claims(sent_credential(CIMultiDictProxy(CIMultiDict(headers))), TOKENS)


def test_a_genuine_token_names_its_user_and_session() -> None:
    assert claims_sent([("Authorization", f"Bearer {GENUINE}")]) == CLAIMS
    assert claims_sent([("authorization", f"bearer {GENUINE}")]) == CLAIMS
    assert TOKENS.check(signed(claims_of(GENUINE), JWT_SECRET)) == CLAIMS


@pytest.mark.parametrize("headers", FORGED.values(), ids=FORGED.keys())
def test_a_forged_token_is_refused(headers: list[Header]) -> None:
    with pytest.raises(Refusal) as refused:
        claims_sent(headers)
    assert refused.value.status == 401
    assert refused.value.headers["WWW-Authenticate"].startswith('Bearer realm="skuwire"')
    assert GENUINE not in str(refused.value.message)


@given(st.integers(0, len(GENUINE) - 1), st.sampled_from(BASE64URL + "=.+/ \n"))
def test_a_token_with_any_other_character_anywhere_is_refused(place: int, character: str) -> None:
    assume(GENUINE[place] != character)
    with pytest.raises(TokenRefused):
        TOKENS.check(GENUINE[:place] + character + GENUINE[place + 1 :])


@given(st.integers(0, len(GENUINE) - 1), st.text(max_size=3))
def test_a_token_that_is_cut_or_lengthened_is_refused(length: int, more: str) -> None:
    for token in (GENUINE[:length], GENUINE[length:] if length else "", GENUINE + (more or "A")):
        with pytest.raises(TokenRefused):
            TOKENS.check(token)


@given(st.text(max_size=300))
def test_any_text_is_refused_and_never_a_crash(text: str) -> None:
    with pytest.raises(TokenRefused):
        TOKENS.check(text)


def test_a_token_expires() -> None:
    long_ago = datetime.now(UTC) - timedelta(seconds=7300)
    with pytest.raises(TokenRefused, match="expired"):
        TOKENS.check(TOKENS.issue(CLAIMS, long_ago))


def test_a_previous_secret_verifies_and_does_not_sign() -> None:
    new, old = SecretStr("n" + JWT_SECRET), SecretStr(JWT_SECRET)
    after = AccessTokens(new, "skuwire", valid_seconds=7200, previous_secrets=[old])
    assert after.check(GENUINE) == CLAIMS
    with pytest.raises(TokenRefused):
        TOKENS.check(after.issue(CLAIMS))
    with pytest.raises(TokenRefused):
        AccessTokens(new, "skuwire", valid_seconds=7200).check(GENUINE)


async def test_a_password_matches_only_its_user() -> None:
    passwords = Passwords()
    hashed = await passwords.hash("SecurePassword123!")
    assert hashed.startswith("$argon2id$")
    assert await passwords.matches("SecurePassword123!", hashed)
    assert not await passwords.matches("securepassword123!", hashed)
    assert not await passwords.matches("no user has this password", None)


@pytest.mark.parametrize(
    ("password", "says"),
    [
        ("elevenchars", "at least 12"),
        ("x" * 2000, "at most 1024"),
        ("abababababababab", "different characters"),
        ("Erp@Example.Com", "e-mail"),
        ("Change-Me-2026!", "changeme"),
    ],
)
def test_a_password_that_may_not_be_one_is_told_why(password: str, says: str) -> None:
    assert says in (weakness_of_password(password, "erp@example.com") or "")


def test_a_password_may_be_a_sentence_or_made_by_a_manager() -> None:
    assert weakness_of_password("correct horse battery", "erp@example.com") is None
    assert weakness_of_password("Vt9-kQ2_xLm7", "erp@example.com") is None
