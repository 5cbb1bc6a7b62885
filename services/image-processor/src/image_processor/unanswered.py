"""What became of an upload whose answer never came.

The shop's pictures that it may have made are those that were not there before and that we do not know. A
person may have made them as well: only one that shows the same is ours. The bytes do not tell, since a shop
encodes pictures anew.
"""

from enum import Enum, auto

import structlog

from common.create_protocol import Absent, Wait
from common.messages import ImageReference
from image_processor.pass_context import Pass
from image_processor.plan import LedgerEntry, PictureProduct, uploaded_meanwhile
from image_processor.render import Rendered
from image_processor.store import pictures as store
from prestashop import ShopRefusal

log = structlog.get_logger()

NO_SUCH_PICTURE = 57


class Found(Enum):
    """What a picture in the shop is, next to an upload of ours."""

    OURS = auto()
    ANOTHER = auto()
    EMPTY = auto()  # without a file: the shop is still at it, or broke off


async def find_out(
    current: Pass, product: PictureProduct, entry: LedgerEntry, ids_now: list[int]
) -> PictureProduct | None:
    """The product after the ledger has learned of the upload's fate; None while it may still be written.

    Raises `ShopError`, `BlobsAway`, `RendererEnded`: nothing was found out.
    """
    ours, empty = await _look_at(current, product, entry, ids_now)
    verdict = current.judge(entry.post, found=ours is not None)
    if isinstance(verdict, Absent):
        # The shop cannot be writing them any more: an empty picture, even as the cover, is all that is left.
        for image_id in empty:
            async with current.turn():
                await current.link.client.delete_image(product.presta_id, image_id)
            ids_now.remove(image_id)
    async with current.fenced() as work:
        if isinstance(verdict, Wait):
            await store.wait_for_upload(work.connection, current.shop_id, product, entry.sha256, verdict)
        elif ours is not None:
            await store.record_upload(work.connection, current.shop_id, product, entry.sha256, ours)
        else:
            await store.forget_picture(work.connection, current.shop_id, product, entry.sha256)
            if entry.post is not None and entry.post.epoch is not None:  # one broken off was counted then
                await store.count_attempt(work.connection, current.shop_id, product.reference)
    verdict_name = type(verdict).__name__.lower()
    log.info("upload.found_out", reference=product.reference, verdict=verdict_name, image_id=ours)
    if isinstance(verdict, Wait):
        return None
    if ours is None:
        return product.without(entry.sha256)
    return product.with_entry(LedgerEntry(entry.sha256, image_id=ours))


async def _look_at(
    current: Pass, product: PictureProduct, entry: LedgerEntry, ids_now: list[int]
) -> tuple[int | None, list[int]]:
    """Which of the shop's pictures is the one that was sent, and those that have no file."""
    empty: list[int] = []
    candidates = uploaded_meanwhile(entry, ids_now, product.ledger)
    if not candidates:
        return None, empty
    image = ImageReference(file_name="", sha256=entry.sha256)
    sent = await current.preparing.prepare_again(image, current.limits)  # the same bytes as then
    if not isinstance(sent, Rendered):
        return None, empty  # it cannot be sent again either
    for image_id in candidates:
        found = await _compare(current, product, image_id, sent)
        if found is Found.OURS:
            return image_id, empty
        if found is Found.EMPTY:
            empty.append(image_id)
    return None, empty


async def _compare(current: Pass, product: PictureProduct, image_id: int, sent: Rendered) -> Found:
    try:
        async with current.turn():
            theirs = await current.link.client.image(product.presta_id, image_id)
    except ShopRefusal as refusal:
        return Found.ANOTHER if refusal.code == NO_SUCH_PICTURE else Found.EMPTY
    return Found.OURS if await current.preparing.shows_the_same(sent, theirs) else Found.ANOTHER
