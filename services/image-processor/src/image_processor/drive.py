"""How a shop's pictures are brought to the desired lists: one pass over the products that are due.

Products are worked on side by side: while some wait for the shop, others are rendered.
"""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager

import structlog

from common.blobs import BlobsAway
from common.database.lease import Lease, LeaseLost
from common.messaging.envelope import context_of
from common.shop_driver import DATABASE_AWAY
from common.telemetry import tracer
from image_processor.pass_context import Pass, PassOver
from image_processor.plan import PictureProduct, plan_pictures
from image_processor.product_pictures import bring_pictures
from image_processor.proof import prove_covers
from image_processor.renderer import RendererEnded
from image_processor.settling import settle
from image_processor.store import pictures as store
from prestashop import ShopCrashed, ShopError, is_failure

log = structlog.get_logger()

AWAY = (ShopError, LeaseLost, *DATABASE_AWAY)
"""What ends a pass without being a bug of one product."""

FIRST_PAUSE_SECONDS = 1.0
BLIND_PAUSE_SECONDS = 10.0


async def drive(current: Pass, products: Sequence[PictureProduct]) -> None:
    """One pass. Raises `ShopError` when the shop is away, `LeaseLost` when another worker took over.

    Items are settled as their product is done; where the shop's owner wants proof, all at the end, so that
    one request reads all covers.
    """
    lanes = asyncio.Semaphore(current.link.shop.concurrency + current.settings.render_processes)
    to_prove: list[PictureProduct] = []

    async def one(product: PictureProduct) -> None:
        async with lanes:
            if current.over.is_set():
                return
            try:
                if await _drive_product(current, product) and current.link.shop.verify_writes:
                    to_prove.append(product)
            except PassOver:
                return
            except BaseException:
                current.over.set()
                raise

    # The longest first, so that no single product holds up the end of the pass.
    longest_first = sorted(products, key=lambda product: -len(plan_pictures(product).uploads))
    async with _kept(current.lease):
        results = await asyncio.gather(*(one(p) for p in longest_first), return_exceptions=True)
        errors = [result for result in results if isinstance(result, BaseException)]
        if not any(isinstance(error, AWAY) for error in errors):  # else what stands is proved another time
            await _prove_and_settle(current, to_prove)
    for error in errors:
        raise error


async def _prove_and_settle(current: Pass, products: Sequence[PictureProduct]) -> None:
    covers = await prove_covers(current, [product.reference for product in products])
    for product in products:
        with tracer.start_as_current_span("settle pictures", context=context_of(product.traceparent)):
            await settle(current, product.reference, covers.get(product.reference))


async def _drive_product(current: Pass, product: PictureProduct) -> bool:
    """Bring a product's pictures, and settle its items unless they wait for proof; True when they stand."""
    stands = False
    with tracer.start_as_current_span("drive pictures", context=context_of(product.traceparent)):
        try:
            stands = await bring_pictures(current, product)
            if stands and not current.link.shop.verify_writes:
                await settle(current, product.reference)
        except BlobsAway as error:
            await _pause(current, product, f"blob storage is away: {error}", BLIND_PAUSE_SECONDS)
        except RendererEnded as error:
            await _pause(current, product, f"pictures cannot be compared: {error}", BLIND_PAUSE_SECONDS)
        except ShopError as error:
            if isinstance(error, ShopCrashed) and error.reading:
                # Nothing was sent that could count against the product; it counts against the shop.
                await _pause(current, product, str(error), BLIND_PAUSE_SECONDS)
            elif is_failure(error) or not error.sent:
                raise
            else:
                await _pause(current, product, str(error), FIRST_PAUSE_SECONDS, counts=True)
    return stands


async def _pause(
    current: Pass, product: PictureProduct, cause: str, seconds: float, *, counts: bool = False
) -> None:
    """This product again later; after too many times that count, without the pictures that are missing."""
    log.warning("pictures.failed", reference=product.reference, cause=cause)
    async with current.fenced() as work:
        await store.pause(work.connection, current.shop_id, product.reference, cause, seconds)
        if counts:
            await store.count_attempt(work.connection, current.shop_id, product.reference)


@asynccontextmanager
async def _kept(lease: Lease) -> AsyncIterator[None]:
    """Keep the lease, also while pictures are rendered and nothing is asked of the shop."""
    keeper = asyncio.create_task(_keep(lease), name=f"keep lease {lease.shop}")
    try:
        yield
    finally:
        keeper.cancel()
        await asyncio.gather(keeper, return_exceptions=True)


async def _keep(lease: Lease) -> None:
    while True:
        await asyncio.sleep(lease.seconds / 4)
        try:
            await lease.ensure(lease.seconds * 3 / 4)
        except LeaseLost:
            return  # whoever writes next will hear it
        except DATABASE_AWAY:
            continue
