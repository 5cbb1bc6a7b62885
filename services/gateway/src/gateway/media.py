"""Picture bytes go to blob storage one at a time, while the body arrives; what travels on is a reference."""

import asyncio
import hashlib
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace

from common.blobs import BlobDigestMismatch, Blobs, BlobTooLarge
from common.database import RowsOf
from common.messages import ImageReference, Reason
from gateway import store
from gateway.body import BodyShare
from gateway.drafts import Draft, RefusedItem, SentImage, refused
from gateway.errors import too_large, violated
from gateway.picture_stream import PictureCutter
from gateway.pictures import HEADER_BYTES, UNREADABLE, ImageRefused, decode_base64, is_picture

MEDIA_UNKNOWN = "No picture with this sha-256 was sent; PUT /api/v1/media/{sha256} takes its bytes."

Pictures = dict[str, str | ImageRefused]
"""What became of pictures, by the name that stands for them in the JSON: their sha-256 or why not."""


@dataclass(frozen=True)
class Media:
    """The pictures that were sent, by their sha-256."""

    rows_of: RowsOf
    blobs: Blobs
    max_bytes: int

    async def is_known(self, tenant: str, sha256: str) -> bool:
        """Whether the tenant has sent it: that another one has tells nobody anything."""
        return bool(await self._known(tenant, {sha256}))

    async def put(self, tenant: str, sha256: str, parts: AsyncIterator[bytes | bytearray]) -> None:
        """Store bytes that were sent ahead. Raises `Refusal`: 413, or 422 for other bytes than named."""
        try:
            size = await self.blobs.put(sha256, _pictures_only(parts), max_bytes=self.max_bytes)
        except BlobTooLarge:
            raise too_large(f"A picture has at most {self.max_bytes} bytes.") from None
        except BlobDigestMismatch as error:
            raise violated([Reason(code="digest_differs", field="sha256", message=f"{error}.")]) from None
        async with self.rows_of(tenant).transaction() as connection:
            await store.record_media(connection, tenant, sha256, size)

    async def cut_out(
        self, tenant: str, parts: AsyncIterator[bytes], share: BodyShare
    ) -> tuple[bytearray, Pictures]:
        """The JSON that remains of a body once its pictures are stored, and what became of each.

        `share` grows with what is in memory. Raises `Refusal`: 413, 503.
        """
        cutter = PictureCutter(self.max_bytes)
        pictures: Pictures = {}
        async for part in parts:
            for picture in cutter.feed(part):
                pictures[picture.name] = await self._store(tenant, picture.content)
            await share.grow_to(cutter.memory_bytes)
        return cutter.remaining, pictures

    async def refer_to_images(
        self, tenant: str, entries: Sequence[Draft | RefusedItem], pictures: Pictures
    ) -> list[Draft | RefusedItem]:
        """The entries with references to stored pictures; one with a picture that is none is refused."""
        digests = {image.sha256 for entry in entries for image in entry.images or () if image.sha256}
        known = await self._known(tenant, digests) if digests else set()
        stored = pictures | {digest: digest for digest in known}
        return [
            entry if entry.images is None else await self._refer(tenant, entry, stored) for entry in entries
        ]

    async def _known(self, tenant: str, digests: set[str]) -> set[str]:
        async with self.rows_of(tenant).transaction() as connection:
            return await store.known_media(connection, tenant, digests)

    async def _refer(self, tenant: str, entry: Draft | RefusedItem, stored: Pictures) -> Draft | RefusedItem:
        reasons: list[Reason] = []
        references: list[ImageReference] = []
        for image in entry.images or ():
            digest = await self._digest_of(tenant, image, stored)
            if isinstance(digest, ImageRefused):
                field = f"{image.path}.{'sha256' if image.sha256 else 'base64'}"
                reasons.append(Reason(code=digest.code, field=field, message=digest.message))
            else:
                references.append(ImageReference(file_name=image.file_name, sha256=digest))
        if isinstance(entry, RefusedItem):
            return replace(entry, reasons=(*entry.reasons, *reasons), images=())
        entry.fields["images"] = tuple(references)
        return refused(entry, *reasons) if reasons else entry

    async def _digest_of(self, tenant: str, image: SentImage, stored: Pictures) -> str | ImageRefused:
        """The sha-256 under which the picture is stored, or "" for one that was found wrong already."""
        if image.sha256 is not None:
            return stored.get(image.sha256, ImageRefused("media_unknown", MEDIA_UNKNOWN))
        if image.base64 is None:
            return ""
        if image.base64 in stored:
            return stored[image.base64]
        try:  # its key was written in a way that the cutter does not know, such as "\\u0062ase64"
            return await self._store(tenant, decode_base64(image.base64, max_bytes=self.max_bytes))
        except ImageRefused as error:
            return error

    async def _store(self, tenant: str, content: bytes | bytearray | ImageRefused) -> str | ImageRefused:
        if isinstance(content, ImageRefused):
            return content
        digest = (await asyncio.to_thread(hashlib.sha256, content)).hexdigest()
        if not await self.is_known(tenant, digest):
            await self.put(tenant, digest, _one_part(content))
        return digest


async def _one_part(data: bytes | bytearray) -> AsyncIterator[bytes | bytearray]:
    yield data


async def _pictures_only(
    parts: AsyncIterator[bytes | bytearray],
) -> AsyncIterator[bytes | bytearray]:
    """The same parts, once their beginning has shown that they are a picture."""
    beginning: bytes | bytearray | None = b""
    async for part in parts:
        if beginning is None:
            yield part
            continue
        beginning = beginning + part if beginning else part  # what comes in one part is not copied
        if len(beginning) >= HEADER_BYTES:
            _check(bytes(beginning[:HEADER_BYTES]))
            yield beginning
            beginning = None
    if beginning is not None:
        _check(b"")


def _check(header: bytes) -> None:
    if not is_picture(header[:HEADER_BYTES]):
        raise violated([Reason(code="image_unreadable", field="", message=UNREADABLE)])
