"""What a webhook's headers claim, and whether a secret of ours vouches for it: pure.

`X-GeSmart-Signature: sha256=<hex>` signs `timestamp.body`; the headers of Standard Webhooks
(`webhook-signature: v1,<base64> …`) sign `id.timestamp.body`. Both are HMAC-SHA256 over the raw body.
"""

import base64
import binascii
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gateway.inbound.sources import InboundSource, standard_key

TOLERANCE_SECONDS = 300
MAX_ID_CHARACTERS = 255
MAX_SIGNATURES = 10

GESMART = {
    "id": "X-GeSmart-Delivery",
    "timestamp": "X-GeSmart-Timestamp",
    "signature": "X-GeSmart-Signature",
}
STANDARD = {"id": "webhook-id", "timestamp": "webhook-timestamp", "signature": "webhook-signature"}
EVENT = "X-GeSmart-Event"

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)
_ID = re.compile(rf"[\x21-\x7e]{{1,{MAX_ID_CHARACTERS}}}")
_HEX_SIGNATURE = re.compile(r"sha256=([0-9a-fA-F]{64})")


@dataclass
class NotVouched(Exception):
    """The delivery is not known to come from whom it says."""

    code: str
    header: str
    message: str


@dataclass(frozen=True)
class Claim:
    """What a delivery says of itself; nothing of it is believed yet."""

    delivery_id: str
    timestamp: str
    signatures: tuple[bytes, ...] = field(repr=False)
    is_standard: bool

    @property
    def head(self) -> bytes:
        """What was signed before the body, if this is true."""
        head = f"{self.delivery_id}.{self.timestamp}." if self.is_standard else f"{self.timestamp}."
        return head.encode()


def read_claim(headers: Mapping[str, str], now: float) -> Claim:
    """What the headers say. Raises `NotVouched` for what is incomplete, has no form or is not of now."""
    is_standard = GESMART["signature"] not in headers and STANDARD["signature"] in headers
    names = STANDARD if is_standard else GESMART
    signature, timestamp = _sent(headers, names["signature"]), _sent(headers, names["timestamp"])
    delivery_id = _sent(headers, names["id"])
    if not _TIMESTAMP.fullmatch(timestamp):
        raise NotVouched("timestamp_form", names["timestamp"], "Must be seconds since 1970, in digits.")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        message = f"Is more than {TOLERANCE_SECONDS} seconds from now; sign each attempt anew."
        raise NotVouched("timestamp_stale", names["timestamp"], message)
    if not _ID.fullmatch(delivery_id):
        message = f"Must be 1 to {MAX_ID_CHARACTERS} printable ASCII characters without spaces."
        raise NotVouched("delivery_id_form", names["id"], message)
    signatures = _standard(signature) if is_standard else _gesmart(signature)
    if not signatures:
        form = "v1,<base64>" if is_standard else "sha256=<64 hexadecimal digits>"
        raise NotVouched("signature_form", names["signature"], f"Must be {form}.")
    return Claim(delivery_id, timestamp, signatures, is_standard)


def _sent(headers: Mapping[str, str], name: str) -> str:
    if name not in headers:
        raise NotVouched("header_missing", name, f"{name} is required.")
    return headers[name]


def _gesmart(text: str) -> tuple[bytes, ...]:
    found = _HEX_SIGNATURE.fullmatch(text)
    return (bytes.fromhex(found[1]),) if found else ()


def _standard(text: str) -> tuple[bytes, ...]:
    """Those of version 1; senders list several during a rotation of theirs."""
    found = []
    for part in text.split(" ")[:MAX_SIGNATURES]:
        version, _, encoded = part.partition(",")
        if version == "v1":
            try:
                found.append(base64.b64decode(encoded, validate=True))
            except (binascii.Error, ValueError):
                continue
    return tuple(found)


def voucher(claim: Claim, raw: bytes | bytearray, sources: Sequence[InboundSource]) -> InboundSource | None:
    """The source whose secret signed it. Every secret is tried, whichever fits: time tells nothing."""
    found = None
    for source in sources:
        for secret in source.secrets:
            key = standard_key(secret) if claim.is_standard else secret.get_secret_value().encode()
            signed = hmac.new(key or b"", claim.head, hashlib.sha256)
            signed.update(raw)  # which is not copied for it
            for signature in claim.signatures:
                if hmac.compare_digest(signed.digest(), signature):
                    found = source
    return found
