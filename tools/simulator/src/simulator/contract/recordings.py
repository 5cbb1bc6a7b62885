"""The recorded exchanges, as they lie in `recordings.tar.xz`: one JSON file per version and scenario."""

import base64
import json
import tarfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyvips  # type: ignore[import-untyped]  # it ships no types

Headers = dict[str, str]
TOO_LARGE_BYTES = 2180932


@dataclass(frozen=True, slots=True)
class Sent:
    """A recorded request. Its key is redacted: `Authorization: Basic <key>`."""

    method: str
    path: str
    query: str
    headers: Headers
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer, recorded or given."""

    status: int
    headers: Headers
    body: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and what the real shop answered."""

    note: str
    sent: Sent
    answered: Answered


Scenario = tuple[Exchange, ...]


def read_recordings(archive: Path) -> dict[str, Scenario]:
    """`version/scenario` → its exchanges, in the order sent."""
    found = {}
    with tarfile.open(archive) as members:
        for member in members:
            content = members.extractfile(member) if member.isfile() else None
            if content is not None:
                found[member.name.removesuffix(".json")] = read_scenario(content.read())
    return dict(sorted(found.items()))


def read_scenario(content: bytes) -> Scenario:
    """One scenario's file."""
    return tuple(
        Exchange(one["note"], read_request(one["request"]), read_answer(one["response"]))
        for one in json.loads(content)
    )


def read_request(recorded: dict[str, Any]) -> Sent:
    """A recorded request."""
    headers = dict(recorded["headers"])
    if recorded.get("body_encoding") == "omitted":
        headers["Content-Type"] = "multipart/form-data; boundary=big"
    return Sent(recorded["method"], recorded["path"], recorded["query"], headers, read_body(recorded))


def read_answer(recorded: dict[str, Any]) -> Answered:
    """A recorded answer."""
    return Answered(recorded["status"], recorded["headers"], read_body(recorded))


def read_body(recorded: dict[str, Any]) -> bytes:
    """A recorded body's bytes."""
    match recorded.get("body_encoding"):
        case "base64":
            return base64.b64decode(recorded["body"])
        case "omitted":
            return too_large_upload()
        case _:
            return (recorded["body"] or "").encode()


def too_large_upload() -> bytes:
    """The one body that the recordings only describe: a form with a picture of 2,180,932 bytes."""
    head = b'--big\r\nContent-Disposition: form-data; name="image"; filename="over2mb.jpg"\r\n'
    noise: bytes = pyvips.Image.gaussnoise(1500, 1500, sigma=60, seed=1).cast("uchar").jpegsave_buffer(Q=60)
    return (
        head + b"Content-Type: image/jpeg\r\n\r\n" + noise.ljust(TOO_LARGE_BYTES, b"\0") + b"\r\n--big--\r\n"
    )
