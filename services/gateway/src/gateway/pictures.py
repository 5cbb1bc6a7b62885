"""What a picture's bytes say about themselves, and how base64 becomes bytes."""

import binascii
import re
from dataclasses import dataclass

_DATA_URL = re.compile(r"^data:[\w.+-]+/[\w.+-]+;base64,", re.ASCII)
_WHITESPACE = str.maketrans("", "", " \t\r\n")

HEADER_BYTES = 12
"""So many bytes at the beginning tell the format."""


@dataclass
class ImageRefused(Exception):
    """The bytes are no picture that is taken here."""

    code: str
    message: str


UNREADABLE = "Must be a picture in base64: jpg, jpeg, png, gif or webp."


def is_picture(header: bytes) -> bool:
    """Whether the first bytes are those of a JPEG, PNG, GIF or WebP; a file's name proves nothing."""
    return header.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"GIF87a", b"GIF89a")) or (
        header.startswith(b"RIFF") and header[8:12] == b"WEBP"
    )


def decode_base64(text: str, *, max_bytes: int) -> bytes:
    """The bytes behind base64 (RFC 4648 §4), with or without a data URL's prefix and line breaks.

    Raises `ImageRefused` with `image_too_large` or `image_unreadable`.
    """
    prefix = _DATA_URL.match(text)
    body = (text[prefix.end() :] if prefix else text).translate(_WHITESPACE)
    if len(body) // 4 * 3 > max_bytes + 2:
        raise _too_large(max_bytes)
    try:
        decoded = binascii.a2b_base64(body, strict_mode=True)
    except (binascii.Error, ValueError):
        raise ImageRefused("image_unreadable", UNREADABLE) from None
    if len(decoded) > max_bytes:
        raise _too_large(max_bytes)
    if not is_picture(decoded[:HEADER_BYTES]):
        raise ImageRefused("image_unreadable", UNREADABLE)
    return decoded


def _too_large(max_bytes: int) -> ImageRefused:
    return ImageRefused("image_too_large", f"A picture has at most {max_bytes // 1_000_000} MB.")
