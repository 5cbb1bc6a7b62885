"""Secrets at rest and on the broker: sealed with AES-256-GCM under a key of the settings.

A sealed text is `sealed1.<key id>.<base64 of nonce and ciphertext>`. What it belongs to is authenticated with
it: a sealed secret that somebody copies to another row does not open there. The key id says which of several
keys to open with, so that a key can be changed without a gap.
"""

import base64
import binascii
import hashlib
import secrets
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

FORMAT = "sealed1"
NONCE_BYTES = 12
KEY_BYTES = 32


class SealNotOpened(Exception):
    """No key of the settings opens a stored secret; the text says whose it is, never what it holds."""


class Sealer:
    """Seals with the first key, opens with any. The texts are random ones of at least 32 bytes.

    `purpose` keeps the seals of different kinds of secrets apart where one text seals both.
    """

    def __init__(self, current: str, previous: Sequence[str] = (), *, purpose: str) -> None:
        keys = [_key(text, purpose) for text in (*previous, current)]
        self._current = _key_id(keys[-1])
        self._ciphers = {_key_id(key): AESGCM(key) for key in keys}

    def seal(self, secret: bytes, owner: bytes) -> str:
        """The secret as a sealed text, which opens for this owner alone."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, secret, owner)
        return f"{FORMAT}.{self._current}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, owner: bytes, whose: str) -> bytes:
        """The secret behind a sealed text. Raises `SealNotOpened`, which names `whose` it is."""
        form, _, rest = text.partition(".")
        key_id, _, encoded = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if form != FORMAT or cipher is None:
            raise SealNotOpened(f"no key of the settings opens the secret of {whose}")
        try:
            data = base64.b64decode(encoded, validate=True)
            return cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], owner)
        except (InvalidTag, ValueError, binascii.Error):
            raise SealNotOpened(f"the sealed secret of {whose} was changed") from None

    def is_current(self, text: str) -> bool:
        """Whether the text is sealed with the first key."""
        return text.startswith(f"{FORMAT}.{self._current}.")


def is_sealed(text: str) -> bool:
    """Whether a stored text is a sealed one."""
    return text.startswith(f"{FORMAT}.")


def _key(text: str, purpose: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=f"skuwire {purpose}".encode()).derive(text.encode())


def _key_id(key: bytes) -> str:
    return hashlib.sha256(key).hexdigest()[:8]
