"""Cutting pictures out of a JSON body while it arrives, so that it is never in memory as a whole.

The value of every key `base64` is decoded on its way and replaced by a name; the JSON that remains is small
and is read like any other. Memory holds one decoded picture at a time, whatever the body's size.
"""

import re
from dataclasses import dataclass, field
from enum import Enum, auto
from secrets import token_hex

from gateway.pictures import Base64Picture, ImageRefused

KEY = b"base64"
# Without possessive quantifiers, which Python 3.11.2 gets wrong. A string that goes on costs one pass more.
_WITHIN_STRING = rb'[^"\\]*(?:\\.[^"\\]*)*'
_STRING = rb'"' + _WITHIN_STRING + rb'"'
_WITHIN = re.compile(_WITHIN_STRING, re.DOTALL)
_STRINGS = re.compile(_STRING, re.DOTALL)
# Everything up to a string that is the key, or one that goes on in the next part.
_ORDINARY = re.compile(rb'(?:[^"]+|(?!"base64")' + _STRING + rb")+", re.DOTALL)
_WINDOW = 64 * 1024  # bytes that are passed over at a time: a match remembers where each string began
_END_OR_ESCAPE = re.compile(rb'["\\]')
_NOT_SPACE = re.compile(rb"[^ \t\r\n]")
_CONTROL = re.compile(rb"[\x00-\x1f]")
_ESCAPES = {b"\\/": b"/", b"\\n": b"\n", b"\\r": b"\r", b"\\t": b"\t"}
_MARKS = (b'"', b"\\")
_UNREADABLE = b"!"  # stands for what no base64 contains
_BETWEEN_VALUES = (b",", b"[", b"{")

# Measured with catalogues and with bodies made to be large: what JSON takes once it is read, and a picture
# while it is on its way to blob storage.
_BYTES_PER_BYTE, _BYTES_PER_VALUE, _BYTES_PER_PICTURE_BYTE = 2, 200, 3


@dataclass(frozen=True)
class CutPicture:
    """A picture that was cut out, under the name that stands in the JSON now."""

    name: str
    content: bytes | bytearray | ImageRefused = field(repr=False)


class _State(Enum):
    BETWEEN = auto()  # outside of strings
    STRING = auto()
    COLON = auto()  # after a string "base64": a colon makes it a key
    VALUE = auto()  # after the colon
    PICTURE = auto()  # inside its value


class PictureCutter:
    """Fed with a body in parts of any size; `remaining` is the JSON without the pictures."""

    def __init__(self, max_bytes: int) -> None:
        self.remaining = bytearray()
        self._values = 0  # at most so many stand in it
        self._max_bytes = max_bytes
        self._nonce = token_hex(8)  # names cannot be made up by the sender
        self._count = 0
        self._state = _State.BETWEEN
        self._string = b""  # the beginning of the current string: enough to know the key
        self._escape = b""  # an escape sequence that is not complete yet
        self._picture = Base64Picture(max_bytes)
        self._is_empty = True

    @property
    def memory_bytes(self) -> int:
        """What the body takes, once what came of it is read."""
        text = _BYTES_PER_BYTE * len(self.remaining) + _BYTES_PER_VALUE * self._values
        return text + _BYTES_PER_PICTURE_BYTE * self._picture.size

    def feed(self, part: bytes) -> list[CutPicture]:
        """Take the next part; return the pictures that ended in it."""
        finished: list[CutPicture] = []
        at = 0
        while at < len(part):
            at = self._step(part, at, finished)
        return finished

    def _step(self, part: bytes, at: int, finished: list[CutPicture]) -> int:
        """Read on from `at` up to the next character that matters; return where that ended."""
        match self._state:
            case _State.BETWEEN:
                return self._between(part, at)
            case _State.STRING:
                return self._inside(part, at)
            case _State.COLON | _State.VALUE:
                return self._after_key(part, at)
            case _State.PICTURE:
                return self._inside_picture(part, at, finished)

    def _between(self, part: bytes, at: int) -> int:
        end = self._ordinary_end(part, at)
        if end == at:
            self.remaining += b'"'
            self._state, self._string, self._escape = _State.STRING, b"", b""
            return at + 1
        ordinary = part[at:end]
        self.remaining += ordinary
        outside = _STRINGS.sub(b"", ordinary)
        self._values += sum(map(outside.count, _BETWEEN_VALUES))
        return end

    def _ordinary_end(self, part: bytes, at: int) -> int:
        found = _ORDINARY.match(part, at, at + _WINDOW)
        return found.end() if found else at

    def _inside(self, part: bytes, at: int) -> int:
        if self._escape:  # whatever follows a backslash belongs to the string
            self._escape = b""
            self.remaining += part[at : at + 1]
            return at + 1
        found = _WITHIN.match(part, at, at + _WINDOW)
        end = found.end() if found else at
        mark = part[end : end + 1]  # a closing quote, or a backslash without what it escapes
        if mark in _MARKS:
            end += 1
        self.remaining += part[at:end]
        if len(self._string) <= len(KEY):
            self._string += part[at : min(end, at + len(KEY) + 2)]
        if mark == b"\\":
            self._escape = mark
        elif mark == b'"':
            self._state = _State.COLON if self._string == KEY + b'"' else _State.BETWEEN
        return end

    def _after_key(self, part: bytes, at: int) -> int:
        found = _NOT_SPACE.search(part, at)
        end = found.start() if found else len(part)
        self.remaining += part[at:end]
        if not found:
            return end
        if self._state is _State.COLON and found[0] == b":":
            self._state = _State.VALUE
        elif self._state is _State.VALUE and found[0] == b'"':
            self._state, self._escape, self._is_empty = _State.PICTURE, b"", True
            self._picture = Base64Picture(self._max_bytes)
        else:
            self._state = _State.BETWEEN
            return end  # read again: it may begin a string
        self.remaining += found[0]
        return found.end()

    def _inside_picture(self, part: bytes, at: int, finished: list[CutPicture]) -> int:
        if self._escape:
            return self._unescape(part, at)
        found = _END_OR_ESCAPE.search(part, at)
        end = found.start() if found else len(part)
        if end > at:
            text = part[at:end]
            self._add(_UNREADABLE if _CONTROL.search(text) else text)
        if not found:
            return end
        if found[0] == b"\\":
            self._escape = b"\\"
        else:
            self._state = _State.BETWEEN
            finished += self._finish()
        return found.end()

    def _unescape(self, part: bytes, at: int) -> int:
        self._escape += part[at : at + 1]
        if self._escape[:2] == b"\\u" and len(self._escape) < len(rb"\u002b"):
            return at + 1
        if self._escape[:2] == b"\\u":
            self._add(_character(self._escape[2:]))
        else:
            self._add(_ESCAPES.get(self._escape, _UNREADABLE))
        self._escape = b""
        return at + 1

    def _add(self, text: bytes) -> None:
        self._is_empty = False
        self._picture.add(text)

    def _finish(self) -> list[CutPicture]:
        if self._is_empty:
            self.remaining += b'"'
            return []
        self._count += 1
        name = f"picture {self._nonce}/{self._count}"
        self.remaining += name.encode() + b'"'
        picture, self._picture = self._picture, Base64Picture(self._max_bytes)
        try:
            return [CutPicture(name, picture.finish())]
        except ImageRefused as refused:
            return [CutPicture(name, refused)]


def _character(digits: bytes) -> bytes:
    try:
        return chr(int(digits.decode("ascii"), 16)).encode("ascii")
    except ValueError:  # no hexadecimal digits, or no ASCII
        return _UNREADABLE
