"""How a shop's pictures are brought to the desired lists: one pass over the products that are due.

For each product: find out what became of unanswered uploads → upload what is missing, in order → delete what
is not wanted → set the cover → settle the items. Products are worked on side by side, the pictures of one
product one after the other, because the shop numbers them in the order in which they come.
"""

import asyncio
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog

from common.blobs import BlobMissing, Blobs
from common.database import Database
from common.database.lease import Lease
from common.messages import ImageReference, ItemOutcome, Reason
from common.messaging.envelope import context_of
from common.shop_link import ShopLink
from common.telemetry import tracer
from image_processor import store
from image_processor.handlers import publish_finished
from image_processor.plan import (
    LedgerEntry,
    PictureProduct,
    distinct,
    plan_pictures,
    uploaded_meanwhile,
)
from image_processor.render import PictureRefused, Rendered, RenderLimits
from image_processor.renderer import Renderer
from image_processor.settings import ImageSettings
from image_processor.store import OpenItem
from prestashop import Refused, ShopCrashed, ShopError, ShopRefusal, Unknown, is_failure

log = structlog.get_logger()

FIRST_PAUSE_SECONDS = 1.0
DEFAULT_LIMIT_BYTES = 2_000_000  # PS_LIMIT_UPLOAD_IMAGE_VALUE of a fresh PrestaShop 8
CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png"}


@dataclass(frozen=True)
class Pass:
    """What a pass over one shop needs. `now` is the database's time at its beginning."""

    link: ShopLink
    lease: Lease
    database: Database
    blobs: Blobs
    renderer: Renderer
    settings: ImageSettings
    limit_bytes: int
    now: datetime

    @property
    def shop_id(self) -> str:
        return self.link.shop.id

    def conclusive_at(self, uploaded_at: datetime) -> datetime:
        """From when on a picture that is not in the shop was not written."""
        seconds = self.link.shop.late_commit_seconds + self.settings.lease_seconds
        return uploaded_at + timedelta(seconds=seconds)


async def drive(current: Pass) -> bool:
    """One pass. True when there was something to do. Raises `ShopError` when the shop is away."""
    products = await store.due_products(
        current.database.pool, current.shop_id, current.settings.pass_products
    )
    if not products:
        return False
    side_by_side = asyncio.Semaphore(current.link.shop.concurrency)

    async def one(product: PictureProduct) -> None:
        async with side_by_side:
            await _drive_product(current, product)

    results = await asyncio.gather(*(one(product) for product in products), return_exceptions=True)
    for result in results:
        if isinstance(result, BaseException):
            raise result
    return True


async def _drive_product(current: Pass, product: PictureProduct) -> None:
    traceparent = await store.trace_of(current.database.pool, current.shop_id, product.reference)
    with tracer.start_as_current_span("drive pictures", context=context_of(traceparent)):
        try:
            if await _bring_pictures(current, product):
                await _settle(current, product.reference)
        except ShopError as error:
            if (is_failure(error) and not isinstance(error, ShopCrashed)) or not error.sent:
                raise
            await _fail(current, product, error)


async def _bring_pictures(current: Pass, product: PictureProduct) -> bool:
    """True when the shop shows the desired pictures, as far as they can be shown."""
    plan = plan_pictures(product)
    if plan.is_nothing:
        return True
    ids_now = await current.link.client.image_ids(product.presta_id)
    for entry in plan.unanswered:
        if not await _find_out(current, product, entry, ids_now):
            return False
    for image in plan.uploads:
        image_id = await _bring_picture(current, product, image, ids_now)
        ids_now = [*ids_now, image_id] if image_id else ids_now
    for entry in plan.deletes:
        await _delete(current, product, entry)
    await _set_cover(current, product.reference, first_of_all=ids_now[0] if ids_now else None)
    return True


async def _find_out(current: Pass, product: PictureProduct, entry: LedgerEntry, ids_now: list[int]) -> bool:
    """What became of an upload whose answer never came. False while it may still be written."""
    image_id = uploaded_meanwhile(entry, ids_now, product.ledger)
    moment = current.conclusive_at(entry.uploaded_at or current.now)
    undecided = image_id is None and entry.uploaded_at is not None and current.now < moment
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        if undecided:
            await store.wait_until(work.connection, current.shop_id, product.reference, moment)
        elif image_id is None:
            await store.forget_pictures(work.connection, current.shop_id, product.presta_id, [entry.sha256])
        else:
            await store.record_upload(
                work.connection, current.shop_id, product.presta_id, entry.sha256, image_id
            )
            log.info("picture.adopted", reference=product.reference, image_id=image_id)
    return image_id is not None


async def _bring_picture(
    current: Pass, product: PictureProduct, image: ImageReference, ids_before: list[int]
) -> int | None:
    """Upload one picture and return its id; None when it cannot be shown."""
    try:
        data = await current.blobs.get(image.sha256)
        limits = RenderLimits(shop_limit_bytes=current.limit_bytes)
        rendered = await current.renderer.render(data, limits)
    except BlobMissing:
        await _refuse(current, product, image, "media_unknown", "its bytes are not stored; send it again")
        return None
    except PictureRefused as refusal:
        await _refuse(current, product, image, refusal.code.value, refusal.message)
        return None
    return await _upload(current, product, image, rendered, ids_before)


async def _upload(
    current: Pass,
    product: PictureProduct,
    image: ImageReference,
    rendered: Rendered,
    ids_before: list[int],
) -> int | None:
    arguments = (current.shop_id, product.presta_id, image.sha256)
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        await store.record_intent(work.connection, *arguments, ids_before)
    content_type = CONTENT_TYPES[rendered.format.value]
    try:
        image_id = await current.link.client.upload_image(
            product.presta_id, rendered.data, f"{image.sha256[:16]}.{rendered.format.value}", content_type
        )
    except ShopRefusal as refusal:
        await _refuse(current, product, image, "shop_refused", f"the shop refused it: {refusal.message}")
        return None
    except ShopError as error:
        if not error.sent:
            async with current.database.unit_of_work() as work:
                await store.forget_pictures(work.connection, arguments[0], arguments[1], [image.sha256])
        raise
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        await store.record_upload(work.connection, *arguments, image_id)
    log.info(
        "picture.uploaded",
        reference=product.reference,
        image_id=image_id,
        bytes=len(rendered.data),
        size=f"{rendered.width}x{rendered.height}",
    )
    return image_id


async def _refuse(
    current: Pass, product: PictureProduct, image: ImageReference, code: str, message: str
) -> None:
    reason = Reason(code=code, field="images", message=f"{image.file_name}: {message}")
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        await store.record_refusal(work.connection, current.shop_id, product.presta_id, image.sha256, reason)
    log.info("picture.refused", reference=product.reference, code=code)


async def _delete(current: Pass, product: PictureProduct, entry: LedgerEntry) -> None:
    assert entry.image_id is not None  # noqa: S101 - only pictures that the shop has are planned away
    await current.link.client.delete_image(product.presta_id, entry.image_id)
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        await store.forget_pictures(work.connection, current.shop_id, product.presta_id, [entry.sha256])


async def _set_cover(current: Pass, reference: str, *, first_of_all: int | None) -> None:
    """Make the first desired picture the cover; the shop itself takes the first one that it got."""
    async with current.database.transaction() as connection:
        product = await store.lock_product(connection, current.shop_id, reference)
    cover_id = plan_pictures(product).cover_id if product else None
    if product is None or cover_id is None:
        return
    if product.cover_id is not None or cover_id != first_of_all:
        outcome = await current.link.client.set_cover(product.presta_id, cover_id)
        if isinstance(outcome, Unknown):
            raise outcome.error
        if isinstance(outcome, Refused):
            log.warning("cover.refused", reference=reference, cause=outcome.message)
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        await store.record_cover(work.connection, current.shop_id, reference, cover_id)


async def _settle(current: Pass, reference: str) -> None:
    """Settle the items of a product whose pictures stand; a change that came meanwhile keeps its open."""
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        product = await store.lock_product(work.connection, current.shop_id, reference)
        if product is None or not plan_pictures(product).is_nothing:
            return
        items = await store.open_items_of(work.connection, current.shop_id, reference)
        settled = {item: _outcome(product, item) for item in items}
        await store.settle_items(work.connection, current.shop_id, reference, settled)
        finished = await store.take_finished(work.connection, [item.chunk_id for item in items])
        publish_finished(work, finished)
    for outcome in settled.values():
        log.info("pictures.settled", reference=reference, pictures=outcome.images_processed)


async def _fail(current: Pass, product: PictureProduct, error: ShopError) -> None:
    """The shop broke down on this product: again later, and after too many times without its pictures."""
    log.warning("pictures.failed", reference=product.reference, cause=str(error))
    if product.attempts + 1 >= current.settings.attempts:
        for image in plan_pictures(product).uploads:
            await _refuse(current, product, image, "shop_failed", f"the shop failed on it: {error}")
    async with current.database.unit_of_work() as work:
        await current.lease.check(work.connection)
        await store.record_failure(
            work.connection, current.shop_id, product.reference, str(error), FIRST_PAUSE_SECONDS
        )


def _outcome(product: PictureProduct, item: OpenItem) -> ItemOutcome:
    """An item's outcome with its pictures counted, and a warning for each that cannot be shown."""
    entries = {entry.sha256: entry for entry in product.ledger}
    own = [entries[image.sha256] for image in distinct(item.images) if image.sha256 in entries]
    refusals = tuple(entry.refused for entry in own if entry.refused is not None)
    return item.outcome.model_copy(
        update={
            "images_processed": sum(entry.image_id is not None for entry in own),
            "warnings": (*item.outcome.warnings, *refusals),
        }
    )
