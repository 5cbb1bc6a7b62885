"""Picture bytes by their sha-256: written once, read by whoever holds the reference (claim check)."""

import asyncio
import hashlib
import re
from collections.abc import AsyncIterable
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from common.errors import Transient

PART_BYTES = 5 * 1024 * 1024  # kept in memory of each blob that is being written: the least that S3 takes

SHA256 = re.compile(r"^[0-9a-f]{64}\Z")


class BlobTooLarge(Exception):
    """More bytes came than are allowed."""


class BlobDigestMismatch(Exception):
    """The bytes are not those that the sha-256 names."""


class BlobMissing(Exception):
    """No bytes are stored under that sha-256."""


class BlobsAway(Transient):
    """Blob storage does not answer as it should; the bytes may well be there."""


class Blobs:
    """Blob storage at `url`: a folder (`file:///…`) or S3-compatible (`s3://bucket/prefix`)."""

    def __init__(self, url: str) -> None:
        self._store = _open(url)

    async def exists(self, sha256: str) -> bool:
        try:
            await obstore.head_async(self._store, _path(sha256))
        except FileNotFoundError:
            return False
        return True

    async def get(self, sha256: str) -> bytes:
        try:
            answer = await obstore.get_async(self._store, _path(sha256))
            return bytes(await answer.bytes_async())
        except FileNotFoundError:
            raise BlobMissing(sha256) from None
        except (BaseError, OSError) as error:
            raise BlobsAway(type(error).__name__) from error

    async def put(self, sha256: str, parts: AsyncIterable[bytes | bytearray], *, max_bytes: int) -> int:
        """Store a stream and return its size.

        The bytes appear under their name only when the digest was found right. Raises `BlobTooLarge` as
        soon as too much has come, `BlobDigestMismatch` at the end.
        """
        incoming = f"incoming/{uuid4().hex}"
        digest, size = hashlib.sha256(), 0
        try:
            async with obstore.open_writer_async(self._store, incoming, buffer_size=PART_BYTES) as writer:
                async for part in parts:
                    size += len(part)
                    if size > max_bytes:
                        raise BlobTooLarge(f"more than {max_bytes} bytes")
                    digest.update(part)
                    await writer.write(part)
            if digest.hexdigest() != sha256:
                raise BlobDigestMismatch(f"the bytes have the sha-256 {digest.hexdigest()}")
            await obstore.rename_async(self._store, incoming, _path(sha256))
        except BaseException:
            await asyncio.shield(self._discard(incoming))
            raise
        return size

    async def _discard(self, incoming: str) -> None:
        try:
            await obstore.delete_async(self._store, incoming)
        except FileNotFoundError:
            return


def _path(sha256: str) -> str:
    if not SHA256.match(sha256):
        raise ValueError("a blob's name is a sha-256 in 64 lower-case hexadecimal digits")
    return f"{sha256[:2]}/{sha256}"


def _open(url: str) -> ObjectStore:
    parts = urlsplit(url)
    if parts.scheme == "file":
        folder = Path(parts.path)
        folder.mkdir(parents=True, exist_ok=True)
        return LocalStore(str(folder))
    return from_url(url)
