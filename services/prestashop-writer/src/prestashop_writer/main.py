"""Wires prestashop-writer."""

from common.messages import ChunkValidated, ShopSnapshotWanted
from common.service import Runtime, run_service
from prestashop_writer.driver import WriterDriver
from prestashop_writer.handlers import Intake
from prestashop_writer.settings import WriterSettings


def main() -> None:
    """Run the service until it is told to stop."""
    run_service("prestashop-writer", WriterSettings, start)


async def start(runtime: Runtime[WriterSettings]) -> None:
    """One intake for all shops, one driver per shop."""
    shops = {
        shop.id: WriterDriver(shop, runtime.database, runtime.settings)
        for shop in runtime.shops.by_id.values()
    }

    def wake(shop: str) -> None:
        if shop in shops:
            shops[shop].driver.wake()

    def want_snapshot(wish: ShopSnapshotWanted) -> None:
        if wish.shop in shops:
            shops[wish.shop].want_snapshot(wish)

    intake = Intake(wake, want_snapshot)
    runtime.consume({ChunkValidated: intake.take_chunks, ShopSnapshotWanted: intake.take_snapshot_wishes})
    for shop_id, shop in shops.items():
        runtime.background(f"drive {shop_id}", shop.driver.run)
