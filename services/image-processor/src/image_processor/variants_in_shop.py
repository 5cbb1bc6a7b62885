"""Variants linked to the pictures that they are to show: all of a product in one request."""

from collections.abc import Mapping, Sequence

import structlog

from image_processor.pass_context import Pass
from image_processor.plan import PictureProduct, VariantLink, plan_pictures
from image_processor.store import late_writes
from image_processor.store import pictures as store
from prestashop import Node, Outcome, Refused, ShopMethodNotAllowed, Unknown

log = structlog.get_logger()

NO_SUCH_COMBINATION = 92


async def link_variants(current: Pass, product: PictureProduct) -> None:
    """Link the variants that are not known to show their pictures.

    What they show is in doubt until the answer is recorded: were a request lost that the shop has written,
    and the old pictures wanted again meanwhile, the shop would seem to show them. Raises `ShopError`.
    """
    links = plan_pictures(product).links
    if not links:
        return
    if product.attempts >= current.settings.attempts:
        failed = f"it failed {product.attempts} times; send it again later."
        await _record(current, product, dict.fromkeys(links, failed))
        return
    async with current.turn():
        async with current.fenced() as work:
            await store.doubt_links(work.connection, current.shop_id, product, links)
            await late_writes.expect_late_write(work.connection, current.shop_id, product, current.patience)
        outcomes = await current.link.client.modify("combinations", [_node(link) for link in links])
    answers = dict(zip(links, outcomes, strict=True))
    gone = [link for link, outcome in answers.items() if _is_gone(outcome)]
    await _forget(current, product, gone)
    ended = {link: outcome for link, outcome in answers.items() if link not in gone}
    known = {link: _refusal(outcome) for link, outcome in ended.items() if not _is_open(outcome)}
    await _record(current, product, known)
    for outcome in ended.values():
        if isinstance(outcome, Unknown) and _is_open(outcome):
            raise outcome.error
    async with current.fenced() as work:
        await late_writes.record_answer(work.connection, current.shop_id, product)


def _node(link: VariantLink) -> Node:
    images = [{"id": image_id} for image_id in link.image_ids]
    return {"id": link.variant.combination_id, "associations": {"images": images}}


def _is_gone(outcome: Outcome) -> bool:
    return isinstance(outcome, Refused) and outcome.code == NO_SUCH_COMBINATION


def _is_open(outcome: Outcome) -> bool:
    """Whether it may be, or become, written; a key that may not change variants will not write them."""
    return isinstance(outcome, Unknown) and not isinstance(outcome.error, ShopMethodNotAllowed)


def _refusal(outcome: Outcome) -> str | None:
    match outcome:
        case Refused(message=message):
            return message
        case Unknown(error):
            return str(error)
        case _:
            return None


async def _record(current: Pass, product: PictureProduct, answers: Mapping[VariantLink, str | None]) -> None:
    async with current.fenced() as work:
        await store.record_links(work.connection, current.shop_id, product, answers)
    linked = [link.variant.reference for link, refused in answers.items() if refused is None]
    log.info("variants.linked", reference=product.reference, variants=linked)
    for link, refused in answers.items():
        if refused is not None:
            reference = link.variant.reference
            log.warning("variant.refused", reference=product.reference, variant=reference, cause=refused)


async def _forget(current: Pass, product: PictureProduct, links: Sequence[VariantLink]) -> None:
    """Variants that the shop no longer has: whoever makes them anew will say what they show."""
    if not links:
        return
    async with current.fenced() as work:
        await store.forget_variants(work.connection, current.shop_id, product, links)
    variants = [link.variant.reference for link in links]
    log.info("variants.gone", reference=product.reference, variants=variants)
