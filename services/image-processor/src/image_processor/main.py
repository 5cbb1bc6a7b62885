"""Wires image-processor."""

from common.database.lease import Lease
from common.messages import ChunkWritten, ShopSnapshot
from common.service import Runtime, run_service
from common.shop_driver import ShopDriver
from common.shop_link import ShopLink
from common.shops import ShopSettings
from image_processor import store
from image_processor.drive import DEFAULT_LIMIT_BYTES, Pass, drive
from image_processor.handlers import Intake
from image_processor.renderer import Renderer
from image_processor.settings import ImageSettings

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

    async def drive_pass(link: ShopLink, lease: Lease) -> bool:
        limit = await store.shop_image_bytes(database.pool, link.shop.id)
        return await drive(
            Pass(
                link=link,
                lease=lease,
                database=database,
                blobs=runtime.blobs,
                renderer=renderer,
                settings=settings,
                limit_bytes=limit or DEFAULT_LIMIT_BYTES,
                now=await database.pool.fetchval("select now()"),
            )
        )

    def driver_of(shop: ShopSettings) -> ShopDriver:
        async def after_recovery() -> None:
            async with database.transaction() as connection:
                await store.restart_unanswered_uploads(connection, shop.id)

        return ShopDriver(
            shop,
            "image-processor",
            database,
            drive_pass,
            lease_seconds=settings.lease_seconds,
            idle_seconds=settings.idle_seconds,
            longest_request_seconds=shop.request_timeout_seconds * IMAGE_TIMEOUT_FACTOR,
            on_recovered=after_recovery,
        )

    drivers = {shop.id: driver_of(shop) for shop in runtime.shops.by_id.values()}

    def wake(shop: str) -> None:
        if shop in drivers:
            drivers[shop].wake()

    intake = Intake(wake)
    runtime.consume({ChunkWritten: intake.take_chunks, ShopSnapshot: intake.take_snapshots})
    for shop_id, driver in drivers.items():
        runtime.background(f"drive {shop_id}", driver.run)

    async def close_renderer() -> None:
        renderer.close()

    runtime.on_stop.append(close_renderer)
