"""How an answer differs from the recorded one, in words. Times are the only thing that may differ.

Links need no care: the replayed shop answers under the recorded domain. Content-Sha1 covers the times in a
body, so it is held to the answer's own body instead.
"""

import difflib
import hashlib
import re
from collections.abc import Iterator

from simulator.contract.recordings import Answered

# Left out of the recordings: times, and how the answer was framed.
NOT_RECORDED = frozenset({"Date", "Access-Time", "Execution-Time", "Content-Length", "Content-Sha1"})
TIME = re.compile(rb"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d")
PICTURE = re.compile(rb'(<content encode="base64"><!\[CDATA\[)[^\]]+')
EMPTY_SHA1 = hashlib.sha1(b"", usedforsecurity=False).hexdigest()
SHOWN_LINES = 12


def differences(found: Answered, recorded: Answered, *, any_picture: bool = False) -> list[str]:
    """What differs in status, headers and body; empty = identical.

    `any_picture` accepts other bytes where both answers are, or hold, a picture.
    """
    return [
        *([] if found.status == recorded.status else [f"status {found.status}, recorded {recorded.status}"]),
        *compare_headers(found, recorded),
        *compare_bodies(found, recorded, any_picture=any_picture),
    ]


def compare_headers(found: Answered, recorded: Answered) -> Iterator[str]:
    """The differences between all headers that do not tell a time."""
    for name in sorted((found.headers.keys() | recorded.headers.keys()) - NOT_RECORDED):
        if found.headers.get(name) != recorded.headers.get(name):
            yield f"{name}: {found.headers.get(name)!r}, recorded {recorded.headers.get(name)!r}"
    digest, expected = found.headers.get("Content-Sha1"), recorded.headers.get("Content-Sha1")
    if (digest is None) != (expected is None) or (expected == EMPTY_SHA1) != (digest == EMPTY_SHA1):
        yield f"Content-Sha1: {digest!r}, recorded {expected!r}"
    elif digest and found.status < 400 and found.body and digest != sha1(found.body):
        yield "Content-Sha1 is not that of the body"


def sha1(body: bytes) -> str:
    """The digest that the shop sends."""
    return hashlib.sha1(body, usedforsecurity=False).hexdigest()


def compare_bodies(found: Answered, recorded: Answered, *, any_picture: bool) -> list[str]:
    """The differing lines."""
    one, other = (normal(answer, any_picture=any_picture) for answer in (recorded, found))
    if one == other:
        return []
    left, right = (lines_of(body) for body in (one, other))
    shown = list(difflib.unified_diff(left, right, "recorded", "simulated", n=0, lineterm=""))[2:]
    return shown[:SHOWN_LINES] or ["the bodies differ in blanks only"]


def normal(answer: Answered, *, any_picture: bool) -> bytes:
    """What is compared of a body."""
    if any_picture and answer.headers.get("Content-Type") == "image/jpeg" and answer.body:
        return b"<a picture>"
    body = PICTURE.sub(rb"\1<a picture>", answer.body) if any_picture else answer.body
    return TIME.sub(b"<time>", body)


def lines_of(body: bytes) -> list[str]:
    """A body in lines that a person can compare."""
    return body.decode("utf-8", "replace").replace(',"', ',\n"').splitlines()
