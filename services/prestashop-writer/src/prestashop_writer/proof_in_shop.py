"""Products and stocks read back after they were written: a request each for all of a lot."""

from collections.abc import Mapping, Sequence

import structlog

from prestashop import Node, ShopError, ShopRefusal, text_of
from prestashop_writer import store
from prestashop_writer.pass_context import Pass
from prestashop_writer.plan import KeptProduct
from prestashop_writer.proof import CATEGORIES, PLAIN_FIELDS, Expected, Found, Proof, expected_after, prove

log = structlog.get_logger()


async def prove_writes(current: Pass, before: Mapping[str, KeptProduct]) -> dict[str, Proof]:
    """What the shop holds of the products of a lot, `before` its writes, that were written since.

    Nothing is read where the shop's `verify_writes` is off, or where nothing was written. A shop that cannot
    be read proves nothing, and is no reason to hold back the items of what was written.
    """
    if not current.link.shop.verify_writes:
        return {}
    async with current.database.transaction() as connection:
        now = await store.load_products(connection, current.shop_id, before)
    expected = {
        reference: one
        for reference, entry in now.items()
        if (one := expected_after(before[reference].product, entry.product, current.profile))
    }
    try:
        found = await _read(current, list(expected.values()))
    except ShopError as error:
        log.warning("proof.failed", shop=current.shop_id, products=len(expected), cause=str(error))
        return {}
    proofs = {reference: prove(one, found) for reference, one in expected.items()}
    for reference, proof in proofs.items():
        if proof.gaps:
            log.warning("proof.gaps", reference=reference, fields=[gap.field for gap in proof.gaps])
    return proofs


async def _read(current: Pass, expected: Sequence[Expected]) -> Found:
    whole = [one for one in expected if one.content]
    stock_ids = [stock.id for one in expected for stock in one.stocks]
    products, shows_categories = await _products(current, whole) if whole else ([], True)
    rows = await _list(current, "stock_availables", ("quantity",), stock_ids) if stock_ids else []
    return Found(
        products={text_of(node, "id"): node for node in products},
        quantities={text_of(row, "id"): text_of(row, "quantity") for row in rows},
        shows_categories=shows_categories,
    )


async def _products(current: Pass, expected: Sequence[Expected]) -> tuple[list[Node], bool]:
    """The products, and whether with their categories: those the shop shows beside all fields only.

    With PHP notices on, PrestaShop 1.7.8.11 answers 500 to all fields of a product without a picture.
    """
    ids = [one.presta_id for one in expected]
    if any(CATEGORIES in one.content for one in expected):
        try:
            return await current.client.list("products", filters={"id": ids}), True
        except ShopRefusal as refusal:
            if not refusal.from_php:
                raise
    return await _list(current, "products", tuple(PLAIN_FIELDS), ids), False


async def _list(current: Pass, resource: str, fields: Sequence[str], ids: Sequence[int]) -> list[Node]:
    return await current.client.list(resource, display=("id", *fields), filters={"id": list(ids)})
