"""Picture bytes go to blob storage one picture at a time; what travels on is a reference."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from common.blobs import BlobDigestMismatch, Blobs, BlobTooLarge
from common.database import Database
from common.messages import ImageReference, Reason
from gateway import store
from gateway.drafts import Draft, RefusedItem, SentImage, refused
from gateway.errors import too_large, violated
from gateway.pictures import HEADER_BYTES, UNREADABLE, ImageRefused, decode_base64, is_picture

MEDIA_UNKNOWN = "No picture with this sha-256 was sent; PUT /api/v1/media/{sha256} takes its bytes."


@dataclass(frozen=True)
class Media:
    """The pictures that were sent, by their sha-256."""

    database: Database
    blobs: Blobs
    max_bytes: int

    async def is_known(self, sha256: str) -> bool:
        return bool(await store.known_media(self.database.pool, [sha256]))

    async def put(self, sha256: str, parts: AsyncIterator[bytes]) -> None:
        """Store bytes that were sent ahead. Raises `Refusal`: 413, or 422 for other bytes than named."""
        try:
            size = await self.blobs.put(sha256, _pictures_only(parts), max_bytes=self.max_bytes)
        except BlobTooLarge:
            raise too_large(f"A picture has at most {self.max_bytes} bytes.") from None
        except BlobDigestMismatch as error:
            raise violated([Reason(code="digest_differs", field="sha256", message=f"{error}.")]) from None
        await store.record_media(self.database.pool, sha256, size)

    async def store_images(self, entries: Sequence[Draft | RefusedItem]) -> list[Draft | RefusedItem]:
        """The entries with their pictures stored; an entry with a picture that is none is refused."""
        digests = {image.sha256 for entry in entries for image in entry.images or () if image.sha256}
        known = await store.known_media(self.database.pool, digests) if digests else set()
        return [
            entry if entry.images is None else await self._store_images_of(entry, known) for entry in entries
        ]

    async def _store_images_of(self, entry: Draft | RefusedItem, known: set[str]) -> Draft | RefusedItem:
        reasons: list[Reason] = []
        references: list[ImageReference] = []
        for image in entry.images or ():
            try:
                digest = await self._digest_of(image, known)
            except ImageRefused as error:
                field = f"{image.path}.{'sha256' if image.sha256 else 'base64'}"
                reasons.append(Reason(code=error.code, field=field, message=error.message))
            else:
                references.append(ImageReference(file_name=image.file_name, sha256=digest))
            image.base64 = None  # one picture at a time is held decoded
        if isinstance(entry, RefusedItem):
            return replace(entry, reasons=(*entry.reasons, *reasons), images=())
        entry.fields["images"] = tuple(references)
        return refused(entry, *reasons) if reasons else entry

    async def _digest_of(self, image: SentImage, known: set[str]) -> str:
        """The sha-256 under which the picture is stored, or "" for one that was found wrong already."""
        if image.sha256 is not None:
            if image.sha256 not in known:
                raise ImageRefused("media_unknown", MEDIA_UNKNOWN)
            return image.sha256
        if image.base64 is None:
            return ""
        data, digest = await asyncio.to_thread(_decoded, image.base64, self.max_bytes)
        if not await self.is_known(digest):
            await self.put(digest, _one_part(data))
        return digest


def _decoded(base64: str, max_bytes: int) -> tuple[bytes, str]:
    data = decode_base64(base64, max_bytes=max_bytes)
    return data, hashlib.sha256(data).hexdigest()


async def _one_part(data: bytes) -> AsyncIterator[bytes]:
    yield data


async def _pictures_only(parts: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The same parts, once their beginning has shown that they are a picture."""
    header = b""
    async for part in parts:
        if len(header) >= HEADER_BYTES:
            yield part
            continue
        header += part
        if len(header) >= HEADER_BYTES:
            _check(header)
            yield header
    if len(header) < HEADER_BYTES:
        _check(b"")


def _check(header: bytes) -> None:
    if not is_picture(header[:HEADER_BYTES]):
        raise violated([Reason(code="image_unreadable", field="", message=UNREADABLE)])
