"""What an item is told once its product stands as desired. Pure."""

from collections.abc import Sequence

from common.messages import ItemOutcome, Reason, Result
from prestashop_writer.items import OpenItem
from prestashop_writer.plan import KeptProduct


def settled_outcomes(kept: KeptProduct, items: Sequence[OpenItem]) -> list[tuple[OpenItem, ItemOutcome]]:
    """Outcomes of a product's open items, oldest change first.

    Of several items that one create contained, the first created the product and the others updated it; an
    item that no write contained changed nothing.
    """
    settled = []
    for index, item in enumerate(items):
        if kept.created_sequence is not None and item.sequence <= kept.created_sequence:
            result = Result.CREATED if index == 0 else Result.UPDATED
        elif item.sequence <= kept.changed_sequence:
            result = Result.UPDATED
        else:
            result = Result.UNCHANGED
        settled.append((item, _outcome(kept, item, result)))
    return settled


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
