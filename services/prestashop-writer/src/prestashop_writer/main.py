"""Wires prestashop-writer."""

import os
import socket

from common.messages import ChunkValidated, ShopSnapshotWanted
from common.service import Runtime, run_service
from prestashop_writer.driver import ShopDriver
from prestashop_writer.handlers import Intake
from prestashop_writer.settings import WriterSettings


def main() -> None:
    """Run the service until it is told to stop."""
    run_service("prestashop-writer", WriterSettings, start)


async def start(runtime: Runtime[WriterSettings]) -> None:
    """One intake for all shops, one driver per shop."""
    owner = f"{socket.gethostname()}:{os.getpid()}"
    drivers = {
        shop.id: ShopDriver(shop, runtime.database, runtime.settings, owner)
        for shop in runtime.shops.by_id.values()
    }

    def wake(shop: str) -> None:
        if shop in drivers:
            drivers[shop].wake()

    def want_snapshot(wish: ShopSnapshotWanted) -> None:
        if wish.shop in drivers:
            drivers[wish.shop].want_snapshot(wish)

    intake = Intake(wake, want_snapshot)
    runtime.consume({ChunkValidated: intake.take_chunks, ShopSnapshotWanted: intake.take_snapshot_wishes})
    for driver in drivers.values():
        runtime.background(f"drive {driver.shop.id}", driver.run)
