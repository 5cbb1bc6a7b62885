"""Products that were named by the shop's id alone: the shop is asked for their references."""

from collections.abc import Mapping

import structlog

from common.messages import ItemOutcome, ProductChange
from prestashop import id_of, text_of
from prestashop_writer import store
from prestashop_writer.admission import product_unknown, product_without_reference
from prestashop_writer.handlers import complete_without_open_items, merge_changes
from prestashop_writer.pass_context import Pass

log = structlog.get_logger()

IDS_PER_REQUEST = 50


async def address_changes(current: Pass) -> None:
    """Merge the changes of such products, or refuse them where the shop has none with the id."""
    while ids := await store.unaddressed_ids(current.pool, current.shop_id, IDS_PER_REQUEST):
        nodes = await current.client.list(
            "products", display=("id", "reference"), filters={"id": [str(presta_id) for presta_id in ids]}
        )
        references = {id_of(node): text_of(node, "reference") for node in nodes}
        async with current.fenced() as work:
            await store.lock_intake(work.connection, current.shop_id)
            changes = await store.take_unaddressed(work.connection, current.shop_id, ids)
            named = [(chunk, _named(change, references)) for chunk, change in changes]
            outcomes = [
                (chunk.chunk_id, _refused(change, references))
                for chunk, change in named
                if not change.reference
            ]
            found = [pair for pair in named if pair[1].reference]
            outcomes += await merge_changes(work.connection, current.shop_id, found)
            await store.add_outcomes(work.connection, outcomes)
            await complete_without_open_items(work, list({chunk.chunk_id for chunk, _ in changes}))
        log.info("products.addressed", shop=current.shop_id, changes=len(changes), refused=len(outcomes))


def _named(change: ProductChange, references: Mapping[int, str]) -> ProductChange:
    return change.model_copy(update={"reference": references.get(change.presta_id or 0)})


def _refused(change: ProductChange, references: Mapping[int, str]) -> ItemOutcome:
    is_there = change.presta_id in references
    reason = (product_without_reference if is_there else product_unknown)(change.presta_id)
    return ItemOutcome.refused(change, reason)
