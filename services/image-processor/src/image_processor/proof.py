"""The proof after a pass: the covers of the products whose pictures it changed, read in one request."""

from collections.abc import Sequence

import structlog

from common.messages import Reason
from image_processor.outcomes import CoverProof
from image_processor.pass_context import Pass
from image_processor.plan import PictureProduct
from image_processor.store import pictures as store
from prestashop import ShopError, text_of

log = structlog.get_logger()


async def prove_covers(current: Pass, references: Sequence[str]) -> dict[str, CoverProof]:
    """What the shop shows first of those of the products whose pictures were changed and that have a cover.

    A shop that cannot be read proves nothing, and is no reason to hold the items back.
    """
    if not references:
        return {}
    kept = await store.load_products(current.database.pool, current.shop_id, references)
    changed = [product for product in kept.values() if product.changed and product.cover_id]
    if not changed:
        return {}
    try:
        nodes = await current.link.client.list(
            "products",
            display=("id", "id_default_image"),
            filters={"id": [product.presta_id for product in changed]},
        )
    except ShopError as error:
        log.warning("proof.failed", shop=current.shop_id, products=len(changed), cause=str(error))
        return {}
    covers = {text_of(node, "id"): text_of(node, "id_default_image") for node in nodes}
    return {product.reference: _judge(product, covers.get(str(product.presta_id))) for product in changed}


def _judge(product: PictureProduct, held: str | None) -> CoverProof:
    if held == str(product.cover_id):
        return CoverProof()
    log.warning("proof.gaps", reference=product.reference, fields=["images"])
    message = f"The shop's cover is picture {held or 'none'}; {product.cover_id} was written."
    return CoverProof(Reason(code="not_verified", field="images", message=message))
