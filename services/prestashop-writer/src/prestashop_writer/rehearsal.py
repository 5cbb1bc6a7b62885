"""Dry runs: what a chunk would do is found out by doing it, on a shop and tables that are not the real ones.

The chunk is taken in and brought by the very code that brings real ones. Its writes are answered by a
`RehearsedShop`, its records are made in a `ShadowDatabase`; both end with the rehearsal. What the chunk was
told at its end is published, with what would have become of the shop and the requests that it would have
cost.
"""

from copy import copy
from dataclasses import replace

import structlog

from common.database import shadow_database
from common.messages import ChunkCompleted, ChunkWritten, ItemOutcome
from common.messaging.envelope import Received, context_of, outgoing_envelope
from common.telemetry import tracer
from prestashop import FIRST_REHEARSED_ID, ShopRefusal, id_of
from prestashop_writer import store
from prestashop_writer.admission import rehearsal_failed
from prestashop_writer.drive import EXPECTED, drive
from prestashop_writer.handlers import Intake
from prestashop_writer.held_content import held_content
from prestashop_writer.pass_context import Pass, Turns
from prestashop_writer.plan import BRAND, Name
from prestashop_writer.planned_outcomes import Known, Told, brand_of, planned
from prestashop_writer.settling import settle_as_known
from prestashop_writer.store import DryRun
from prestashop_writer.target import Content, clean

log = structlog.get_logger()

MOST_VISITS = 20
"""How often, on average, a product of a rehearsal may be due: a bug must not keep its shop for ever."""


async def rehearse_next(current: Pass) -> bool:
    """Rehearse the chunk that waits longest. False when none does.

    Raises `ShopError` when the shop is away; the chunk then waits as real work does.
    """
    waiting = await store.next_dry_run(current.pool, current.shop_id)
    if waiting is None:
        return False
    with (
        tracer.start_as_current_span("rehearse chunk", context=context_of(waiting.traceparent)),
        structlog.contextvars.bound_contextvars(chunk_id=waiting.chunk_id, dry_run=True),
    ):
        told = await _told(current, waiting)
        async with current.fenced() as work:
            if told is None:
                pause = current.settings.first_pause_seconds
                await store.postpone_dry_run(work.connection, waiting.chunk_id, pause)
            else:
                await store.forget_dry_run(work.connection, waiting.chunk_id)
                work.publish(told, step=waiting.chunk_id, traceparent=waiting.traceparent)
    return True


async def _told(current: Pass, waiting: DryRun) -> Told | None:
    """What the chunk is told; None when it is to be tried again. A bug refuses it after some attempts."""
    attempts = waiting.attempts + 1
    try:
        told = await _rehearse(current, waiting)
    except EXPECTED:
        raise
    except Exception as error:
        log.exception("rehearsal.failed", shop=current.shop_id, attempts=attempts)
        return None if attempts < current.settings.attempts else _refused(waiting, error)
    log.info("chunk.rehearsed", shop=current.shop_id, items=len(waiting.message.changes))
    return told


def _refused(waiting: DryRun, error: Exception) -> ChunkCompleted:
    reason = rehearsal_failed(type(error).__name__, waiting.attempts + 1)
    message = waiting.message
    outcomes = [*message.outcomes, *(ItemOutcome.refused(change, reason) for change in message.changes)]
    return ChunkCompleted(
        chunk=message.chunk, outcomes=tuple(sorted(outcomes, key=lambda outcome: outcome.position))
    )


async def _rehearse(real: Pass, waiting: DryRun) -> Told:
    client = await real.client.rehearsal()
    async with shadow_database(real.settings, real.database.service, store.SHADOWED) as shadow:
        link = copy(real.link)
        link.client = client
        visits = MOST_VISITS * max(len(waiting.message.changes), 1)
        without_pauses = {"pass_products": visits, "first_pause_seconds": 0, "set_back_seconds": 0}
        settings = real.settings.model_copy(update=without_pauses)
        current = replace(
            real,
            link=link,
            database=shadow,
            settings=settings,
            turns=Turns(real.link.shop.concurrency),
            is_to_end=lambda: False,
        )
        await _take(current, waiting)
        before = await _known(current, waiting)
        await drive(current)
        await settle_as_known(current, await store.references_in_shadow(current.pool))
        after = await _known(current, waiting)
        (told,) = [message for message in shadow.told if isinstance(message, ChunkCompleted | ChunkWritten)]
    return planned(told, before, after, await _found(real, before, after), client.planned)


async def _take(current: Pass, waiting: DryRun) -> None:
    """Merge the chunk into what is known of its products, as any other."""
    changes = waiting.message.changes
    references = [change.reference for change in changes if change.reference is not None]
    presta_ids = [change.presta_id for change in changes if change.presta_id is not None]
    envelope = outgoing_envelope(waiting.message, current.database.service, traceparent=waiting.traceparent)
    intake = Intake(lambda _: None, lambda _: None)
    async with current.database.unit_of_work() as work:
        await store.fill_shadow(work.connection, current.shop_id, references, presta_ids)
        await intake.merge_chunks(work, [Received(waiting.message, envelope)])


async def _known(current: Pass, waiting: DryRun) -> Known:
    told = {clean(change.fields.brand.name) for change in waiting.message.changes if change.fields.brand}
    async with current.database.transaction() as connection:
        references = await store.references_in_shadow(connection)
        products = await store.load_products(connection, current.shop_id, references)
        brands = told | {brand_of(entry.product) for entry in products.values()}
        names = [Name(BRAND, brand) for brand in brands if brand]
        _, texts = await store.brand_texts(connection, current.shop_id, names)
    return Known(products, {brand.name: text.text for brand, text in texts.items()})


async def _found(real: Pass, before: Known, after: Known) -> dict[str, Content]:
    """What the shop holds of products that were not known to be there, by reference."""
    known = {reference for reference, entry in before.products.items() if entry.product.presta_id is not None}
    found = {
        entry.product.presta_id: reference
        for reference, entry in after.products.items()
        if reference not in known
        and entry.product.presta_id is not None
        and entry.product.presta_id < FIRST_REHEARSED_ID
    }
    if not found:
        return {}
    try:
        nodes = await real.client.list("products", filters={"id": [*found]})
    except ShopRefusal as refusal:  # PHP notices: a product without a picture is not shown in full
        log.info("rehearsal.not_shown", cause=str(refusal))
        return {}
    rows = await real.client.stock_rows(list(found))
    stocks = {row.product_id: row.quantity for row in rows if row.combination_id == 0}
    return {found[id_of(node)]: held_content(node, stocks.get(id_of(node)), real.profile) for node in nodes}
