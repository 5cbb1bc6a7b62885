"""What is not ours is what its publisher published, in the version that is recorded."""

import hashlib
from pathlib import Path

import gateway.pages

FOLDER = Path(gateway.pages.__file__).parent / "static" / "swagger-ui"


def test_swagger_ui_has_the_recorded_hashes() -> None:
    recorded = dict(reversed(line.split()) for line in (FOLDER / "SHA256SUMS").read_text().splitlines())
    files = [file for file in FOLDER.iterdir() if file.name not in {"SHA256SUMS", "VERSION"}]
    assert {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in files} == recorded
    assert {"LICENSE", "NOTICE"} < set(recorded)
