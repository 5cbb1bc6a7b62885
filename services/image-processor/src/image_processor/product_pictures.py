"""How one product's pictures are brought to the desired list.

Find out what became of unanswered uploads → upload what is missing, in order → delete what is not wanted →
set the cover → link variants. One picture after the other, because the shop numbers them as they come.
"""

from contextlib import aclosing

import structlog

from common.messages import ImageReference, Reason
from image_processor import unanswered
from image_processor.pass_context import Pass
from image_processor.plan import LedgerEntry, PictureProduct, plan_pictures
from image_processor.preparing import ready_in_turn, refusal
from image_processor.render import Rendered
from image_processor.store import late_writes
from image_processor.store import pictures as store
from image_processor.variants_in_shop import link_variants
from prestashop import (
    Refused,
    ShopAnswerUnreadable,
    ShopCrashed,
    ShopError,
    ShopMethodNotAllowed,
    ShopRefusal,
    Unknown,
)

log = structlog.get_logger()

CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


async def bring_pictures(current: Pass, product: PictureProduct) -> bool:
    """Make the shop show the desired pictures, as far as it can. False where that is not decided yet.

    Raises `ShopError`, `BlobsAway`, `RendererEnded`, `PassOver`; what was done until then is in the ledger.
    """
    bringing = _Bringing(current, product)
    if not await bringing.find_out_unanswered():
        return False
    await bringing.upload_missing()
    await bringing.delete_unwanted()
    await bringing.set_cover()
    await link_variants(current, bringing.product)
    return True


class _Bringing:
    """A product on its way. `product` follows the ledger, which only the holder of the lease writes."""

    def __init__(self, current: Pass, product: PictureProduct) -> None:
        self.current = current
        self.product = product
        self._client = current.link.client
        # A product that Skuwire has just created shows no picture before the first that is uploaded here.
        self._ids: list[int] | None = [] if product.is_new and not product.ledger else None
        self._first_of_all: int | None = None  # the first picture that the product ever got

    async def find_out_unanswered(self) -> bool:
        """What became of uploads whose answer never came. False while one may still be written."""
        for entry in plan_pictures(self.product).unanswered:
            ids = await self._ids_in_shop()
            known = await unanswered.find_out(self.current, self.product, entry, ids)
            if known is None:
                return False
            self.product = known
        return True

    async def upload_missing(self) -> None:
        images = plan_pictures(self.product).uploads
        if self.product.attempts >= self.current.settings.attempts:
            reason = refusal(
                "shop_failed", f"The shop failed {self.product.attempts} times; send it again later."
            )
            for image in images:
                await self._refuse(image, reason)
            return
        ready = ready_in_turn(
            images, lambda image: self.current.preparing.prepare(image, self.current.limits)
        )
        async with aclosing(ready):
            async for image, made in ready:
                if isinstance(made, Reason):
                    await self._refuse(image, made)
                else:
                    await self._upload(image, made)

    async def delete_unwanted(self) -> None:
        for entry in plan_pictures(self.product).deletes:
            assert entry.image_id is not None  # noqa: S101 - only pictures that the shop has are planned away
            async with self.current.turn():
                await self._client.delete_image(self.product.presta_id, entry.image_id)
            async with self.current.fenced() as work:
                await store.record_deletion(work.connection, self.current.shop_id, self.product, entry)
            self.product = self.product.without(entry.sha256)

    async def set_cover(self) -> None:
        """Make the first desired picture the cover; the shop itself takes the first one that it got."""
        cover_id = plan_pictures(self.product).cover_id
        if cover_id is None:
            return
        if cover_id != self._first_of_all:
            await self._send_cover(cover_id)
        async with self.current.fenced() as work:
            await store.record_cover(work.connection, self.current.shop_id, self.product, cover_id)
            await late_writes.record_answer(work.connection, self.current.shop_id, self.product)

    async def _send_cover(self, cover_id: int) -> None:
        shop_id = self.current.shop_id
        async with self.current.turn():
            async with self.current.fenced() as work:
                await store.doubt_cover(work.connection, shop_id, self.product)
                patience = self.current.patience
                await late_writes.expect_late_write(work.connection, shop_id, self.product, patience)
            outcome = await self._client.set_cover(self.product.presta_id, cover_id)
        if isinstance(outcome, Unknown) and not self._is_final(outcome.error):
            raise outcome.error
        if isinstance(outcome, Refused | Unknown):  # the pictures are shown all the same
            cause = outcome.message if isinstance(outcome, Refused) else str(outcome.error)
            log.warning("cover.refused", reference=self.product.reference, cause=cause)

    def _is_final(self, error: ShopError) -> bool:
        """Whether the shop will not set the cover: the key may not, or it breaks off over it every time."""
        too_often = self.product.attempts >= self.current.settings.attempts
        return isinstance(error, ShopMethodNotAllowed) or (isinstance(error, ShopCrashed) and too_often)

    async def _ids_in_shop(self) -> list[int]:
        if self._ids is None:
            async with self.current.turn():
                self._ids = await self._client.image_ids(self.product.presta_id)
        return self._ids

    async def _upload(self, image: ImageReference, rendered: Rendered) -> None:
        ids_before = await self._ids_in_shop()
        entry = LedgerEntry(image.sha256, post=self.current.post, ids_before=tuple(ids_before))
        async with self.current.turn():
            async with self.current.fenced() as work:
                await store.record_intent(work.connection, self.current.shop_id, self.product, entry)
            image_id = await self._send(image, rendered)
        if image_id is None:
            return
        async with self.current.fenced() as work:
            await store.record_upload(
                work.connection, self.current.shop_id, self.product, image.sha256, image_id
            )
        self.product = self.product.with_entry(LedgerEntry(image.sha256, image_id=image_id))
        if not ids_before:
            self._first_of_all = image_id
        ids_before.append(image_id)
        self.current.progressed(self.product.chunk_ids)
        log.info(
            "picture.uploaded",
            reference=self.product.reference,
            image_id=image_id,
            bytes=len(rendered.data),
            size=f"{rendered.width}x{rendered.height}",
        )

    async def _send(self, image: ImageReference, rendered: Rendered) -> int | None:
        """The picture's id in the shop; None when the shop refuses it. Any other end is in the ledger."""
        kind = rendered.format.value
        shop_id = self.current.shop_id
        try:
            return await self._client.upload_image(
                self.product.presta_id, rendered.data, f"{image.sha256[:16]}.{kind}", CONTENT_TYPES[kind]
            )
        except ShopError as error:
            if isinstance(error, ShopRefusal) and not error.from_php:
                await self._refuse(image, refusal("shop_refused", f"The shop refused it: {error.message}"))
                return None
            async with self.current.fenced() as work:
                if not error.sent:
                    await store.forget_picture(work.connection, shop_id, self.product, image.sha256)
                elif _has_ended(error):
                    await store.record_upload_ended(work.connection, shop_id, self.product, image.sha256)
            raise

    async def _refuse(self, image: ImageReference, reason: Reason) -> None:
        async with self.current.fenced() as work:
            await store.record_refusal(
                work.connection, self.current.shop_id, self.product, image.sha256, reason
            )
        self.product = self.product.with_entry(LedgerEntry(image.sha256, refused=reason))
        log.info("picture.refused", reference=self.product.reference, code=reason.code)


def _has_ended(error: ShopError) -> bool:
    """Whether the shop has surely stopped working on the request; what it wrote, it has written."""
    if isinstance(error, ShopAnswerUnreadable):
        return error.accepted
    return isinstance(error, ShopCrashed | ShopRefusal)
