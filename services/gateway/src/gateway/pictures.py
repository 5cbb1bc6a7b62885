"""What a picture's bytes say about themselves, and how base64 becomes bytes."""

import binascii
import re
from dataclasses import dataclass

MAX_PREFIX = 128
_DATA = b"data:"
_DATA_URL = re.compile(rb"data:[\w.+-]+/[\w.+-]+;base64,")
_WHITESPACE = b" \t\r\n"

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


class Base64Picture:
    """A picture that arrives in pieces of base64 (RFC 4648 §4), with or without a data URL's prefix.

    Line breaks are ignored; nothing else is. Bytes beyond `max_bytes` are not kept.
    """

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._decoded = bytearray()
        self._rest = b""
        self._began = False
        self._refused: ImageRefused | None = None

    @property
    def size(self) -> int:
        """Bytes that are kept of it."""
        return len(self._decoded) + len(self._rest)

    def add(self, text: bytes) -> None:
        """The next piece, of any length."""
        if self._refused is not None:
            return
        self._rest += text.translate(None, _WHITESPACE)
        if not self._began:
            self._skip_prefix()
        if self._began:
            complete = (len(self._rest) - 1) // 4 * 4  # the last characters may carry the padding
            self._decode(self._rest[:complete], last=False)
            self._rest = self._rest[complete:]

    def finish(self) -> bytes | bytearray:
        """The picture. Raises `ImageRefused` with `image_too_large` or `image_unreadable`."""
        if self._refused is None:
            self._decode(self._rest, last=True)
        if self._refused is not None:
            raise self._refused
        if not is_picture(bytes(self._decoded[:HEADER_BYTES])):
            raise ImageRefused("image_unreadable", UNREADABLE)
        return self._decoded  # no copy: it may be ten megabytes

    def _skip_prefix(self) -> None:
        if not self._rest.startswith(_DATA[: len(self._rest)]):
            self._began = True
        elif prefix := _DATA_URL.match(self._rest):
            self._rest, self._began = self._rest[prefix.end() :], True
        elif len(self._rest) > MAX_PREFIX:
            self._refuse(ImageRefused("image_unreadable", UNREADABLE))

    def _decode(self, text: bytes, *, last: bool) -> None:
        try:
            self._decoded += binascii.a2b_base64(text, strict_mode=True)
        except ValueError:  # binascii.Error is one
            self._refuse(ImageRefused("image_unreadable", UNREADABLE))
        if b"=" in text and not last:
            self._refuse(ImageRefused("image_unreadable", UNREADABLE))
        if len(self._decoded) > self._max_bytes:
            message = f"A picture has at most {self._max_bytes // 1_000_000} MB."
            self._refuse(ImageRefused("image_too_large", message))

    def _refuse(self, refused: ImageRefused) -> None:
        self._refused = self._refused or refused
        self._decoded.clear()
        self._rest = b""


def decode_base64(text: str, *, max_bytes: int) -> bytes | bytearray:
    """The picture behind base64 that is at hand as a whole. Raises `ImageRefused`."""
    picture = Base64Picture(max_bytes)
    picture.add(text.encode("ascii", "replace"))
    return picture.finish()
