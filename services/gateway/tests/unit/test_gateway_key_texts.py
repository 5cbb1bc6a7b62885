import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from gateway.access.key_texts import (
    BASE62,
    digests,
    is_well_formed,
    new_api_key,
    new_refresh_token,
    successor,
)
from gateway.testing import CREDENTIAL_SECRET

SECRET, OTHER = SecretStr(CREDENTIAL_SECRET), SecretStr("o" + CREDENTIAL_SECRET)


@pytest.mark.parametrize(("test", "prefix"), [(False, "pm_live_"), (True, "pm_test_")])
def test_a_key_has_its_prefix_and_thirty_two_characters(test: bool, prefix: str) -> None:
    key = new_api_key(test=test)
    assert key.startswith(prefix)
    assert len(key) == len(prefix) + 32
    assert is_well_formed(key)
    assert key != new_api_key(test=test)


def test_the_checksum_is_the_crc32_of_the_random_characters_in_base62() -> None:
    random, checksum = new_api_key(test=False)[8:-6], 0
    for character in (key := f"pm_live_{random}")[8:]:
        assert character in BASE62
    crc, text = zlib.crc32(random.encode()), ""
    for _ in range(6):
        crc, checksum = divmod(crc, 62)
        text = BASE62[checksum] + text
    assert is_well_formed(key + text)


@given(place=st.integers(8, 39), character=st.sampled_from(BASE62), test=st.booleans())
def test_a_key_with_one_wrong_character_is_told_by_its_checksum(
    place: int, character: str, test: bool
) -> None:
    key = new_api_key(test=test)
    mistyped = key[:place] + character + key[place + 1 :]
    assert is_well_formed(mistyped) == (mistyped == key)


@given(st.text(max_size=60))
def test_any_other_text_is_no_key(text: str) -> None:
    for prefix in ("", "pm_live_", "pm_test_", "pm_refresh_"):
        assert not is_well_formed(prefix + text)


def test_what_is_kept_of_a_key_does_not_hold_it_and_needs_the_secret() -> None:
    key = new_api_key(test=False)
    [present, earlier] = digests(key, [SECRET, OTHER])
    assert key.encode() not in present
    assert len(present) == 32
    assert present != earlier
    assert digests(key, [SECRET]) == [present]
    assert digests(new_api_key(test=False), [SECRET]) != [present]


def test_the_successor_of_a_refresh_token_is_always_the_same_and_known_only_with_the_secret() -> None:
    token = new_refresh_token()
    following = successor(token, SECRET)
    assert is_well_formed(following)
    assert len(following) == len(token)
    assert following == successor(token, SECRET)
    assert following not in {successor(token, OTHER), successor(following, SECRET), token}
