"""The end of items: their product shows the desired pictures, and a warning for each that cannot be shown."""

import structlog

from common.messages import ItemOutcome, Reason, Result
from image_processor.handlers import publish_finished
from image_processor.pass_context import Pass
from image_processor.plan import PictureProduct, distinct, plan_pictures
from image_processor.store import pictures
from image_processor.store import settling as store
from image_processor.store.settling import OpenItem

log = structlog.get_logger()


async def settle(current: Pass, reference: str) -> None:
    """Settle the items of a product whose pictures stand; a change that came meanwhile keeps its open."""
    async with current.fenced() as work:
        product = await pictures.lock_product(work.connection, current.shop_id, reference)
        if product is None or not plan_pictures(product).is_nothing:
            return
        items = await store.open_items_of(work.connection, current.shop_id, reference)
        settled = {item: outcome_of(product, item) for item in items}
        await store.settle_items(work.connection, current.shop_id, reference, settled)
        finished = await store.take_finished(work.connection, [item.chunk_id for item in items])
        publish_finished(work, finished)
    current.progressed([item.chunk_id for item in items])
    for outcome in settled.values():
        log.info("pictures.settled", reference=reference, pictures=outcome.images_processed)


def outcome_of(product: PictureProduct, item: OpenItem) -> ItemOutcome:
    """An item's outcome with its pictures counted, and a warning for each that cannot be shown."""
    entries = {entry.sha256: entry for entry in product.ledger}
    own = [entries[image.sha256] for image in distinct(item.images) if image.sha256 in entries]
    refused = {entry.sha256: entry.refused for entry in own if entry.refused is not None}
    warnings = [
        Reason(code=reason.code, field=f"images[{number}]", message=f"{image.file_name}: {reason.message}")
        for number, image in enumerate(item.images)
        if (reason := refused.pop(image.sha256, None)) is not None
    ]
    changed = product.changed and item.outcome.result is Result.UNCHANGED
    return item.outcome.model_copy(
        update={
            "result": Result.UPDATED if changed else item.outcome.result,
            "images_processed": sum(entry.image_id is not None for entry in own),
            "warnings": (*item.outcome.warnings, *warnings),
        }
    )
