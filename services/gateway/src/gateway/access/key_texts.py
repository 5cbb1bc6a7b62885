"""API keys and refresh tokens as texts: a prefix that scanners know, random characters, a checksum.

The last six characters are the CRC32 of the random ones in base62, as in the tokens of GitHub and npm: a
typing error is told without asking the database, and a scanner that finds a key knows it for one. What is
kept of a key is its HMAC-SHA256 under the credential secret; a slow hash would add nothing at this entropy.
"""

import hashlib
import hmac
import re
import secrets
import string
import zlib
from collections.abc import Sequence

from pydantic import SecretStr

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
CHECKSUM_CHARACTERS = 6
KEY_RANDOM_CHARACTERS = 26  # 154 bits
TOKEN_RANDOM_CHARACTERS = 43  # 256 bits
SHOWN_CHARACTERS = 12

LIVE, TEST, REFRESH = "pm_live_", "pm_test_", "pm_refresh_"
SHAPE = re.compile(
    rf"(?:pm_(?:live|test)_[0-9A-Za-z]{{{KEY_RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}}"
    rf"|pm_refresh_[0-9A-Za-z]{{{TOKEN_RANDOM_CHARACTERS + CHECKSUM_CHARACTERS}}})",
    re.ASCII,
)


def new_api_key(*, test: bool) -> str:
    """A key that nobody has had before."""
    prefix = TEST if test else LIVE
    return _complete(prefix, "".join(secrets.choice(BASE62) for _ in range(KEY_RANDOM_CHARACTERS)))


def new_refresh_token() -> str:
    """The first refresh token of a login."""
    return _complete(REFRESH, "".join(secrets.choice(BASE62) for _ in range(TOKEN_RANDOM_CHARACTERS)))


def successor(refresh_token: str, secret: SecretStr) -> str:
    """The refresh token that follows this one: always the same, and known only with the secret.

    So whoever lost the answer to a refresh may ask again and is told the same.
    """
    message = b"successor\0" + refresh_token.encode()
    number = int.from_bytes(hmac.digest(secret.get_secret_value().encode(), message, hashlib.sha256))
    return _complete(REFRESH, _base62(number, TOKEN_RANDOM_CHARACTERS))


def is_well_formed(text: str) -> bool:
    """Whether the text has the shape of a key or refresh token, and its checksum is right."""
    if not SHAPE.fullmatch(text):
        return False
    random = text.rpartition("_")[2][:-CHECKSUM_CHARACTERS]
    return text.endswith(_checksum(random))


def digests(text: str, credential_secrets: Sequence[SecretStr]) -> list[bytes]:
    """What is kept of a key or refresh token, under the present secret first, then under earlier ones."""
    return [
        hmac.digest(secret.get_secret_value().encode(), text.encode(), hashlib.sha256)
        for secret in credential_secrets
    ]


def _complete(prefix: str, random: str) -> str:
    return prefix + random + _checksum(random)


def _checksum(random: str) -> str:
    return _base62(zlib.crc32(random.encode()), CHECKSUM_CHARACTERS)


def _base62(number: int, characters: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, len(BASE62))
        text = BASE62[digit] + text
    return text.rjust(characters, BASE62[0])
