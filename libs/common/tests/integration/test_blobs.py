"""Picture bytes lie under their sha-256, or nowhere."""

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from common.blobs import BlobDigestMismatch, BlobMissing, Blobs, BlobTooLarge

DATA = b"picture " * 1000
NAME = hashlib.sha256(DATA).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "blobs"


@pytest.fixture
def blobs(folder: Path) -> Blobs:
    return Blobs(folder.as_uri())


async def stream(data: bytes, fails: Exception | None = None) -> AsyncIterator[bytes]:
    for start in range(0, len(data), 1000):
        yield data[start : start + 1000]
    if fails is not None:
        raise fails


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_bytes_are_read_as_they_were_written(blobs: Blobs, folder: Path) -> None:
    assert not await blobs.exists(NAME)

    assert await blobs.put(NAME, stream(DATA), max_bytes=len(DATA)) == len(DATA)
    assert await blobs.put(NAME, stream(DATA), max_bytes=len(DATA)) == len(DATA)  # again: the same

    assert await blobs.exists(NAME)
    assert await blobs.get(NAME) == DATA
    assert len(files(folder)) == 1


async def test_ten_uploads_of_the_same_picture_leave_one(blobs: Blobs, folder: Path) -> None:
    await asyncio.gather(*(blobs.put(NAME, stream(DATA), max_bytes=len(DATA)) for _ in range(10)))

    assert await blobs.get(NAME) == DATA
    assert len(files(folder)) == 1


@pytest.mark.parametrize(
    ("parts", "error"),
    [
        (stream(DATA + b"!"), BlobDigestMismatch),
        (stream(b""), BlobDigestMismatch),
        (stream(DATA * 2), BlobTooLarge),
        (stream(DATA, ConnectionResetError()), ConnectionResetError),
    ],
    ids=["another picture", "nothing", "too much", "a sender that is gone"],
)
async def test_what_is_not_the_picture_leaves_nothing_behind(
    blobs: Blobs, folder: Path, parts: AsyncIterator[bytes], error: type[Exception]
) -> None:
    with pytest.raises(error):
        await blobs.put(NAME, parts, max_bytes=len(DATA) + 1)

    assert files(folder) == []
    with pytest.raises(BlobMissing):
        await blobs.get(NAME)


async def test_a_cancelled_upload_leaves_nothing_behind(blobs: Blobs, folder: Path) -> None:
    begun = asyncio.Event()

    async def endless() -> AsyncIterator[bytes]:
        yield DATA
        begun.set()
        await asyncio.Event().wait()

    uploading = asyncio.create_task(blobs.put(NAME, endless(), max_bytes=100_000))
    await begun.wait()
    uploading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await uploading

    assert files(folder) == []


@pytest.mark.parametrize("name", ["", "../../etc/passwd", NAME.upper(), NAME[:-1], NAME + "\n"])
async def test_a_name_that_is_no_sha256_reaches_no_file(blobs: Blobs, name: str) -> None:
    with pytest.raises(ValueError, match="sha-256"):
        await blobs.get(name)
