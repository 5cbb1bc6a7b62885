"""The end of items: their product shows the desired pictures, and a warning for each that cannot be shown."""

import structlog

from image_processor.handlers import publish_finished
from image_processor.outcomes import CoverProof, outcome_of, with_cover
from image_processor.pass_context import Pass
from image_processor.plan import plan_pictures
from image_processor.store import pictures
from image_processor.store import settling as store

log = structlog.get_logger()


async def settle(current: Pass, reference: str, cover: CoverProof | None = None) -> None:
    """Settle the items of a product whose pictures stand; a change that came meanwhile keeps its open.

    `cover` is what the shop was found to show first, where it was asked.
    """
    async with current.fenced() as work:
        product = await pictures.lock_product(work.connection, current.shop_id, reference)
        if product is None or not plan_pictures(product).is_nothing:
            return
        items = await store.open_items_of(work.connection, current.shop_id, reference)
        settled = {item: with_cover(outcome_of(product, item.images, item.outcome), cover) for item in items}
        await store.settle_items(work.connection, current.shop_id, reference, settled)
        finished = await store.take_finished(work.connection, [item.chunk_id for item in items])
        publish_finished(work, finished)
    current.progressed([item.chunk_id for item in items])
    for outcome in settled.values():
        log.info("pictures.settled", reference=reference, pictures=outcome.images_processed)
