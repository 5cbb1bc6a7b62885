"""Pictures made ready for upload: bytes from blob storage, rendered, one ahead of the upload that goes on."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

from common.blobs import BlobMissing, Blobs
from common.messages import ImageReference, Reason
from image_processor.render import PictureRefused, RefusalCode, Rendered, RenderLimits
from image_processor.renderer import Renderer, RendererEnded

Ready = Rendered | Reason
"""What was made of a picture: one that can be uploaded, or why it cannot be shown."""

Prepare = Callable[[ImageReference], Awaitable[Ready]]


class Preparing:
    """Reads and renders. However many ask, only twice as many originals as processes are in memory."""

    def __init__(self, blobs: Blobs, renderer: Renderer) -> None:
        self._blobs = blobs
        self._renderer = renderer
        self._in_hand = asyncio.Semaphore(2 * renderer.processes)

    async def prepare(self, image: ImageReference, limits: RenderLimits) -> Ready:
        """Make a picture ready. Raises `BlobsAway` when blob storage does not answer."""
        try:
            return await self.prepare_again(image, limits)
        except RendererEnded:
            message = "The picture cannot be decoded; save it again as JPEG or PNG."
            return refusal(RefusalCode.UNREADABLE.value, message)

    async def prepare_again(self, image: ImageReference, limits: RenderLimits) -> Ready:
        """Make a picture ready that has been so: it is not to blame when it ends what renders it.

        Raises `BlobsAway`, `RendererEnded`.
        """
        try:
            async with self._in_hand:
                return await self._renderer.render(await self._blobs.get(image.sha256), limits)
        except BlobMissing:
            return refusal("media_unknown", "Its bytes are not stored; send it again.")
        except PictureRefused as refused:
            return refusal(refused.code.value, refused.message)

    async def shows_the_same(self, ours: Rendered, theirs: bytes) -> bool:
        """Whether a shop's picture is this one. Raises `RendererEnded`."""
        return await self._renderer.shows_the_same(ours.data, theirs)


def refusal(code: str, message: str) -> Reason:
    """Why a picture cannot be shown; which one of an item it is, is added when the item is settled."""
    return Reason(code=code, field="images", message=message)


async def ready_in_turn(
    images: Sequence[ImageReference], prepare: Prepare
) -> AsyncGenerator[tuple[ImageReference, Ready], None]:
    """The pictures in order with what was made of each; the next is being made while one is used."""
    making: asyncio.Future[Ready] | None = None
    try:
        for number, image in enumerate(images):
            made = await (making or asyncio.ensure_future(prepare(image)))
            following = images[number + 1 : number + 2]
            making = asyncio.ensure_future(prepare(following[0])) if following else None
            yield image, made
    finally:
        if making is not None:
            making.cancel()
            await asyncio.gather(making, return_exceptions=True)
