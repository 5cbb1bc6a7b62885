"""What an item is told once its product stands as desired. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from common.messages import Intent, ItemOutcome, PictureWork, Reason, Result, VariantPictures
from prestashop_writer.admission import (
    product_deleted,
    product_not_found,
    quantity_ignored,
    variant_unknown,
)
from prestashop_writer.items import OpenItem
from prestashop_writer.merge import VARIANT_QUANTITY, said_of_variants
from prestashop_writer.plan import KeptProduct, Product, ProductPlan, has_variants


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
        without_pictures = replace(item, images=None, variant_images=None)
        if not existed:
            ended.append(refused_outcome(kept, without_pictures, product_not_found(item.reference)))
        elif item.intent is Intent.DELETE:
            outcome = _outcome(kept, item, Result.DELETED).model_copy(update={"presta_id": kept.deleted_id})
            images = item.images if kept.deleted_id is None else ()
            ended.append((replace(item, images=images, variant_images=None), outcome))
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


def with_pictures(item: OpenItem, outcome: ItemOutcome, product: Product) -> ItemOutcome | PictureWork:
    """How an item ends here: one whose change speaks of pictures goes on to the image-processor.

    A refused one does not, and neither do the pictures of a variant that the product does not have.
    """
    ids = {row["reference"]: row["id"] for row in product.variants or ()}
    shown = tuple(
        VariantPictures(reference=reference, presta_id=ids[reference], file_names=names)
        for reference, names in (item.variant_images or {}).items()
        if reference in ids
    )
    if outcome.reasons or (item.images is None and not shown):
        return outcome
    work = PictureWork(outcome=outcome, images=item.images or ())
    if item.images is None:
        work = work.model_copy(update={"keeps_images": True})
    return work.model_copy(update={"variants": shown}) if shown else work


def warnings_of(plan: ProductPlan, item: OpenItem) -> tuple[Reason, ...]:
    """What a change said of stock that the shop has no place for, unless something newer was said since."""
    said = [name for name, stamped in plan.product.desired.items() if stamped.sequence == item.sequence]
    warnings = []
    if has_variants(plan.product, plan.variants):
        of_product = {name.partition(".")[0] for name in said} & {"quantity", "warehouses"}
        warnings += [quantity_ignored(plan.product.reference, field) for field in sorted(of_product)]
    if plan.variants is not None:
        held = {row["reference"] for row in plan.product.variants or ()}
        warnings += [
            variant_unknown(reference, plan.product.reference)
            for field, reference, stamped in said_of_variants(plan.product.living)
            if field == VARIANT_QUANTITY and stamped.sequence == item.sequence and reference not in held
        ]
    return tuple(warnings)
