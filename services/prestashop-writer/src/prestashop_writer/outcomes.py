"""What an item is told once its product stands as desired. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from common.messages import Intent, ItemOutcome, Reason, Result
from prestashop_writer.admission import product_deleted, product_not_found
from prestashop_writer.items import OpenItem
from prestashop_writer.plan import KeptProduct


def settled_outcomes(kept: KeptProduct, items: Sequence[OpenItem]) -> list[tuple[OpenItem, ItemOutcome]]:
    """Outcomes of a product's open items, oldest change first.

    Of several items that one create contained, the first created the product and the others updated it; an
    item that no write contained changed nothing.
    """
    over = [item for item in items if item.sequence <= kept.product.deleted]
    settled = _ended_by_deletion(kept, over)
    for index, item in enumerate(items[len(over) :]):
        if kept.created_sequence is not None and item.sequence <= kept.created_sequence:
            result = Result.CREATED if index == 0 else Result.UPDATED
        elif item.sequence <= kept.changed_sequence:
            result = Result.UPDATED
        else:
            result = Result.UNCHANGED
        settled.append((item, _outcome(kept, item, result)))
    return settled


def _ended_by_deletion(kept: KeptProduct, items: Sequence[OpenItem]) -> list[tuple[OpenItem, ItemOutcome]]:
    """Outcomes of items that are not newer than the last deletion.

    Their pictures are not wanted any more; those that the product had go with the deletion.
    """
    ended = []
    existed = kept.deleted_id is not None
    for item in items:
        existed = existed or item.intent in {Intent.CREATE, Intent.UPSERT}
        without_pictures = replace(item, images=None)
        if not existed:
            ended.append(refused_outcome(kept, without_pictures, product_not_found(item.reference)))
        elif item.intent is Intent.DELETE:
            outcome = _outcome(kept, item, Result.DELETED).model_copy(update={"presta_id": kept.deleted_id})
            ended.append((item if kept.deleted_id is None else replace(item, images=()), outcome))
        else:
            outcome = _outcome(kept, item, Result.UNCHANGED)
            warnings = (product_deleted(item.reference),)
            ended.append((without_pictures, outcome.model_copy(update={"warnings": warnings})))
    return ended


def refused_outcome(kept: KeptProduct, item: OpenItem, reason: Reason) -> tuple[OpenItem, ItemOutcome]:
    """The outcome of an item that its shop, or the look-up in it, said no to."""
    outcome = _outcome(kept, item, Result.REFUSED)
    return item, outcome.model_copy(update={"reasons": (reason,), "technical_data_processed": 0})


def _outcome(kept: KeptProduct, item: OpenItem, result: Result) -> ItemOutcome:
    return ItemOutcome(
        position=item.position,
        sequence=item.sequence,
        intent=item.intent,
        result=result,
        reference=item.reference,
        product_id=item.product_id or kept.product.product_id,
        presta_id=kept.product.presta_id,
        technical_data_processed=item.technical_data,
    )
