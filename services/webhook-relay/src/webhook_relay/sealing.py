"""Secrets of endpoints at rest: sealed with AES-256-GCM under a key of the settings.

A sealed text is `sealed1.<key id>.<base64 of nonce and ciphertext>`. The endpoint's id is authenticated with
it: a sealed secret that somebody copies to another row does not open there. The key id says which of several
keys to open with, so that a key can be changed without a gap.
"""

import base64
import hashlib
import secrets
from collections.abc import Sequence
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from webhook_relay.signing import Secret

FORMAT = "sealed1"
NONCE_BYTES = 12
KEY_BYTES = 32


class SealNotOpened(Exception):
    """No key of the settings opens a stored secret; the text names the endpoint."""


class Sealer:
    """Seals with the first key, opens with any. The texts are random ones of at least 32 bytes."""

    def __init__(self, current: str, previous: Sequence[str] = ()) -> None:
        self._current = _key_id(current)
        self._ciphers = {_key_id(text): AESGCM(_key(text)) for text in (*previous, current)}

    def seal(self, secret: Secret, endpoint_id: UUID) -> str:
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self._ciphers[self._current].encrypt(nonce, secret.key, endpoint_id.bytes)
        return f"{FORMAT}.{self._current}.{base64.b64encode(nonce + sealed).decode()}"

    def open(self, text: str, endpoint_id: UUID) -> Secret:
        """The secret behind a sealed text. Raises `SealNotOpened`."""
        form, _, rest = text.partition(".")
        key_id, _, encoded = rest.partition(".")
        cipher = self._ciphers.get(key_id)
        if form != FORMAT or cipher is None:
            raise SealNotOpened(f"no key of the settings opens the secret of endpoint {endpoint_id}")
        data = base64.b64decode(encoded)
        try:
            return Secret(cipher.decrypt(data[:NONCE_BYTES], data[NONCE_BYTES:], endpoint_id.bytes))
        except InvalidTag:
            raise SealNotOpened(f"the sealed secret of endpoint {endpoint_id} was changed") from None

    def is_current(self, text: str) -> bool:
        """Whether the text is sealed with the first key."""
        return text.startswith(f"{FORMAT}.{self._current}.")


def is_sealed(text: str) -> bool:
    """Whether a stored text is a sealed one; secrets of before sealing lie as `whsec_…`."""
    return text.startswith(f"{FORMAT}.")


def _key(text: str) -> bytes:
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=b"skuwire endpoint secrets").derive(text.encode())


def _key_id(text: str) -> str:
    return hashlib.sha256(_key(text)).hexdigest()[:8]
