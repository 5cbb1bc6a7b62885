"""Files that hold secrets."""

import os
from pathlib import Path


def write_secret(path: Path, secret: str, mode: int = 0o600) -> None:
    """Write a file that only its owner can read, from its first byte on."""
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "w") as file:
        file.write(secret)
