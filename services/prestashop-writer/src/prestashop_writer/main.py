"""Wires prestashop-writer."""

from common.messages import ChunkValidated, ShopSnapshotWanted
from common.registered_shops.following import RegisteredShops
from common.service import Runtime, run_service
from common.shop_drivers import ShopDrivers
from prestashop_writer import store
from prestashop_writer.driver import WriterDriver
from prestashop_writer.handlers import Intake
from prestashop_writer.routes import internal_routes
from prestashop_writer.settings import WriterSettings


def main() -> None:
    """Run the service until it is told to stop."""
    run_service("prestashop-writer", WriterSettings, start)


async def start(runtime: Runtime[WriterSettings]) -> None:
    """One intake for all shops, one driver per shop."""
    registered = RegisteredShops(runtime.database, runtime.shops, runtime.settings, store.drop_open_work)
    await registered.refresh()
    drivers = ShopDrivers(runtime.shops, lambda shop: WriterDriver(shop, runtime.database, runtime.settings))

    def want_snapshot(wish: ShopSnapshotWanted) -> None:
        if wish.shop in drivers.by_shop:
            drivers.by_shop[wish.shop].want_snapshot(wish)

    intake = Intake(drivers.wake, want_snapshot)
    runtime.consume(
        {
            ChunkValidated: intake.take_chunks,
            ShopSnapshotWanted: intake.take_snapshot_wishes,
            **registered.handlers(),
        }
    )
    runtime.routes(internal_routes(runtime.settings, runtime.shops))
    runtime.background("registered shops", registered.run)
    runtime.background("drive shops", drivers.run)
