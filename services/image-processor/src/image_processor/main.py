"""Wires image-processor."""

import asyncio
from datetime import timedelta

from common.database.lease import Lease
from common.messages import ChunkWritten, ShopSnapshot
from common.registered_shops.following import RegisteredShops
from common.service import Runtime, run_service
from common.shop_driver import LEASE_MARGIN_SECONDS, ShopDriver
from common.shop_drivers import ShopDrivers
from common.shop_link import ShopLink
from common.shops import ShopSettings
from image_processor.drive import drive
from image_processor.handlers import Intake
from image_processor.pass_context import Pass
from image_processor.preparing import Preparing
from image_processor.progress import Progress
from image_processor.render import RenderLimits
from image_processor.renderer import Renderer
from image_processor.settings import ImageSettings
from image_processor.store import late_writes
from image_processor.store import pictures as store
from image_processor.store.intake import drop_open_work

IMAGE_TIMEOUT_FACTOR = 3  # the client gives an upload three times the time of another request


def main() -> None:
    """Run the service until it is told to stop."""
    run_service("image-processor", ImageSettings, start)


async def start(runtime: Runtime[ImageSettings]) -> None:
    """One intake for all shops, one driver per shop, one pool of renderers."""
    settings, database = runtime.settings, runtime.database
    renderer = Renderer(
        settings.render_processes, settings.render_memory_bytes, settings.render_timeout_seconds
    )
    preparing = Preparing(runtime.blobs, renderer)
    progress = Progress(database, runtime.broker, settings.progress_seconds)

    async def drive_pass(driver: ShopDriver, link: ShopLink, lease: Lease) -> bool:
        shop = link.shop
        async with database.transaction() as connection:
            await lease.check(connection)
            await late_writes.repeat_what_may_be_undone(connection, shop.id)
        products = await store.due_products(database.pool, shop.id, settings.pass_products)
        if not products or driver.is_stopping:
            return False
        now, limit_bytes = await store.time_and_image_bytes(database.pool, shop.id)
        over = asyncio.Event()
        ending = asyncio.create_task(_set_when(driver.stopping, over))
        try:
            await drive(
                Pass(
                    link=link,
                    lease=lease,
                    database=database,
                    preparing=preparing,
                    settings=settings,
                    limits=RenderLimits(shop_limit_bytes=limit_bytes) if limit_bytes else RenderLimits(),
                    now=now,
                    over=over,
                    sending=asyncio.Semaphore(shop.concurrency),
                    progressed=progress.moved,
                ),
                products,
            )
        finally:
            ending.cancel()
        return True

    def driver_of(shop: ShopSettings) -> ShopDriver:
        longest_request_seconds = shop.request_timeout_seconds * IMAGE_TIMEOUT_FACTOR
        lease_seconds = max(settings.lease_seconds, longest_request_seconds + 2 * LEASE_MARGIN_SECONDS)
        patience = timedelta(seconds=shop.late_commit_seconds + lease_seconds)

        async def restart_waits() -> None:
            async with database.transaction() as connection:
                await store.restart_unanswered_uploads(connection, shop.id)
                await late_writes.restart_waits(connection, shop.id, patience)

        async def drive_this(link: ShopLink, lease: Lease) -> bool:
            return await drive_pass(driver, link, lease)

        driver = ShopDriver(
            shop,
            "image-processor",
            database,
            drive_this,
            lease_seconds=lease_seconds,
            idle_seconds=settings.idle_seconds,
            longest_request_seconds=longest_request_seconds,
            on_outage=restart_waits,
        )
        return driver

    def is_proved(shop: str) -> bool:
        known = runtime.shops.by_id.get(shop)
        return known is not None and known.verify_writes

    registered = RegisteredShops(database, runtime.shops, settings, drop_open_work)
    await registered.refresh()
    drivers = ShopDrivers(runtime.shops, driver_of)
    intake = Intake(drivers.wake, is_proved)
    runtime.consume(
        {
            ChunkWritten: intake.take_chunks,
            ShopSnapshot: intake.take_snapshots,
            **registered.handlers(),
        }
    )
    runtime.background("registered shops", registered.run)
    runtime.background("drive shops", drivers.run)
    runtime.background("tell progress", progress.run)
    runtime.background("warm up renderers", lambda _: renderer.warm_up())

    async def close_renderer() -> None:
        renderer.close()

    runtime.on_stop.append(close_renderer)


async def _set_when(stopping: asyncio.Event, over: asyncio.Event) -> None:
    await stopping.wait()
    over.set()
